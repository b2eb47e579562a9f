"""Every question the operations ask of a store, as data; a store keeps each answer ready.

An index groups entities of one kind by `key` (None: not in the index) and orders a group by
(`order`, id). Adding a question is adding a line here: no store has code of its own for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from mock_server.domain.entities import (
    Delivery,
    Encoder,
    Entity,
    Participant,
    Preset,
    RefreshToken,
    Room,
    Session,
    User,
)
from mock_server.storage.runs import SIZES

E = TypeVar("E", bound=Entity)
EVERYTHING = ""


def _created_at(entity: Entity) -> datetime:
    return entity.created_at


@dataclass(frozen=True, slots=True)
class Index(Generic[E]):
    """Describe a grouping of one kind of entity; `name` is stable, stores persist it.

    A group of a `small` index holds a handful of entities: a store may count it by reading it.
    """

    name: str
    kind: type[E]
    key: Callable[[E], str | None]
    order: Callable[[E], datetime] = _created_at
    small: bool = False


def _preset_owner(preset: Preset) -> str | None:
    return None if preset.deleted_at else preset.user_id


def _live_room(session: Session) -> str | None:
    return session.room_id if session.state == "live" else None


def _open_preset(session: Session) -> str | None:
    return None if session.state == "ended" else session.preset_id


def _with_deadline(session: Session) -> str | None:
    waits = session.state == "scheduled" and session.scheduled_start_time
    return EVERYTHING if waits else None


def _scheduled_start(session: Session) -> datetime:
    return session.scheduled_start_time or session.created_at


def _with_turn(encoder: Encoder) -> str | None:
    return EVERYTHING if encoder.next else None


def _next_turn(encoder: Encoder) -> datetime:
    return encoder.next or encoder.created_at


USER_BY_EMAIL = Index("user_by_email", User, lambda user: user.email.casefold(), small=True)
PRESETS_OF_USER = Index("presets_of_user", Preset, _preset_owner)
ROOMS = Index("rooms", Room, lambda _: EVERYTHING)
ROOMS_OF_HOST = Index("rooms_of_host", Room, lambda room: room.host_id)
SESSIONS = Index("sessions", Session, lambda _: EVERYTHING)
SESSIONS_BY_STATE = Index("sessions_by_state", Session, lambda session: session.state)
SESSIONS_OF_ROOM = Index("sessions_of_room", Session, lambda session: session.room_id)
LIVE_SESSION_OF_ROOM = Index("live_session_of_room", Session, _live_room, small=True)
OPEN_SESSIONS_OF_PRESET = Index("open_sessions_of_preset", Session, _open_preset)
SESSIONS_BY_START = Index("sessions_by_start", Session, _with_deadline, _scheduled_start)
SESSION_BY_STREAM_KEY = Index(
    "session_by_stream_key", Session, lambda session: session.stream_key, small=True
)
PARTICIPANTS_OF_SESSION = Index(
    "participants_of_session", Participant, lambda participant: participant.session_id
)
TOKENS_OF_SIGN_IN = Index(
    "tokens_of_sign_in", RefreshToken, lambda token: token.sign_in_id, small=True
)
ENCODERS_BY_TURN = Index("encoders_by_turn", Encoder, _with_turn, _next_turn)
DELIVERIES = Index("deliveries", Delivery, lambda _: EVERYTHING)

INDEXES: tuple[
    Index[User]
    | Index[Preset]
    | Index[Room]
    | Index[Session]
    | Index[Participant]
    | Index[RefreshToken]
    | Index[Encoder]
    | Index[Delivery],
    ...,
] = (
    USER_BY_EMAIL,
    PRESETS_OF_USER,
    ROOMS,
    ROOMS_OF_HOST,
    SESSIONS,
    SESSIONS_BY_STATE,
    SESSIONS_OF_ROOM,
    LIVE_SESSION_OF_ROOM,
    OPEN_SESSIONS_OF_PRESET,
    SESSIONS_BY_START,
    SESSION_BY_STREAM_KEY,
    PARTICIPANTS_OF_SESSION,
    TOKENS_OF_SIGN_IN,
    ENCODERS_BY_TURN,
    DELIVERIES,
)
# Which entries and counts a kept store holds; one with others would answer with holes.
FINGERPRINT = " ".join(
    [
        *sorted(
            f"{index.kind.__name__}.{index.name}{'' if index.small else '+count'}"
            for index in INDEXES
        ),
        f"runs={','.join(map(str, SIZES))}",
    ]
)

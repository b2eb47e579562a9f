"""How entities look on the wire: the schemas of the contract, as dicts of JSON values.

A value that is not known yet is absent, never null.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from mock_server.domain.entities import Entity, Preset, Room, Session, Status, User
from mock_server.domain.lifecycle import observe
from mock_server.domain.sessions import effective_join_limit
from mock_server.env import Call
from mock_server.media.audience import Audience, audience
from mock_server.media.ingress import Addresses
from mock_server.storage.indexes import LIVE_SESSION_OF_ROOM, PARTICIPANTS_OF_SESSION, Index

View = dict[str, Any]
E = TypeVar("E", bound=Entity)
_WITHOUT_OFFSET = -len("+00:00")
_NOBODY = Audience(viewers=0, peak=0)


def date_time(value: datetime) -> str:
    """Return RFC 3339 in UTC with microseconds where there are any."""
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return f"{value.isoformat()[:_WITHOUT_OFFSET]}Z"


def present(**values: Any) -> View:
    """Return what is not None, times as `date_time` has them."""
    return {
        name: date_time(value) if isinstance(value, datetime) else value
        for name, value in values.items()
        if value is not None
    }


def user_view(user: User) -> View:
    """Return a UserResponse."""
    return {
        "id": user.id,
        "external_user_id": user.external_user_id,
        "organization_id": user.organization_id,
        "email": user.email,
        "username": user.username,
        "role": user.role,
        "is_active": user.is_active,
        "created_at": date_time(user.created_at),
    }


def preset_view(preset: Preset) -> View:
    """Return a PresetResponse."""
    return {
        "id": preset.id,
        "user_id": preset.user_id,
        "library_id": preset.library_id,
        "name": preset.name,
        "type": preset.type,
        **preset.settings,
        "created_at": date_time(preset.created_at),
        "updated_at": date_time(preset.updated_at),
    }


def room_view(call: Call, room: Room) -> View:
    """Return a RoomResponse; `active_session_id` is the room's live session."""
    host = call.tx.get(User, room.host_id)
    live = call.tx.first(LIVE_SESSION_OF_ROOM, room.id)
    assert host is not None, f"room {room.id} has no host"
    live_id = live.id if live else None
    shown = call.env.remembered.once(f"user/{host.id}", user_view, host)
    return call.env.remembered.once(f"room/{room.id}", _room, room, shown, live_id)


def _room(room: Room, host: View, live_id: str | None) -> View:
    return {
        "id": room.id,
        "host_id": room.host_id,
        "host": host,
        "library_id": room.library_id,
        "title": room.title,
        **present(
            description=room.description,
            analytics=room.analytics,
            active_session_id=live_id,
        ),
        "created_at": date_time(room.created_at),
        "updated_at": date_time(room.updated_at),
    }


def session_view(call: Call, session: Session) -> View:
    """Return a SessionResponse as of the call's time."""
    room = call.tx.get(Room, session.room_id)
    preset = call.tx.get(Preset, session.preset_id)
    assert room is not None, f"session {session.id} has no room"
    assert preset is not None, f"session {session.id} has no preset"
    parts = session, preset, room_view(call, room)
    moment = observe(session, call.now), crowd_of(call, session)
    return call.env.remembered.once(
        f"session/{session.id}", _session, parts, moment, call.addresses
    )


def _session(
    parts: tuple[Session, Preset, View], moment: tuple[Status, Audience], addresses: Addresses
) -> View:
    session, preset, room = parts
    status, crowd = moment
    settings = preset.settings
    chat, stage = session.chat_enabled_override, session.stage_enabled_override
    return {
        "id": session.id,
        "room_id": session.room_id,
        "room": room,
        "preset": preset_view(preset),
        "title": session.title,
        **present(description=session.description),
        "status": status,
        "mode": session.mode,
        **present(
            scheduled_start_time=session.scheduled_start_time,
            started_at=session.started_at,
            ended_at=session.ended_at,
            duration=_duration(session),
        ),
        "viewer_count": crowd.viewers if session.ended_at is None else 0,
        "max_viewers": crowd.peak,
        "recording_enabled": settings["recording_enabled"],
        **present(
            hls_url=addresses.hls_url(session.id) if session.broadcast_at else None,
            chat_enabled_override=chat,
            stage_enabled_override=stage,
            max_join_limit_override=session.max_join_limit_override,
        ),
        "effective_chat_enabled": settings["chat_enabled"] if chat is None else chat,
        "effective_stage_enabled": settings["stage_enabled"] if stage is None else stage,
        "effective_max_join_limit": effective_join_limit(session, preset),
        "created_at": date_time(session.created_at),
        "updated_at": date_time(session.updated_at),
    }


def _duration(session: Session) -> int | None:
    if session.started_at is None or session.ended_at is None:
        return None
    lasted = session.ended_at - session.started_at
    return lasted.days * 86_400 + lasted.seconds


def crowd_of(call: Call, session: Session) -> Audience:
    """Return who watches a session as of the call's time."""
    if session.started_at is None:
        return _NOBODY
    # People are counted once a second: a count that moves faster than that tells nobody more.
    moment = session.ended_at or call.now.replace(microsecond=0)
    joined = call.tx.count(PARTICIPANTS_OF_SESSION, session.id)
    return call.env.remembered.once(
        f"crowd/{session.id}", _audience, call.env.seed, session, joined, moment
    )


def _audience(seed: int, session: Session, joined: int, moment: datetime) -> Audience:
    assert session.started_at is not None, "nobody comes before the start"
    return audience(
        seed=seed,
        session_id=session.id,
        seats=session.seats,
        joined=joined,
        since=session.started_at,
        until_or_now=max(session.started_at, moment),
        size=session.audience,
        on_air=session.broadcast_at is not None,
        shape=session.shape,
        shaped_at=session.shaped_at,
    )


def page_view(
    call: Call, name: str, index: Index[E], key: str, view: Callable[[Call, E], View]
) -> View:
    """Return one page of a list: `{<name>, total, page, limit}`, newest first."""
    page, limit = call.query["page"], call.query["limit"]
    rows = call.tx.page(index, key, offset=(page - 1) * limit, limit=limit)
    return {
        name: [view(call, row) for row in rows],
        "total": call.tx.count(index, key),
        "page": page,
        "limit": limit,
    }

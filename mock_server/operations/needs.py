"""What each operation will use of a store, known from its path, body and caller's id alone.

Entities and numbers are hints. Locks are not: an operation here promises that what it checks and
changes is kept still by its locks; one that is not here has the whole store to itself.

- Whatever changes a session, or counts the people in it, locks its room: so do a start in another
  session of the room and the room's removal.
- A session is made under a shared lock of its room and of its preset, which stay meanwhile; many
  may be made at once. Who removes or changes a room or a preset locks it alone.
- What can be spent once, a refresh token or a code, is locked by its text.
- What is only made (a room, a preset, a viewer, a sign-in) meets nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mock_server.domain.entities import (
    AuthCode,
    DeviceToken,
    Encoder,
    Participant,
    Preset,
    RefreshToken,
    Room,
    Session,
)
from mock_server.http.operation import NeedsOf
from mock_server.storage.protocol import Lock, Needs


def _of_session(*, numbers: int = 0) -> NeedsOf:
    return lambda session_id, *_: Needs(
        locks=(Lock(Room, session_id, of=Session),),
        entities=((Session, session_id),),
        numbers=numbers,
    )


def _of_broadcast(*, numbers: int = 0) -> NeedsOf:
    """Return what an operation needs that a broadcast may begin or end with: its encoder too."""
    return lambda session_id, *_: Needs(
        locks=(Lock(Room, session_id, of=Session),),
        entities=((Session, session_id), (Encoder, session_id)),
        numbers=numbers,
    )


def _of(kind: type[Any]) -> NeedsOf:
    return lambda entity_id, *_: Needs(
        locks=(Lock(kind, entity_id),), entities=((kind, entity_id),)
    )


def _reading(kind: type[Any]) -> NeedsOf:
    return lambda entity_id, *_: Needs(entities=((kind, entity_id),))


def _making(numbers: int) -> NeedsOf:
    return lambda *_: Needs(numbers=numbers)


def _spending(kind: type[Any], field: str, *, numbers: int) -> NeedsOf:
    def needs(_: str, body: Mapping[str, Any], __: str) -> Needs:
        token = body[field]
        return Needs(locks=(Lock(kind, token),), entities=((kind, token),), numbers=numbers)

    return needs


def _of_health(session_id: str, *_: object) -> Needs:
    return Needs(entities=((Session, session_id), (Encoder, session_id)))


def _of_joining(session_id: str, _: Mapping[str, Any], caller_id: str) -> Needs:
    place = f"{session_id}/{caller_id}"
    return Needs(
        locks=(Lock(Room, session_id, of=Session),),
        entities=((Session, session_id), (Participant, place)),
        numbers=1,
    )


def _of_new_session(room_id: str, body: Mapping[str, Any], _: str) -> Needs:
    preset_id = body["preset_id"].lower()
    return Needs(
        locks=(Lock(Room, room_id, shared=True), Lock(Preset, preset_id, shared=True)),
        entities=((Room, room_id), (Preset, preset_id)),
        numbers=1,
    )


def _of_device_login(_: str, body: Mapping[str, Any], __: str) -> Needs:
    return Needs(entities=((DeviceToken, body["device_token"]),), numbers=2)


def _of_new_code(_: str, body: Mapping[str, Any], __: str) -> Needs:
    return Needs(entities=((Session, body["session_id"].lower()),), numbers=1)


NEEDS: Mapping[str, NeedsOf] = MappingProxyType(
    {
        "start_session": _of_session(numbers=1),
        "go_live": _of_broadcast(numbers=1),
        "join_session": _of_joining,
        "ensure_hls_egress": _of_broadcast(),
        "start_webcam_hls": _of_broadcast(),
        "end_session": _of_broadcast(),
        "reschedule_session": _of_session(),
        "update_session_settings": _of_session(),
        "host_video_state": _of_session(),
        "host_audio_state": _of_session(),
        "delete_session": _of_session(),
        "monitor_session": _reading(Session),
        "stream_health": _of_health,
        "set_encoder": _of_broadcast(),
        "get_encoder": _of_health,
        "get_session": _reading(Session),
        "create_session": _of_new_session,
        "create_room": _making(1),
        "get_room": _reading(Room),
        "list_room_sessions": _reading(Room),
        "update_room": _of(Room),
        "delete_room": _of(Room),
        "create_preset": _making(1),
        "get_preset": _reading(Preset),
        "update_preset": _of(Preset),
        "delete_preset": _of(Preset),
        "login": _making(2),
        "register_viewer": _making(3),
        "device_login": _of_device_login,
        "refresh_tokens": _spending(RefreshToken, "refresh_token", numbers=1),
        "logout": _spending(RefreshToken, "refresh_token", numbers=0),
        "create_auth_code": _of_new_code,
        "exchange_auth_code": _spending(AuthCode, "code", numbers=2),
    }
)

"""How entities look on the wire: the schemas of the contract, as dicts of JSON values.

A value that is not known yet is absent, never null.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from mock_server.domain.entities import Entity, Preset, Room, Session, User
from mock_server.domain.lifecycle import observe
from mock_server.domain.sessions import effective_join_limit
from mock_server.env import Call
from mock_server.media.audience import audience
from mock_server.storage.indexes import LIVE_SESSION_OF_ROOM, PARTICIPANTS_OF_SESSION, Index

View = dict[str, Any]
E = TypeVar("E", bound=Entity)


def date_time(value: datetime) -> str:
    """Return RFC 3339 in UTC with microseconds where there are any."""
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def _present(**values: Any) -> View:
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
    return {
        "id": room.id,
        "host_id": room.host_id,
        "host": user_view(host),
        "library_id": room.library_id,
        "title": room.title,
        **_present(
            description=room.description,
            analytics=room.analytics,
            active_session_id=live.id if live else None,
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
    settings = preset.settings
    chat, stage = session.chat_enabled_override, session.stage_enabled_override
    return {
        "id": session.id,
        "room_id": session.room_id,
        "room": room_view(call, room),
        "preset": preset_view(preset),
        "title": session.title,
        "status": observe(session, call.now),
        "mode": session.mode,
        **_present(
            description=session.description,
            scheduled_start_time=session.scheduled_start_time,
            chat_enabled_override=chat,
            stage_enabled_override=stage,
            max_join_limit_override=session.max_join_limit_override,
        ),
        **_progress(call, session),
        "recording_enabled": settings["recording_enabled"],
        "effective_chat_enabled": settings["chat_enabled"] if chat is None else chat,
        "effective_stage_enabled": settings["stage_enabled"] if stage is None else stage,
        "effective_max_join_limit": effective_join_limit(session, preset),
        "created_at": date_time(session.created_at),
        "updated_at": date_time(session.updated_at),
    }


def _progress(call: Call, session: Session) -> View:
    if session.started_at is None:
        return {"viewer_count": 0, "max_viewers": 0}
    crowd = audience(
        seed=call.env.seed,
        session_id=session.id,
        seats=session.seats,
        joined=call.tx.count(PARTICIPANTS_OF_SESSION, session.id),
        since=session.started_at,
        until_or_now=session.ended_at or call.now,
    )
    progress = {
        "started_at": date_time(session.started_at),
        "viewer_count": crowd.viewers if session.ended_at is None else 0,
        "max_viewers": crowd.peak,
    }
    if session.broadcast_at is not None:
        progress["hls_url"] = call.addresses.hls_url(session.id)
    if session.ended_at is not None:
        lasted = session.ended_at - session.started_at
        progress |= {
            "ended_at": date_time(session.ended_at),
            "duration": lasted.days * 86_400 + lasted.seconds,
        }
    return progress


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

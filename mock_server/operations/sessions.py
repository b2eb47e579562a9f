"""Sessions: planned, shown, listed, counted, changed and deleted; `broadcast` makes them live."""

from __future__ import annotations

from mock_server.domain import sessions
from mock_server.domain.entities import Preset, Session
from mock_server.domain.errors import Unprocessable
from mock_server.domain.identity import derive_uuid
from mock_server.domain.lifecycle import overdue_until, require_move
from mock_server.env import Call
from mock_server.http.views import View, page_view, session_view
from mock_server.media.ingress import ingress_id, stream_key
from mock_server.operations.keeping import keep_session
from mock_server.operations.lookup import find_own_room, find_own_session, find_session
from mock_server.operations.removal import forget_session
from mock_server.operations.times import start_time
from mock_server.storage.indexes import (
    EVERYTHING,
    SESSIONS,
    SESSIONS_BY_START,
    SESSIONS_BY_STATE,
    SESSIONS_OF_ROOM,
)


def list_sessions(call: Call) -> View:
    """List every session."""
    return page_view(call, "sessions", SESSIONS, EVERYTHING, session_view)


def list_live_sessions(call: Call) -> View:
    """List the live sessions."""
    return page_view(call, "sessions", SESSIONS_BY_STATE, "live", session_view)


def list_room_sessions(call: Call) -> View:
    """List the sessions of a room of the caller."""
    room = find_own_room(call)
    return page_view(call, "sessions", SESSIONS_OF_ROOM, room.id, session_view)


def get_session_stats(call: Call) -> View:
    """Count every session of the server; expired ones only in the total."""
    overdue = call.tx.count(SESSIONS_BY_START, EVERYTHING, until=overdue_until(call.now))
    return {
        "total_sessions": call.tx.count(SESSIONS, EVERYTHING),
        "live_now": call.tx.count(SESSIONS_BY_STATE, "live"),
        "scheduled": call.tx.count(SESSIONS_BY_STATE, "scheduled") - overdue,
        "ended": call.tx.count(SESSIONS_BY_STATE, "ended"),
    }


def create_session(call: Call) -> View:
    """Plan a session in a room of the caller, with its stream key."""
    room = find_own_room(call)
    preset = _usable_preset(call)
    seed = call.env.seed
    session_id = derive_uuid(seed, "session", call.tx.next_number())
    session = Session(
        id=session_id,
        room_id=room.id,
        preset_id=preset.id,
        title=call.body["title"],
        description=call.body.get("description"),
        mode=sessions.mode_for(preset, call.body.get("mode")),
        scheduled_start_time=start_time(call.body),
        stream_key=stream_key(seed, session_id),
        ingress_id=ingress_id(seed, session_id),
        created_at=call.now,
        updated_at=call.now,
    )
    call.tx.put(session)
    return {
        "session": session_view(call, session),
        "rtmp_url": call.addresses.rtmp_url,
        "stream_key": session.stream_key,
    }


def _usable_preset(call: Call) -> Preset:
    preset_id = call.body["preset_id"].lower()
    preset = call.tx.get(Preset, preset_id)
    if preset is None or preset.deleted_at is not None:
        raise Unprocessable(f"`preset_id`: no preset has the id {preset_id}")
    if preset.user_id != call.user.id:
        raise Unprocessable("`preset_id`: preset is another host's, must be the caller's own")
    return preset


def get_session(call: Call) -> View:
    """Show a session."""
    return session_view(call, find_session(call))


def delete_session(call: Call) -> View:
    """Delete a session that is not live."""
    session = find_own_session(call)
    require_move(call.env.lifecycle, call.operation, session, call.now)
    forget_session(call, session)
    return {"id": session.id}


def reschedule_session(call: Call) -> View:
    """Give a session another start time."""
    session = find_own_session(call)
    require_move(call.env.lifecycle, call.operation, session, call.now)
    start = start_time(call.body)
    assert start is not None, "the contract requires scheduled_start_time"
    session = sessions.reschedule_session(session, call.now, start=start)
    return keep_session(call, session)


def update_session_settings(call: Call) -> View:
    """Override the preset's settings for one session."""
    session = find_own_session(call)
    require_move(call.env.lifecycle, call.operation, session, call.now)
    session = sessions.update_session_settings(session, call.now, settings=call.body)
    return keep_session(call, session)

"""Find what a path names and who owns it: 404 before 403, as the contract orders."""

from __future__ import annotations

from mock_server.domain.entities import Preset, Room, Session
from mock_server.domain.errors import Forbidden, NotFound
from mock_server.env import Call


def find_room(call: Call) -> Room:
    """Return the room of the path; raises NotFound."""
    room = call.tx.get(Room, call.id)
    if room is None:
        raise NotFound(f"`{call.operation}`: no room has the id {call.id}")
    return room


def find_own_room(call: Call) -> Room:
    """Return the room of the path, which must be the caller's; raises NotFound, Forbidden."""
    room = find_room(call)
    _require_host(call, room)
    return room


def find_session(call: Call) -> Session:
    """Return the session of the path; raises NotFound."""
    session = call.tx.get(Session, call.id)
    if session is None:
        raise NotFound(f"`{call.operation}`: no session has the id {call.id}")
    return session


def find_own_session(call: Call) -> Session:
    """Return the session of the path, in a room of the caller; raises NotFound, Forbidden."""
    session = find_session(call)
    _require_host(call, room_of(call, session))
    return session


def room_of(call: Call, session: Session) -> Room:
    """Return the room a session is in."""
    room = call.tx.get(Room, session.room_id)
    assert room is not None, f"session {session.id} has no room"
    return room


def preset_of(call: Call, session: Session) -> Preset:
    """Return the preset a session uses, deleted or not."""
    preset = call.tx.get(Preset, session.preset_id)
    assert preset is not None, f"session {session.id} has no preset"
    return preset


def find_own_preset(call: Call) -> Preset:
    """Return the preset of the path, which must be the caller's; raises NotFound, Forbidden."""
    preset = call.tx.get(Preset, call.id)
    if preset is None or preset.deleted_at is not None:
        raise NotFound(f"`{call.operation}`: no preset has the id {call.id}")
    if preset.user_id != call.user.id:
        raise Forbidden(f"`{call.operation}`: preset is another host's, must be the caller's own")
    return preset


def _require_host(call: Call, room: Room) -> None:
    if room.host_id != call.user.id:
        raise Forbidden(f"`{call.operation}`: caller must be the room's host")

"""Rooms: a host's places for sessions."""

from __future__ import annotations

from mock_server.domain import rooms
from mock_server.domain.entities import Room
from mock_server.domain.errors import Conflict
from mock_server.domain.identity import derive_uuid
from mock_server.env import Call
from mock_server.http.views import View, page_view, room_view
from mock_server.operations.lookup import find_own_room, find_room
from mock_server.operations.removal import forget_session
from mock_server.storage.indexes import (
    EVERYTHING,
    LIVE_SESSION_OF_ROOM,
    ROOMS,
    ROOMS_OF_HOST,
    SESSIONS_OF_ROOM,
)


def list_rooms(call: Call) -> View:
    """List every room."""
    return page_view(call, "rooms", ROOMS, EVERYTHING, room_view)


def list_my_rooms(call: Call) -> View:
    """List the caller's rooms."""
    return page_view(call, "rooms", ROOMS_OF_HOST, call.user.id, room_view)


def create_room(call: Call) -> View:
    """Make a room of the caller."""
    room = Room(
        id=derive_uuid(call.env.seed, "room", call.tx.next_number()),
        host_id=call.user.id,
        library_id=call.user.library_id,
        title=call.body["title"],
        description=call.body.get("description"),
        analytics=rooms.analytics_from(call.body),
        created_at=call.now,
        updated_at=call.now,
    )
    call.tx.put(room)
    return {"room": room_view(call, room)}


def get_room(call: Call) -> View:
    """Show a room."""
    return room_view(call, find_room(call))


def update_room(call: Call) -> View:
    """Change the given fields of a room."""
    room = rooms.update_room(find_own_room(call), call.now, changes=call.body)
    call.tx.put(room)
    return room_view(call, room)


def delete_room(call: Call) -> View:
    """Delete a room and its sessions; raises Conflict while one is live."""
    room = find_own_room(call)
    if call.tx.first(LIVE_SESSION_OF_ROOM, room.id) is not None:
        raise Conflict("`delete_room`: a session of the room is `live`, must have ended")
    for session in call.tx.page(
        SESSIONS_OF_ROOM, room.id, offset=0, limit=call.tx.count(SESSIONS_OF_ROOM, room.id)
    ):
        forget_session(call, session)
    call.tx.delete(Room, room.id)
    return {"id": room.id}

"""Faults of what is always true: values that no longer agree with each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from mock_server.domain.entities import Room, Session
from mock_server.env import Call
from mock_server.faults.fault import Fault
from mock_server.faults.handling import around, room_at
from mock_server.faults.rewrite import (
    Change,
    Json,
    Reply,
    Request,
    answers,
    changed_within,
    every,
    remembering,
)
from mock_server.http.operation import Handler
from mock_server.http.views import date_time, room_view
from mock_server.storage.indexes import ROOMS_OF_HOST, SESSIONS_OF_ROOM

_fault = partial(Fault, family="invariants")
_LISTS_OF_SESSIONS = ("list_sessions", "list_room_sessions")
_SECOND = timedelta(seconds=1)
_MILLISECOND = timedelta(milliseconds=1)


def _backwards(resource: Json) -> Json:
    created = datetime.fromisoformat(resource["created_at"])
    return {**resource, "updated_at": date_time(created - _SECOND)}


def _one_too_many(session: Json) -> Json:
    if session["status"] != "live":
        return session
    return {**session, "viewer_count": session["max_viewers"] + 1}


def _waiting_room(session: Json) -> Json:
    if session["status"] != "scheduled":
        return session
    return {**session, "viewer_count": 1, "max_viewers": 1}


def _lasting(session: Json) -> timedelta | None:
    if "duration" not in session:
        return None
    ended, started = (
        datetime.fromisoformat(session[f"{which}_at"]) for which in ("ended", "started")
    )
    return ended - started


def _in_milliseconds(session: Json) -> Json:
    lasting = _lasting(session)
    return session if lasting is None else {**session, "duration": lasting // _MILLISECOND}


def _rounded_up(session: Json) -> Json:
    lasting = _lasting(session)
    return session if lasting is None else {**session, "duration": -(-lasting // _SECOND)}


def _started_before_created(session: Json) -> Json:
    if "started_at" not in session:
        return session
    created = datetime.fromisoformat(session["created_at"])
    return {**session, "started_at": date_time(created - _SECOND)}


def _active_when_scheduled(session: Json) -> Json:
    if session["status"] != "scheduled":
        return session
    room = {"active_session_id": session["id"], **session["room"]}
    return {**session, "room": room}


def _own_sessions_only(handler: Handler, call: Call) -> Any:
    rooms = call.tx.page(
        ROOMS_OF_HOST, call.user.id, offset=0, limit=call.tx.count(ROOMS_OF_HOST, call.user.id)
    )
    total = sum(call.tx.count(SESSIONS_OF_ROOM, room.id) for room in rooms)
    return {**handler(call), "total_sessions": total}


def _scheduled_as_live(handler: Handler, call: Call) -> Any:
    stats = handler(call)
    return {**stats, "live_now": stats["live_now"] + stats["scheduled"]}


def _expired_as_ended(handler: Handler, call: Call) -> Any:
    stats = handler(call)
    return {**stats, "ended": stats["total_sessions"] - stats["live_now"] - stats["scheduled"]}


def _rewritten_room(handler: Handler, call: Call, **dates: datetime) -> Any:
    handler(call)
    room = call.tx.get(Room, call.id)
    assert room is not None, "it has just been changed"
    changed = replace(room, **dates)  # type: ignore[arg-type]
    call.tx.put(changed)
    return room_view(call, changed)


def _updated_at_kept(handler: Handler, call: Call) -> Any:
    room = call.tx.get(Room, call.id)
    return _rewritten_room(handler, call, updated_at=room.updated_at if room else call.now)


def _created_anew(handler: Handler, call: Call) -> Any:
    return _rewritten_room(handler, call, created_at=call.now, updated_at=call.now)


def _touched_by_reading(request: Request, reply: Reply) -> Reply:
    if reply.operation in ("get_room", "get_session") and reply.succeeded:
        with request.env.store.write() as tx:
            found = tx.get(Room, request.id.lower()) or tx.get(Session, request.id.lower())
            if found is not None:
                tx.put(replace(found, updated_at=request.env.clock()))
    return reply


def _host_by_outer_id(room: Json) -> Json:
    return {**room, "host": {**room["host"], "id": room["host"]["external_user_id"]}}


def _as_when_live() -> Change:
    """Let lists show sessions that have ended as they were when last seen live."""
    live: dict[str, Json] = {}

    def change(_: Request, reply: Reply) -> Reply:
        if not reply.succeeded or not reply.body:
            return reply

        def stale(session: Json) -> Json:
            if session["status"] == "live":
                live[session["id"]] = session
            return live.get(session["id"], session) if session["status"] == "ended" else session

        shown = changed_within(reply.json, "session", stale)
        return reply.with_json(shown) if reply.operation in _LISTS_OF_SESSIONS else reply

    return change


def _named_as_the_room(handler: Handler, call: Call) -> Any:
    data = handler(call)
    room = room_at(call)
    assert room is not None, "its session was just found"
    return {**data, "room_name": room.id}


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="updated-before-created",
        breaks="A resource is not changed before it is made",
        wrap=every("room", _backwards),
    ),
    _fault(
        name="started-before-created",
        breaks="A session does not start before it is made",
        wrap=every("session", _started_before_created),
    ),
    _fault(
        name="more-viewers-than-ever",
        breaks="The viewers of now are at most the most there ever were",
        wrap=every("session", _one_too_many),
    ),
    _fault(
        name="viewers-before-the-start",
        breaks="A session has viewers only while it is live",
        wrap=every("session", _waiting_room),
    ),
    _fault(
        name="duration-in-milliseconds",
        breaks="The duration is in whole seconds",
        wrap=every("session", _in_milliseconds),
    ),
    _fault(
        name="duration-rounds-up",
        breaks="The duration rounds down",
        wrap=every("session", _rounded_up),
    ),
    _fault(
        name="scheduled-session-is-active",
        breaks="The active session of a room is its live one or absent",
        wrap=every("session", _active_when_scheduled),
    ),
    _fault(
        name="stats-count-own-sessions",
        breaks="The stats count every session of the server",
        handlers=around(("get_session_stats",), _own_sessions_only),
    ),
    _fault(
        name="stats-count-scheduled-as-live",
        breaks="The live count of the stats is the length of the live list",
        handlers=around(("get_session_stats",), _scheduled_as_live),
    ),
    _fault(
        name="stats-count-expired-as-ended",
        breaks="The stats count expired sessions in the total only",
        handlers=around(("get_session_stats",), _expired_as_ended),
    ),
    _fault(
        name="change-keeps-updated-at",
        breaks="Every change of a resource moves its updated_at",
        handlers=around(("update_room",), _updated_at_kept),
    ),
    _fault(
        name="change-moves-created-at",
        breaks="A change leaves created_at as it was",
        handlers=around(("update_room",), _created_anew),
    ),
    _fault(
        name="reading-moves-updated-at",
        breaks="Reading changes nothing",
        wrap=answers(_touched_by_reading),
    ),
    _fault(
        name="host-by-outer-id",
        breaks="The host a room shows bears the id of its host_id",
        wrap=every("room", _host_by_outer_id),
    ),
    _fault(
        name="ended-sessions-listed-as-live",
        breaks="Of the sessions a list shows one of a room is live",
        wrap=remembering(_as_when_live),
    ),
    _fault(
        name="room-name-is-the-rooms-id",
        breaks="The room_name that joining gives is the session's id",
        handlers=around(("join_session", "monitor_session"), _named_as_the_room),
    ),
)

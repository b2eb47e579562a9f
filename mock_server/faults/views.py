"""Faults of showing: the same thing looks different in another place, or a moment later."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from mock_server.env import Call
from mock_server.faults.fault import Fault
from mock_server.faults.handling import around, veiled
from mock_server.faults.rewrite import (
    Change,
    Json,
    Reply,
    Request,
    Resource,
    answers,
    changed_within,
    data_of,
    every,
    remembering,
)
from mock_server.http.operation import Handler
from mock_server.storage.indexes import SESSIONS, Index

_fault = partial(Fault, family="views")
_TRACE = 'Traceback (most recent call last): File "/app/rooms.py", line 42, in get_room: KeyError'


def _without(name: str) -> Callable[[Json], Json]:
    return lambda found: {key: value for key, value in found.items() if key != name}


def _rows_without(resource: Resource, name: str) -> Callable[[Any], Any]:
    return lambda data: changed_within(data, resource, _without(name))


def _as_first_seen(outer: str, inner: str, names: tuple[str, ...]) -> Callable[[], Change]:
    """Keep some fields of what is inside a resource as they were when it was first shown."""

    def begin() -> Change:
        seen: dict[str, Json] = {}

        def stale(resource: Json) -> Json:
            inside = resource[inner]
            kept = seen.setdefault(resource["id"], {name: inside[name] for name in names})
            return {**resource, inner: {**inside, **kept}}

        def change(_: Request, reply: Reply) -> Reply:
            if not reply.succeeded or not reply.body:
                return reply
            return reply.with_json(changed_within(reply.json, outer, stale))  # type: ignore[arg-type]

        return change

    return begin


def _stopped_clock() -> Change:
    first: list[int] = []

    def change(_: Request, reply: Reply) -> Reply:
        if not reply.body:
            return reply
        document = reply.json
        first.append(document["timestamp"])
        return reply.with_json({**document, "timestamp": first[0]})

    return change


def _without_ended(handler: Handler, call: Call) -> Any:
    def shown(index: Index[Any], key: str) -> list[Any]:
        rows = call.tx.page(index, key, offset=0, limit=call.tx.count(index, key))
        return [row for row in rows if row.state != "ended"]

    def page(index: Index[Any], key: str, *, offset: int, limit: int) -> list[Any]:
        if index is not SESSIONS:
            return list(call.tx.page(index, key, offset=offset, limit=limit))
        return shown(index, key)[offset : offset + limit]

    def count(index: Index[Any], key: str, **bounds: Any) -> int:
        if index is not SESSIONS:
            return call.tx.count(index, key, **bounds)
        return len(shown(index, key))

    return handler(veiled(call, page=page, count=count))


def _traced(_: Request, reply: Reply) -> Reply:
    if reply.status != 404 or reply.operation is None:  # noqa: PLR2004
        return reply
    return reply.with_json({**reply.json, "message": _TRACE})


def _forever_new() -> Change:
    def change(request: Request, reply: Reply) -> Reply:
        if request.method != "GET" or not reply.succeeded or not reply.body:
            return reply
        now = f"{request.env.clock():%Y-%m-%dT%H:%M:%S}Z"
        touched = changed_within(reply.json, "room", lambda room: {**room, "updated_at": now})
        return reply.with_json(touched)

    return change


def _local(person: Json) -> Json:
    return {**person, "created_at": f"{person['created_at'].removesuffix('Z')}+00:30"}


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="listed-rooms-without-live-session",
        breaks="In the list of rooms those with a live session say so in active_session_id",
        wrap=data_of(("list_rooms",), _rows_without("room", "active_session_id")),
    ),
    _fault(
        name="own-rooms-without-description",
        breaks="A room in the list of the caller's rooms is the room that its id gives",
        wrap=data_of(("list_my_rooms",), _rows_without("room", "description")),
    ),
    _fault(
        name="listed-sessions-without-description",
        breaks="A session in the list of all sessions is the session that its id gives",
        wrap=data_of(("list_sessions",), _rows_without("session", "description")),
    ),
    _fault(
        name="live-list-without-broadcast-address",
        breaks="A session in the list of live sessions is what a visitor can watch",
        wrap=data_of(("list_live_sessions",), _rows_without("session", "hls_url")),
    ),
    _fault(
        name="session-shows-old-room",
        breaks="A session is shown with its room as the room is now",
        wrap=remembering(_as_first_seen("session", "room", ("title",))),
    ),
    _fault(
        name="session-shows-old-preset-name",
        breaks="A changed name of a preset shows at once in every session that uses it",
        wrap=remembering(_as_first_seen("session", "preset", ("name", "primary_color"))),
    ),
    _fault(
        name="room-shows-nameless-host",
        breaks="A room is shown with the user who owns it",
        wrap=every("room", lambda room: {**room, "host": {**room["host"], "username": "Host"}}),
    ),
    _fault(
        name="presets-in-another-library",
        breaks="The presets of a host are in the library their rooms are in",
        wrap=every("preset", lambda preset: {**preset, "library_id": preset["user_id"]}),
    ),
    _fault(
        name="ended-sessions-unlisted",
        breaks="The list of all sessions holds those of every status",
        handlers=around(("list_sessions",), _without_ended),
    ),
    _fault(
        name="timestamp-stands-still",
        breaks="The timestamp says when the answer was made",
        wrap=remembering(_stopped_clock),
    ),
    _fault(
        name="trace-in-refusal",
        breaks="A refusal speaks to people, not of the server's insides",
        wrap=answers(_traced),
    ),
    _fault(
        name="room-updated-whenever-shown",
        breaks="The updated_at of a room is when it was last changed",
        wrap=remembering(_forever_new),
    ),
    _fault(
        name="callers-date-in-local-time",
        breaks="The dates of a user are in UTC too",
        wrap=data_of(("get_me",), _local),
    ),
    _fault(
        name="me-is-inactive",
        breaks="Who may sign in is active",
        wrap=data_of(("get_me",), lambda person: {**person, "is_active": False}),
    ),
)

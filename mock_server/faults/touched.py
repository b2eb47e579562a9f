"""Faults of reach: a call changes what it is not for, or listens to what it must ignore."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from mock_server.domain.entities import Preset, Room, Session
from mock_server.domain.errors import Conflict
from mock_server.env import Call
from mock_server.faults.editing import allowed, forbidden
from mock_server.faults.fault import Fault
from mock_server.faults.handling import Around, around, room_at, veiled
from mock_server.faults.rewrite import requests
from mock_server.http.operation import Handler
from mock_server.http.views import room_view, session_view
from mock_server.storage.indexes import SESSIONS_BY_STATE

_fault = partial(Fault, family="reach")
_OPENING = ("start_session", "go_live")


def _also(change: Callable[[Call, Session], Session]) -> Around:
    """Change more of the path's session after an operation on it."""

    def changed(handler: Handler, call: Call) -> Any:
        data = handler(call)
        session = call.tx.get(Session, call.id)
        assert session is not None, "it has just been changed"
        session = change(call, session)
        call.tx.put(session)
        shown = session_view(call, session)
        return {**data, "session": shown} if "session" in data else shown

    return changed


def _given_away(handler: Handler, call: Call) -> Any:
    data = handler(call)
    room = call.tx.get(Room, call.id)
    title = call.body.get("library_id")
    if room is None or not isinstance(title, str):
        return data
    room = replace(room, library_id=title)
    call.tx.put(room)
    return room_view(call, room)


def _born_live(handler: Handler, call: Call) -> Any:
    data = handler(call)
    session = call.tx.get(Session, data["session"]["id"])
    if session is None or call.body.get("status") != "live":
        return data
    session = replace(session, state="live", started_at=call.now)
    call.tx.put(session)
    return {**data, "session": session_view(call, session)}


def _retitled(call: Call, session: Session) -> Session:
    return replace(session, title=str(call.body.get("title", session.title)))


def _restarted(call: Call, session: Session) -> Session:
    return replace(session, started_at=call.now)


def _alone_on_air(handler: Handler, call: Call) -> Any:
    room = room_at(call)
    live = call.tx.page(SESSIONS_BY_STATE, "live", offset=0, limit=1000)
    for other in live:
        place = call.tx.get(Room, other.room_id)
        if room and place and place.host_id == room.host_id and other.room_id != room.id:
            raise Conflict(f"`{call.operation}`: another session of this host is `live`")
    return handler(call)


def _presets_undead(handler: Handler, call: Call) -> Any:
    def get(kind: type[Any], entity_id: str) -> Any:
        found = call.tx.get(kind, entity_id)
        return replace(found, deleted_at=None) if isinstance(found, Preset) else found

    return handler(veiled(call, get=get))


def _put_as_patch(_: Any, scope: Any) -> Any:
    return {**scope, "method": "PATCH"} if scope["method"] == "PUT" else scope


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="library-from-the-body",
        breaks="Fields that only answers have are ignored in a change",
        handlers=around(("update_room",), _given_away),
    ),
    _fault(
        name="status-from-the-body",
        breaks="A new session is scheduled, whatever status a body names",
        handlers=around(("create_session",), _born_live),
    ),
    _fault(
        name="settings-take-the-title",
        breaks="Settings of a session are its three overrides and nothing else",
        handlers=around(("update_session_settings",), _also(_retitled)),
    ),
    _fault(
        name="reschedule-clears-description",
        breaks="Rescheduling gives a session another time and keeps the rest",
        handlers=around(
            ("reschedule_session",),
            _also(lambda _, session: replace(session, description=None)),
        ),
    ),
    _fault(
        name="start-forgets-the-plan",
        breaks="A session that was started keeps the time it was planned for",
        handlers=around(
            _OPENING, _also(lambda _, session: replace(session, scheduled_start_time=None))
        ),
    ),
    _fault(
        name="end-clears-overrides",
        breaks="Ending a session leaves its settings as they were",
        handlers=around(
            ("end_session",),
            _also(lambda _, session: replace(session, max_join_limit_override=None)),
        ),
    ),
    _fault(
        name="go-live-starts-again",
        breaks="Going live starts a session only if it has not started",
        handlers=around(("go_live",), _also(_restarted)),
    ),
    _fault(
        name="one-live-session-a-host",
        breaks="A live session takes its own room and no other of the host's",
        handlers=around(_OPENING, _alone_on_air),
    ),
    _fault(
        name="deleted-preset-usable",
        breaks="A preset that is gone cannot be used for a session",
        handlers=around(("create_session",), _presets_undead),
    ),
    _fault(
        name="deleted-preset-readable",
        breaks="Asking for the id of a deleted preset answers 404",
        handlers=around(("get_preset",), _presets_undead),
    ),
    _fault(
        name="put-is-patch",
        breaks="A room is changed with PATCH, PUT is refused with 405",
        wrap=requests(_put_as_patch),
    ),
    _fault(
        name="ended-session-reschedules",
        breaks="A session that has ended cannot be rescheduled",
        contract=allowed("reschedule_session", "ended"),
    ),
    _fault(
        name="ended-session-stays-forever",
        breaks="A session that has ended can be deleted",
        contract=forbidden("delete_session", "ended"),
    ),
    _fault(
        name="ended-session-joinable",
        breaks="A session that has ended cannot be joined",
        contract=allowed("join_session", "ended"),
    ),
    _fault(
        name="egress-before-the-start",
        breaks="A broadcast begins in a live session only",
        contract=allowed("ensure_hls_egress", "scheduled"),
    ),
    _fault(
        name="host-state-before-the-start",
        breaks="The state of the host's microphone is told in a live session only",
        contract=allowed("host_audio_state", "scheduled"),
    ),
)

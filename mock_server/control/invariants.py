"""Whether a world keeps the invariants of the contract, and what breaks which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from mock_server.control.always_true import (
    LIST_ORDER,
    LIST_PAGE,
    OF_RESOURCES,
    OF_WORLDS,
    ONE_LIVE,
    STATS,
    Kind,
)
from mock_server.control.encoders_true import OF_ENCODERS, wrong_of
from mock_server.domain.entities import Encoder, Preset, Room, Session, User
from mock_server.domain.lifecycle import observe, overdue_until
from mock_server.env import Call
from mock_server.http.views import View, preset_view, room_view, session_view
from mock_server.storage.indexes import (
    EVERYTHING,
    LIVE_SESSION_OF_ROOM,
    ROOMS,
    SESSIONS,
    SESSIONS_BY_START,
    SESSIONS_BY_STATE,
    SESSIONS_OF_ROOM,
    Index,
)

R = TypeVar("R", Room, Session)
_PAGE = 100
# So many places where an invariant is broken are told; all are counted.
_MOST_TOLD = 20
_LOST = "session.room"


@dataclass(slots=True)
class _Findings:
    """Gather what breaks which invariant."""

    told: dict[str, list[View]] = field(default_factory=dict)
    total: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, kind: str, subject: str, what: str) -> None:
        self.total[name] += 1
        if self.total[name] <= _MOST_TOLD:
            self.told.setdefault(name, []).append({"kind": kind, "id": subject, "wrong": what})


def get_invariants(call: Call) -> View:
    """Check the newest rooms and sessions, and the presets of these, and the lists of all."""
    found, most = _Findings(), call.query["limit"]
    rooms = list(_walk(call, ROOMS, EVERYTHING, most))
    sessions = list(_walk(call, SESSIONS, EVERYTHING, most))
    presets = _check_resources(call, found, rooms, sessions)
    _check_encoders(call, found, sessions)
    _check_list(call, found, "room", ROOMS, rooms)
    _check_list(call, found, "session", SESSIONS, sessions)
    _check_rooms(call, found, rooms)
    whole = len(sessions) < most
    if whole:
        _check_stats(call, found, sessions)
    musts = {each.name: each.must for each in OF_RESOURCES} | dict(OF_WORLDS) | dict(OF_ENCODERS)
    return {
        "hold": not found.total,
        "complete": whole and len(rooms) < most,
        "checked": {"rooms": len(rooms), "sessions": len(sessions), "presets": presets},
        "invariants": [
            {
                "name": name,
                "must": must,
                "broken_total": found.total[name],
                "broken": found.told.get(name, []),
            }
            for name, must in musts.items()
        ],
    }


def _walk(call: Call, index: Index[R], key: str, most: int) -> Iterator[R]:
    for offset in range(0, most, _PAGE):
        rows = call.tx.page(index, key, offset=offset, limit=min(_PAGE, most - offset))
        yield from rows
        if len(rows) < _PAGE:
            return


def _check_resources(
    call: Call, found: _Findings, rooms: Sequence[Room], sessions: Sequence[Session]
) -> int:
    """Put each resource through the invariants of its kind; returns the number of presets."""
    presets: dict[str, Preset] = {}
    for room in rooms:
        if call.tx.get(User, room.host_id) is None:
            found.add("room.host", "room", room.id, "its host is not there, must be")
        else:
            _check(call, found, "room", room_view(call, room))
    for session in sessions:
        preset, room_there = call.tx.get(Preset, session.preset_id), _room_is_there(call, session)
        if preset is None or not room_there:
            found.add(_LOST, "session", session.id, "its room or preset is not there, must be")
            continue
        presets[preset.id] = preset
        _check(call, found, "session", session_view(call, session))
    for preset in presets.values():
        _check(call, found, "preset", preset_view(preset))
    return len(presets)


def _room_is_there(call: Call, session: Session) -> bool:
    room = call.tx.get(Room, session.room_id)
    return room is not None and call.tx.get(User, room.host_id) is not None


def _check(call: Call, found: _Findings, kind: Kind, resource: View) -> None:
    for invariant in OF_RESOURCES:
        if kind in invariant.kinds:
            for what in invariant.wrong(resource, call.now):
                found.add(invariant.name, kind, resource["id"], what)


def _check_encoders(call: Call, found: _Findings, sessions: Sequence[Session]) -> None:
    for session in sessions:
        encoder = call.tx.get(Encoder, session.id)
        if encoder is not None:
            course = call.env.course(session, encoder)
            for name, what in wrong_of(session, encoder, course, call.now):
                found.add(name, "session", session.id, what)


def _check_list(
    call: Call, found: _Findings, kind: Kind, index: Index[R], rows: Sequence[R]
) -> None:
    times = Counter(each.id for each in rows)
    for subject, number in times.items():
        if number > 1:
            found.add(LIST_PAGE, kind, subject, f"it is listed {number} times, must be once")
    for above, below in pairwise(rows):
        if above.created_at < below.created_at:
            found.add(LIST_ORDER, kind, below.id, f"it is newer than {above.id} above it")
    total = call.tx.count(index, EVERYTHING)
    if len(rows) < call.query["limit"] and total != len(rows):
        what = f"`total` is {total}, must be the {len(rows)} that are listed"
        found.add(LIST_PAGE, "list", index.name, what)


def _check_rooms(call: Call, found: _Findings, rooms: Sequence[Room]) -> None:
    for room in rooms:
        live = call.tx.count(LIVE_SESSION_OF_ROOM, room.id)
        if live > 1:
            found.add(ONE_LIVE, "room", room.id, f"{live} of its sessions are live, must be one")
        total, most = call.tx.count(SESSIONS_OF_ROOM, room.id), call.query["limit"]
        listed = len(list(_walk(call, SESSIONS_OF_ROOM, room.id, most)))
        if listed < most and listed != total:
            what = f"`total` of its sessions is {total}, must be the {listed} that are listed"
            found.add(LIST_PAGE, "room", room.id, what)


def _check_stats(call: Call, found: _Findings, sessions: Sequence[Session]) -> None:
    """Compare what is counted with what is there; expired sessions are counted in the total."""
    statuses = Counter[str](observe(each, call.now) for each in sessions)
    overdue = call.tx.count(SESSIONS_BY_START, EVERYTHING, until=overdue_until(call.now))
    for name, state in (("live_now", "live"), ("ended", "ended"), ("scheduled", "scheduled")):
        counted = call.tx.count(SESSIONS_BY_STATE, state)
        if state == "scheduled":
            counted -= overdue
        if counted != statuses[state]:
            what = f"`{name}` is {counted}, must be {statuses[state]}"
            found.add(STATS, "stats", name, what)

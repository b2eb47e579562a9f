"""A world's clock: what it shows, how it goes, and what happened when it was put forward."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from heapq import merge, nsmallest
from itertools import count, islice

from mock_server.domain.clock import (
    advance_clock,
    read_clock,
    read_length,
    read_time,
    set_rate,
)
from mock_server.domain.clock import set_clock as set_to
from mock_server.domain.entities import Session, World
from mock_server.domain.lifecycle import overdue_until
from mock_server.env import Call
from mock_server.events.settling import expiry
from mock_server.events.turns import Taken, courses_due
from mock_server.http.views import View, date_time
from mock_server.storage.indexes import EVERYTHING, SESSIONS_BY_START

# So many of the things that happened on the way are told; all are counted.
MOST_FIRED = 1000


def get_clock(call: Call) -> View:
    """Show the clock."""
    world = _world(call)
    return _view(world, read_clock(world, call.env.common.wall()), [], 0)


def set_clock(call: Call) -> View:
    """Set, advance, speed up, freeze or resume the clock, and tell what happened on the way."""
    wall = call.env.common.wall()
    world = _world(call)
    before = read_clock(world, wall)
    body = call.body
    if "set" in body:
        world = set_to(world, wall, read_time("set", body["set"]))
    if "advance" in body:
        world = advance_clock(world, wall, read_length(body["advance"]))
    if "rate" in body:
        world = set_rate(world, wall, body["rate"])
    if "freeze" in body:
        world = set_rate(world, wall, 0.0 if body["freeze"] else 1.0)
    call.tx.put(world)
    after = read_clock(world, wall)
    return _view(world, after, *_fired(call, before, after))


def _world(call: Call) -> World:
    world = call.tx.get(World, "world")
    assert world is not None, "a world that is asked has its entity"
    return world


def _fired(call: Call, before: datetime, after: datetime) -> tuple[list[View], int]:
    """Return the first things that happened after `before` and up to `after`, in their order, and
    how many did.
    """
    expired, total = _expired(call, before, after)
    counted = count(total)
    turned = ((each.turn.at, next(counted), each) for each in _turns(call, before, after))
    first = nsmallest(MOST_FIRED, turned)
    fired = merge(
        (_fired_by(expiry(each), "session_expired", each) for each in expired),
        (
            _fired_by(at, "encoder_changed", each.course.session, encoder=each.turn.doing)
            for at, _, each in first
        ),
        key=lambda each: each["at"],
    )
    return list(islice(fired, MOST_FIRED)), next(counted)


def _turns(call: Call, before: datetime, after: datetime) -> Iterator[Taken]:
    for course in courses_due(call.tx, after):
        for turn in course.untold(since=before):
            if turn.at > after:
                break
            yield Taken(turn, course)


def _expired(call: Call, before: datetime, after: datetime) -> tuple[list[Session], int]:
    """Return the first sessions that expired after `before` and up to `after`, and their number."""
    tx = call.tx
    already = tx.count(SESSIONS_BY_START, EVERYTHING, until=overdue_until(before))
    by_now = tx.count(SESSIONS_BY_START, EVERYTHING, until=overdue_until(after))
    total = by_now - already
    if total == 0:
        return [], 0
    told = min(total, MOST_FIRED)
    # Pages are newest first: the first to expire are the last of those that did.
    whole = tx.count(SESSIONS_BY_START, EVERYTHING)
    newest = tx.page(SESSIONS_BY_START, EVERYTHING, offset=whole - already - told, limit=told)
    return newest[::-1], total


def _view(world: World, now: datetime, fired: list[View], total: int) -> View:
    return {
        "now": date_time(now),
        "rate": world.clock_rate,
        "frozen": world.clock_rate == 0,
        "follows_wall": world.clock_at is None,
        "fired_total": total,
        "fired": fired,
    }


def _fired_by(at: datetime, event: str, session: Session, **what: str) -> View:
    return {
        "at": date_time(at),
        "event": event,
        "session_id": session.id,
        "room_id": session.room_id,
        **what,
    }

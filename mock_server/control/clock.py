"""A world's clock: what it shows, how it goes, and what happened when it was put forward."""

from __future__ import annotations

from datetime import datetime

from mock_server.domain.clock import (
    advance_clock,
    read_clock,
    read_length,
    read_time,
    set_rate,
)
from mock_server.domain.clock import set_clock as set_to
from mock_server.domain.entities import Session, World
from mock_server.domain.lifecycle import EXPIRES_AFTER, overdue_until
from mock_server.env import Call
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
    expired, total = _expired(call, before, after)
    return _view(world, after, expired, total)


def _world(call: Call) -> World:
    world = call.tx.get(World, "world")
    assert world is not None, "a world that is asked has its entity"
    return world


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


def _view(world: World, now: datetime, expired: list[Session], total: int) -> View:
    return {
        "now": date_time(now),
        "rate": world.clock_rate,
        "frozen": world.clock_rate == 0,
        "follows_wall": world.clock_at is None,
        "fired_total": total,
        "fired": [
            {
                "at": date_time(_expiry(session)),
                "event": "session_expired",
                "session_id": session.id,
                "room_id": session.room_id,
            }
            for session in expired
        ],
    }


def _expiry(session: Session) -> datetime:
    assert session.scheduled_start_time is not None, "only what has a start time expires"
    # Time works on whole seconds (`domain.lifecycle`).
    start = session.scheduled_start_time.replace(microsecond=0)
    return start + EXPIRES_AFTER

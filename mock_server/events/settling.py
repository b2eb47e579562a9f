"""What time does, told as events: once each, at its own time, by whoever looks first.

Nothing runs in the background for it. The world's `settled` says up to when it has been told; it is
moved in the transaction that tells, which is alone in the store, so nobody tells it twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from mock_server.domain.clock import read_clock
from mock_server.domain.entities import Session, World
from mock_server.domain.events import Event
from mock_server.domain.lifecycle import EXPIRES_AFTER, overdue_until
from mock_server.storage.indexes import EVERYTHING, SESSIONS_BY_START
from mock_server.storage.protocol import Needs, Store, Transaction

# About so many events are told in one transaction: going a year forward holds nobody up.
AT_A_TIME = 1000
_THE_WORLD = Needs(entities=((World, "world"),))


def expiry(session: Session) -> datetime:
    """Return when a session expires, or has: on a whole second (`domain.lifecycle`)."""
    assert session.scheduled_start_time is not None, "only what has a start time expires"
    return session.scheduled_start_time.replace(microsecond=0) + EXPIRES_AFTER


def expired(session: Session) -> Event:
    """Return the event of a session's expiry."""
    return Event(
        operation="session_expired",
        at=expiry(session),
        room_id=session.room_id,
        session_id=session.id,
        preset_id=session.preset_id,
        was="scheduled",
        status="expired",
    )


def is_told(session: Session, world: World) -> bool:
    """Tell whether the expiry of a session that has expired has been told."""
    return expiry(session) <= _settled(world)


def settle(store: Store, wall: Callable[[], datetime]) -> bool:
    """Tell what time did in a world since it was last told, about a thousand events at most.

    Returns whether there is more to tell. A world that is gone has nothing to tell.
    """
    with store.read(_THE_WORLD) as tx:
        world = tx.get(World, "world")
        if world is None:
            return False
        now = read_clock(world, wall())
        if _due_by(tx, now) == _due_by(tx, _settled(world)):
            return False
    with store.write() as tx:
        return settle_within(tx, wall)


def settle_within(tx: Transaction, wall: Callable[[], datetime]) -> bool:
    """Do the same in an open transaction, which must have the whole store to itself."""
    world = tx.get(World, "world")
    if world is None:
        return False
    until = read_clock(world, wall())
    already = _due_by(tx, _settled(world))
    total = _due_by(tx, until) - already
    if not total:
        return False
    told = total
    if total > AT_A_TIME:
        # What happens in one second is told together.
        (last,) = _in_order(tx, already + AT_A_TIME - 1, 1)
        until = expiry(last)
        told = _due_by(tx, until) - already
    for session in _in_order(tx, already, told):
        tx.emit(expired(session))
    tx.put(replace(world, settled=until))
    return told < total


def _settled(world: World) -> datetime:
    return world.settled or world.created_at


def _due_by(tx: Transaction, time: datetime) -> int:
    return tx.count(SESSIONS_BY_START, EVERYTHING, until=overdue_until(time))


def _in_order(tx: Transaction, begin: int, limit: int) -> list[Session]:
    """Return sessions that wait for their start, those that begin first from `begin` on."""
    # Pages are newest first: what begins first is at their end.
    whole = tx.count(SESSIONS_BY_START, EVERYTHING)
    page = tx.page(SESSIONS_BY_START, EVERYTHING, offset=whole - begin - limit, limit=limit)
    return page[::-1]

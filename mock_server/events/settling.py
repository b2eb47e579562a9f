"""What time does, told as events: once each, at its own time, by whoever looks first.

Nothing runs in the background for it. The world's `settled` says up to when it has been told; it is
moved in the transaction that tells, which is alone in the store, so nobody tells it twice. What an
encoder does by itself it tells of its own accord (`events.turns`), in the same order of time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from heapq import merge

from mock_server.domain.clock import read_clock
from mock_server.domain.encoder import expect, plan
from mock_server.domain.entities import Encoder, Session, World
from mock_server.domain.events import Event
from mock_server.domain.lifecycle import EXPIRES_AFTER, overdue_until
from mock_server.events import turns
from mock_server.media.ingress import Addresses
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


def settle(store: Store, wall: Callable[[], datetime], addresses: Addresses | None) -> bool:
    """Tell what time did in a world since it was last told, about a thousand events at most.

    Returns whether there is more to tell. A world that is gone has nothing to tell. `addresses` are
    those that webhooks name, None where nobody gets any.
    """
    with store.read(_THE_WORLD) as tx:
        world = tx.get(World, "world")
        if world is None:
            return False
        now = read_clock(world, wall())
        if _due_by(tx, now) == _due_by(tx, _settled(world)) and not turns.due_by(tx, now):
            return False
    with store.write() as tx:
        return settle_within(tx, wall, addresses)


def settle_turns(store: Store, wall: Callable[[], datetime], addresses: Addresses) -> bool:
    """Do the same where a turn of an encoder is due: webhooks are told of nothing else time does.

    It asks less, for who asks every second whether anybody listens or not.
    """
    with store.read(_THE_WORLD) as tx:
        world = tx.get(World, "world")
        if world is None or not turns.due_by(tx, read_clock(world, wall())):
            return False
    with store.write() as tx:
        return settle_within(tx, wall, addresses)


def settle_within(
    tx: Transaction, wall: Callable[[], datetime], addresses: Addresses | None
) -> bool:
    """Do the same in an open transaction, which must have the whole store to itself."""
    world = tx.get(World, "world")
    if world is None:
        return False
    until = read_clock(world, wall())
    already = _due_by(tx, _settled(world))
    total = _due_by(tx, until) - already
    if total > AT_A_TIME:
        # Sessions that expire in one second are told together.
        (last,) = _in_order(tx, already + AT_A_TIME - 1, 1)
        until = expiry(last)
    taken, encoders = turns.take(tx, until, AT_A_TIME)
    cut = len(taken) == AT_A_TIME
    if cut:
        until = max(_settled(world), taken[-1].turn.at)
    told = _due_by(tx, until) - already
    if not (told or taken):
        return False
    events = merge(
        [expired(session) for session in _in_order(tx, already, told)],
        [turns.turn_event(tx, each, world.seed, addresses) for each in taken],
        key=lambda each: each.at,
    )
    for event in events:
        tx.emit(event)
    for encoder in encoders:
        tx.put(encoder)
    tx.put(replace(world, settled=until))
    return cut or told < total


def settle_encoder(
    tx: Transaction, session_id: str, world: World, now: datetime, addresses: Addresses | None
) -> None:
    """Tell all that time has done to a session's encoder, before something else is done to it."""
    encoder = tx.get(Encoder, session_id)
    if encoder is None or encoder.next is None or encoder.next > now:
        return
    session = tx.get(Session, session_id)
    assert session is not None, "an encoder goes with its session"
    course = turns.Course(session, encoder)
    coming = course.untold()
    for turn in coming:
        if turn.at > now:
            tx.put(expect(encoder, turn))
            return
        tx.emit(turns.turn_event(tx, turns.Taken(turn, course), world.seed, addresses))
    tx.put(expect(encoder, None))


def forget_turns(tx: Transaction, now: datetime) -> None:
    """Let nobody be told what time has done to encoders by now: it was before all telling."""
    for course in tuple(turns.courses_due(tx, now)):
        tx.put(plan(course.session, course.encoder, now))


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

"""What must be remembered of webhooks, in the store: how far they have come, and what became of
each. Whoever delivers after a restart, or in another replica's place, goes on from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple

from mock_server.domain.entities import Cursor, Delivery, DeliveryFaults, Lease, World
from mock_server.storage.protocol import Lock, Needs, Store, Transaction

# So many deliveries of a world to an address are remembered.
REMEMBERED = 500
FAULTS_ID = "deliveries"
# A part of the store that no world has, since `@` is in no world's name.
APART = "@webhooks"
_LEASE = "webhooks"
Rule = dict[str, Any]


class Wrong(NamedTuple):
    """Hold what is to go wrong with a delivery: seconds of delay, how many attempts fail without
    being made, whether it is sent twice, and whether the next one goes before it.
    """

    delay: float = 0.0
    fail: int = 0
    duplicate: bool = False
    reorder: bool = False


NOTHING_WRONG = Wrong()


def load_cursor(store: Store, url: str) -> Cursor | None:
    """Return how far a world's webhooks have come at an address, None where nothing is known."""
    with store.read(Needs(entities=((Cursor, url),))) as tx:
        return tx.get(Cursor, url)


def begin_cursor(store: Store, cursor: Cursor) -> bool:
    """Write where deliveries begin; return whether the world is still there."""
    with store.write(_of_cursor(cursor.id)) as tx:
        if tx.get(World, "world") is None:
            return False
        tx.put(cursor)
        return True


def record(store: Store, delivery: Delivery, cursor: Cursor, moved: Cursor) -> bool:
    """Write what became of a delivery, and how far the webhooks have come on from `cursor`.

    Returns whether they were there: a world that was reset, put back or deleted in the meantime has
    forgotten, and another process may have gone on.
    """
    with store.write(_of_cursor(cursor.id)) as tx:
        known = tx.get(Cursor, cursor.id)
        if tx.get(World, "world") is None or known is None:
            return False
        if (known.feed, known.number) != (cursor.feed, cursor.number):
            return False
        tx.put(delivery)
        if moved is not cursor:
            tx.put(moved)
        return True


def slot(url: str, number: int) -> str:
    """Return the id of a delivery: those long ago give their place to new ones."""
    return f"{blake2b(url.encode(), digest_size=6).hexdigest()}/{number % REMEMBERED:03}"


def take_fault(store: Store, event: str) -> Wrong:
    """Return what is to go wrong with a delivery now, and count that it did."""
    with store.read(_OF_FAULTS) as tx:
        if next_rule(tx, event) is None:
            return NOTHING_WRONG
    with store.write(_OF_FAULTS) as tx:
        rule = next_rule(tx, event)
        if rule is None:
            return NOTHING_WRONG
        known = tx.get(DeliveryFaults, FAULTS_ID)
        assert known is not None, "its rule was just found"
        rules = [
            {**each, "used": each["used"] + 1} if each["id"] == rule["id"] else each
            for each in known.rules["rules"]
        ]
        tx.put(replace(known, rules={"rules": rules}))
    return Wrong(
        rule.get("delay_ms", 0) / 1000,
        rule.get("fail", 0),
        rule.get("duplicate", False),
        rule.get("reorder", False),
    )


def rules_of(tx: Transaction) -> list[Rule]:
    """Return the delivery faults of a world."""
    known = tx.get(DeliveryFaults, FAULTS_ID)
    return [] if known is None else list(known.rules["rules"])


def next_rule(tx: Transaction, event: str) -> Rule | None:
    """Return the first fault that applies to a webhook, None where there is none."""
    return next((each for each in rules_of(tx) if _applies(each, event)), None)


def hold_lease(store: Store, holder: str, now: datetime, length: timedelta) -> bool:
    """Be the process that delivers, for some time from `now`; return whether it is so.

    The clocks of the machines must not differ by as much as `length`.
    """
    apart = store.world(APART)
    with apart.write(_OF_LEASE) as tx:
        known = tx.get(Lease, _LEASE)
        if known is not None and known.holder != holder and known.until > now:
            return False
        tx.put(Lease(id=_LEASE, holder=holder, until=now + length, created_at=now))
        return True


def give_lease_up(store: Store, holder: str) -> None:
    """Let another process deliver at once."""
    with store.world(APART).write(_OF_LEASE) as tx:
        known = tx.get(Lease, _LEASE)
        if known is not None and known.holder == holder:
            tx.delete(Lease, _LEASE)


def _applies(rule: Mapping[str, Any], event: str) -> bool:
    if rule.get("count") is not None and rule["used"] >= rule["count"]:
        return False
    return bool(rule.get("event", event) == event)


def _of_cursor(url: str) -> Needs:
    wanted = (World, "world"), (Cursor, url)
    return Needs(locks=(Lock(Cursor, url),), entities=wanted)


_OF_FAULTS = Needs(
    locks=(Lock(DeliveryFaults, FAULTS_ID),), entities=((DeliveryFaults, FAULTS_ID),)
)
_OF_LEASE = Needs(locks=(Lock(Lease, _LEASE),), entities=((Lease, _LEASE),))

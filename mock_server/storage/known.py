"""What is known of a store already: answers it gave, brought up to date by changes made here."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from mock_server.domain.entities import KINDS, Entity
from mock_server.storage.indexes import INDEXES, Index
from mock_server.storage.protocol import StorageError

Place = tuple[str, datetime]
# An index, and where an entity stood in it before a change and stands after it.
Move = tuple[Index[Any], Place | None, Place | None]
Group = list[tuple[datetime, str]]
INDEXES_OF: Mapping[type[Any], tuple[Index[Any], ...]] = MappingProxyType(
    {kind: tuple(index for index in INDEXES if index.kind is kind) for kind in KINDS}
)
# The indexes of a kind by what orders them: an order is worked out once for all of those.
_ORDERS_OF: Mapping[type[Any], tuple[tuple[Callable[[Any], datetime], Sequence[Index[Any]]], ...]]
_ORDERS_OF = MappingProxyType(
    {
        kind: tuple(
            (order, tuple(index for index in indexes if index.order is order))
            for order in dict.fromkeys(index.order for index in indexes)
        )
        for kind, indexes in INDEXES_OF.items()
    }
)


def place(index: Index[Any], entity: Entity) -> Place | None:
    """Return the group and the order of an entity in an index, None where it is not in it.

    Raises StorageError for a time without an offset.
    """
    key = index.key(entity)
    if key is None:
        return None
    return key, _with_offset(index.order(entity), entity)


def moves_between(before: Any, after: Any) -> list[Move]:
    """Return the indexes in which an entity's place changes (None: there is no entity).

    Raises StorageError for a time without an offset.
    """
    moves: list[Move] = []
    for order_of, indexes in _ORDERS_OF[type(before if after is None else after)]:
        old = None if before is None else order_of(before)
        new = None if after is None else _with_offset(order_of(after), after)
        stays = old == new
        for index in indexes:
            old_key = None if old is None else index.key(before)
            new_key = None if new is None else index.key(after)
            if old_key != new_key or not (stays or new_key is None):
                left = None if old is None or old_key is None else (old_key, old)
                joined = None if new is None or new_key is None else (new_key, new)
                moves.append((index, left, joined))
    return moves


class Known:
    """Hold entities (None: there is none), whole groups (oldest first) and counts of groups: of
    all members, and of those before any place from one on to another.
    """

    __slots__ = ("counts", "counts_before", "entities", "groups")

    def __init__(self) -> None:
        self.entities: dict[tuple[type[Any], str], Any] = {}
        self.groups: dict[tuple[str, str], Group] = {}
        self.counts: dict[tuple[str, str], int] = {}
        self.counts_before: dict[tuple[str, str], tuple[str, str, int]] = {}

    def clear(self) -> None:
        """Know nothing any more."""
        self.entities.clear()
        self.groups.clear()
        self.counts.clear()
        self.counts_before.clear()

    def put(self, entity: Entity) -> None:
        """Learn of a change made here; raises StorageError before anything is changed."""
        self._change(type(entity), entity.id, entity)

    def delete(self, kind: type[Any], entity_id: str) -> None:
        """Learn of a removal made here."""
        self._change(kind, entity_id, None)

    def move(self, kind: type[Any], entity_id: str, after: Any, moves: Sequence[Move]) -> None:
        """Learn of a change (None: a removal) of an entity that was known, and of its moves."""
        for index, old, new in moves:
            if old is not None:
                self._leave((index.name, old[0]), (old[1], entity_id))
            if new is not None:
                self._join((index.name, new[0]), (new[1], entity_id))
        self.entities[kind, entity_id] = after

    def _change(self, kind: type[Any], entity_id: str, after: Any) -> None:
        before = self.entities.get((kind, entity_id))
        moves = [] if before is after is None else moves_between(before, after)
        if (kind, entity_id) not in self.entities:
            self._forget(kind, entity_id)
        self.move(kind, entity_id, after, moves)

    def _forget(self, kind: type[Any], entity_id: str) -> None:
        """Take an entity out of wherever it may have been."""
        names = {index.name for index in INDEXES_OF[kind]}
        # No count of its indexes is certain now.
        self.counts = {where: n for where, n in self.counts.items() if where[0] not in names}
        self.counts_before.clear()
        for (name, _), group in self.groups.items():
            if name in names:
                group[:] = [entry for entry in group if entry[1] != entity_id]

    def _leave(self, where: tuple[str, str], entry: tuple[datetime, str]) -> None:
        self.counts_before.pop(where, None)
        if where in self.counts:
            self.counts[where] -= 1
        if where in self.groups:
            self.groups[where].remove(entry)

    def _join(self, where: tuple[str, str], entry: tuple[datetime, str]) -> None:
        self.counts_before.pop(where, None)
        if where in self.counts:
            self.counts[where] += 1
        if where in self.groups:
            insort(self.groups[where], entry)


def _with_offset(order: datetime, entity: Entity) -> datetime:
    if order.tzinfo is None:
        raise StorageError(
            f"The time {order.isoformat()} of {entity.id!r} has no offset: keep times in UTC"
        )
    return order


def count_until(group: Group, until: datetime) -> int:
    """Count the members of a group up to a time."""
    return bisect_right(group, until, key=lambda entry: entry[0])

"""What one transaction knows already: answers it was given, brought up to date by its changes."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from mock_server.domain.entities import KINDS, Entity
from mock_server.storage.indexes import INDEXES, Index
from mock_server.storage.protocol import StorageError

Group = list[tuple[datetime, str]]
INDEXES_OF: Mapping[type[Any], tuple[Index[Any], ...]] = MappingProxyType(
    {kind: tuple(index for index in INDEXES if index.kind is kind) for kind in KINDS}
)


def place(index: Index[Any], entity: Entity) -> tuple[str, datetime] | None:
    """Return the group and the order of an entity in an index, None where it is not in it.

    Raises StorageError for a time without an offset.
    """
    key = index.key(entity)
    if key is None:
        return None
    order = index.order(entity)
    if order.tzinfo is None:
        raise StorageError(
            f"The time {order.isoformat()} of {entity.id!r} has no offset: keep times in UTC"
        )
    return key, order


class Known:
    """Hold entities (None: there is none), whole groups (oldest first) and counts of groups."""

    __slots__ = ("counts", "entities", "groups")

    def __init__(self) -> None:
        self.entities: dict[tuple[type[Any], str], Any] = {}
        self.groups: dict[tuple[str, str], Group] = {}
        self.counts: dict[tuple[str, str], int] = {}

    def clear(self) -> None:
        """Know nothing any more."""
        self.entities.clear()
        self.groups.clear()
        self.counts.clear()

    def put(self, entity: Entity) -> None:
        """Learn of a change made here; raises StorageError before anything is changed."""
        kind = type(entity)
        after = {index: place(index, entity) for index in INDEXES_OF[kind]}
        self._move(kind, entity.id, after)
        self.entities[kind, entity.id] = entity

    def delete(self, kind: type[Any], entity_id: str) -> None:
        """Learn of a removal made here."""
        self._move(kind, entity_id, dict.fromkeys(INDEXES_OF[kind]))
        self.entities[kind, entity_id] = None

    def _move(
        self,
        kind: type[Any],
        entity_id: str,
        after: Mapping[Index[Any], tuple[str, datetime] | None],
    ) -> None:
        for (name, key), group in self.groups.items():
            for index in after:
                if index.name == name:
                    _move_in(group, entity_id, key, after[index])
        if (kind, entity_id) not in self.entities:
            # It may have been anywhere: no count of its indexes is certain now.
            names = {index.name for index in after}
            self.counts = {each: n for each, n in self.counts.items() if each[0] not in names}
            return
        before = self.entities[kind, entity_id]
        for index, new in after.items():
            old = None if before is None else place(index, before)
            self._shift(index, old, -1)
            self._shift(index, new, 1)

    def _shift(self, index: Index[Any], there: tuple[str, datetime] | None, change: int) -> None:
        if there is not None and (index.name, there[0]) in self.counts:
            self.counts[index.name, there[0]] += change


def count_until(group: Group, until: datetime) -> int:
    """Count the members of a group up to a time."""
    return bisect_right(group, until, key=lambda entry: entry[0])


def _move_in(group: Group, entity_id: str, key: str, there: tuple[str, datetime] | None) -> None:
    group[:] = [entry for entry in group if entry[1] != entity_id]
    if there is not None and there[0] == key:
        insort(group, (there[1], entity_id))

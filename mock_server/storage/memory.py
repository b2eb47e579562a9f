"""The store in this process's memory: dicts for entities, sorted runs for every index."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_hex
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from mock_server.domain.entities import KINDS, Entity
from mock_server.domain.events import BACKLOG, Event, Page
from mock_server.storage.indexes import INDEXES, Index
from mock_server.storage.ordered import Entry, Ordered
from mock_server.storage.protocol import DEFAULT_WORLD, Needs, StorageError
from mock_server.storage.turn import ReadOnly, Turn

E = TypeVar("E", bound=Entity)
Groups = dict[str, Ordered]
# Per order function, the key functions of the indexes it orders: one entry serves them all.
Orders = tuple[
    tuple[Callable[[Any], datetime], tuple[tuple[Callable[[Any], str | None], Groups], ...]], ...
]


@dataclass(frozen=True, slots=True)
class _Table:
    """Hold the entities of one kind by id, and the indexes they stand in."""

    entities: dict[str, Any]
    orders: Orders


@dataclass(slots=True)
class _Feed:
    """Hold the newest events; each id follows from its place, so none is stored.

    They are kept as plain tuples: Python's collector need not look into those again and again.
    """

    name: str = field(default_factory=lambda: token_hex(4))
    newest: int = 0
    events: deque[tuple[Any, ...]] = field(default_factory=lambda: deque(maxlen=BACKLOG))

    def page(self, after: int, limit: int) -> Page:
        oldest = self.newest - len(self.events) + 1
        begin = max(after + 1, oldest)
        ids = range(begin, min(begin + limit, self.newest + 1))
        events = [Event._make((*self.events[each - oldest][:-1], each)) for each in ids]
        return Page(self.name, oldest, self.newest, events)


@dataclass(slots=True)
class _World:
    """Hold everything a store remembers."""

    tables: dict[type[Any], _Table]
    groups: dict[str, Groups]
    number: int = 0
    version: int = 0
    turn: Turn = field(default_factory=Turn)
    feed: _Feed = field(default_factory=_Feed)


class _Reading(ReadOnly):
    """Answer from the world as it is; one object serves every read transaction."""

    __slots__ = ("_groups", "_tables", "_turn", "_world")

    def __init__(self, world: _World) -> None:
        self._world = world
        self._tables = world.tables
        self._groups = world.groups
        self._turn = world.turn

    def __enter__(self) -> Self:
        self._turn.take()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._turn.give()

    def get(self, kind: type[E], entity_id: str) -> E | None:
        return cast("E | None", self._tables[kind].entities.get(entity_id))

    def first(self, index: Index[E], key: str) -> E | None:
        group = self._groups[index.name].get(key)
        if group is None:
            return None
        return cast("E", self._tables[index.kind].entities[group.newest()[1]])

    def page(self, index: Index[E], key: str, *, offset: int, limit: int) -> list[E]:
        group = self._groups[index.name].get(key)
        if group is None:
            return []
        entities = self._tables[index.kind].entities
        return [entities[entity_id] for _, entity_id in group.page(offset, limit)]

    def count(self, index: Index[E], key: str, *, until: datetime | None = None) -> int:
        group = self._groups[index.name].get(key)
        if group is None:
            return 0
        return group.size if until is None else group.count_until(until)


class _Writing(_Reading):
    """Change the world, and remember how to change it back."""

    __slots__ = ("_emitted", "_number_before", "_undo")

    def __init__(self, world: _World) -> None:
        super().__init__(world)
        self._undo: list[tuple[_Table, str, Entity | None]] = []
        self._emitted: list[Event] = []
        self._number_before = 0

    def __enter__(self) -> Self:
        self._turn.take()
        self._number_before = self._world.number
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            for table, entity_id, before in reversed(self._undo):
                _replace(table, entity_id, before)
            self._world.number = self._number_before
        else:
            if self._undo or self._world.number != self._number_before:
                self._world.version += 1
            if self._emitted:
                feed = self._world.feed
                feed.events.extend(map(tuple, self._emitted))
                feed.newest += len(self._emitted)
        self._emitted.clear()
        self._undo.clear()
        self._turn.give()

    def put(self, entity: Entity) -> None:
        table = self._tables[type(entity)]
        self._undo.append((table, entity.id, _replace(table, entity.id, entity)))

    def delete(self, kind: type[Entity], entity_id: str) -> None:
        table = self._tables[kind]
        self._undo.append((table, entity_id, _replace(table, entity_id, None)))

    def next_number(self) -> int:
        self._world.number += 1
        return self._world.number

    def emit(self, event: Event) -> None:
        self._emitted.append(event)

    def clear(self) -> None:
        for kind, table in self._tables.items():
            for entity_id in tuple(table.entities):
                self.delete(kind, entity_id)
        self._world.number = 0


class MemoryStore:
    """Keep everything in this process; it is gone when the process ends."""

    def __init__(self, worlds: dict[str, MemoryStore] | None = None) -> None:
        self._worlds = {DEFAULT_WORLD: self} if worlds is None else worlds
        groups: dict[str, Groups] = {index.name: {} for index in INDEXES}
        self._world = _World(
            tables={kind: _Table({}, _orders_of(kind, groups)) for kind in KINDS},
            groups=groups,
        )
        self._reading = _Reading(self._world)
        self._writing = _Writing(self._world)

    @property
    def description(self) -> str:
        return "memory"

    @property
    def blocking(self) -> bool:
        return False

    @property
    def version(self) -> int:
        return self._world.version

    def read(self, needs: Needs | None = None) -> _Reading:  # noqa: ARG002 - all is at hand
        return self._reading

    def write(self, needs: Needs | None = None) -> _Writing:  # noqa: ARG002 - all is at hand
        return self._writing

    def events(self, after: int, limit: int) -> Page:
        return self._world.feed.page(after, limit)

    def feeds(self) -> dict[str, tuple[str, int]]:
        worlds = ((name, store._world.feed) for name, store in self._worlds.items())  # noqa: SLF001
        return {name: (feed.name, feed.newest) for name, feed in worlds}

    def world(self, name: str) -> MemoryStore:
        if name not in self._worlds:
            self._worlds[name] = MemoryStore(self._worlds)
        return self._worlds[name]

    def worlds(self) -> list[str]:
        return [
            name
            for name, store in self._worlds.items()
            if name == DEFAULT_WORLD or not store.is_empty
        ]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is kept here."""
        return not any(table.entities for table in self._world.tables.values())

    def fork(self, source: str, target: str) -> None:
        copy = self.world(target)._world  # noqa: SLF001 - another of the same class
        if not self.world(target).is_empty:
            raise StorageError(f"The world {target!r} is not empty: drop it before copying to it")
        original = self.world(source)._world  # noqa: SLF001
        with self.world(source).read(), self.world(target).write():
            for kind, table in original.tables.items():
                copy.tables[kind].entities.update(table.entities)
            for name, groups in original.groups.items():
                copy.groups[name].update({key: group.copy() for key, group in groups.items()})
            copy.number = original.number
        copy.version += 1

    def drop(self, name: str) -> None:
        if name in self._worlds:
            store = self._worlds[name]
            with store.write() as tx:
                tx.clear()
            store._world.feed = _Feed()  # noqa: SLF001
            if name != DEFAULT_WORLD:
                del self._worlds[name]

    def close(self) -> None:
        """Do nothing: there are no files."""


def _orders_of(kind: type[Entity], groups: dict[str, Groups]) -> Orders:
    indexes = [index for index in INDEXES if index.kind is kind]
    return tuple(
        (order, tuple((each.key, groups[each.name]) for each in indexes if each.order is order))
        for order in dict.fromkeys(index.order for index in indexes)
    )


def _replace(table: _Table, entity_id: str, after: Any) -> Any:
    """Put `after` (None: nothing) in the place of an entity, and return what was there.

    Whatever can raise comes before the first change, so there is no half of it.
    """
    before = table.entities.get(entity_id)
    leaves: list[tuple[Groups, str, Entry]] = []
    joins: list[tuple[Groups, str, Entry]] = []
    for order_of, indexes in table.orders:
        old = None if before is None else (order_of(before), entity_id)
        new = None if after is None else _entry(order_of(after), entity_id)
        moved = old != new
        for key_of, groups in indexes:
            old_key = None if old is None else key_of(before)
            new_key = None if new is None else key_of(after)
            if not moved and old_key == new_key:
                continue
            if old is not None and old_key is not None:
                leaves.append((groups, old_key, old))
            if new is not None and new_key is not None:
                joins.append((groups, new_key, new))
    for groups, key, entry in leaves:
        _leave(groups, key, entry)
    for groups, key, entry in joins:
        _join(groups, key, entry)
    if after is None:
        table.entities.pop(entity_id, None)
    else:
        table.entities[entity_id] = after
    return before


def _entry(order: datetime, entity_id: str) -> Entry:
    # Times without an offset can't be compared with the others: refuse before anything changes.
    if order.tzinfo is None:
        raise StorageError(
            f"The time {order.isoformat()} of {entity_id!r} has no offset: keep times in UTC"
        )
    return (order, entity_id)


def _join(groups: Groups, key: str, entry: Entry) -> None:
    group = groups.get(key)
    if group is None:
        groups[key] = Ordered([[entry]], 1)
    else:
        group.add(entry)


def _leave(groups: Groups, key: str, entry: Entry) -> None:
    group = groups[key]
    group.remove(entry)
    if not group.size:
        del groups[key]

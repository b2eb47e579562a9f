"""Transactions on a SQLite file: documents, sorted index entries, and counts kept with them.

What the file told is remembered from one transaction to the next, for as long as no other process
has written to it; changes are kept until the end of their transaction, or a question whose answer
they may be part of.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from types import TracebackType
from typing import Any, Self, TypeVar

from mock_server.domain.entities import KINDS, Entity
from mock_server.domain.events import Event
from mock_server.storage import sqlite_sql as sql
from mock_server.storage.codec import decode, encode
from mock_server.storage.indexes import INDEXES, Index
from mock_server.storage.known import Group, Move, count_until, moves_between
from mock_server.storage.protocol import StorageError
from mock_server.storage.runs import SIZES, depth
from mock_server.storage.sqlite_connection import File
from mock_server.storage.sqlite_feed import append, erase
from mock_server.storage.sqlite_file import ANOTHER, explain
from mock_server.storage.sqlite_places import END, entry_at, id_at, place_after, place_of
from mock_server.storage.sqlite_runs import Runs
from mock_server.storage.turn import ReadOnly

E = TypeVar("E", bound=Entity)
# SQLite's integers end here; no group has as many members.
LARGEST = 2**63 - 1
# So many entities, groups and counts are remembered at most, and changes kept back.
REMEMBERED = 10_000
KEPT_BACK = 1000

_Group = tuple[str, str]
_Entry = tuple[str, str, str]
INDEX_NAMES = (*(index.name for index in INDEXES), sql.NUMBERS[0])


@dataclass(frozen=True, slots=True)
class _Change:
    """Hold what becomes of an entity (None: nothing) that the file has otherwise (or not)."""

    stored: Any
    after: Any
    document: str
    moves: Sequence[Move]


class Reading(ReadOnly):
    """Answer from one snapshot of the file; one object serves every read transaction."""

    __slots__ = ("_execute", "_file", "_known", "_many", "_of", "_runs")
    _begin = "BEGIN"

    def __init__(self, file: File) -> None:
        cursor = file.connection.cursor()
        self._file = file
        self._known = file.known
        self._of = file.of
        self._execute = cursor.execute
        self._many = cursor.executemany
        self._runs = Runs(cursor.execute)

    def __enter__(self) -> Self:
        file = self._file
        file.turn.take()
        try:
            self._execute(self._begin)
            # The first reading fixes what this transaction sees.
            (found,) = self._execute(sql.DATA_VERSION).fetchone()
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                self._roll_back()
            file.turn.give()
            raise explain(error, file.path, file.patience) from error
        if found != file.data_version:
            file.forget()
            file.data_version = found
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        file = self._file
        try:
            if kind is None:
                self._commit()
            else:
                self._roll_back()
        except BaseException as failure:
            self._roll_back()
            if isinstance(failure, sqlite3.Error):
                raise explain(failure, file.path, file.patience) from failure
            raise
        finally:
            file.turn.give()
        if isinstance(error, sqlite3.Error):
            raise explain(error, file.path, file.patience) from error

    def get(self, kind: type[E], entity_id: str) -> E | None:
        entities = self._known.entities
        # Most are known: asked for once in vain is cheaper than twice.
        try:
            known: E | None = entities[kind, entity_id]
        except KeyError:
            known = None
            for (document,) in self.rows(sql.GET, (self._of(kind.__name__), entity_id)):
                known = decode(kind, document)
            self._make_room(entities)
            entities[kind, entity_id] = known
        return known

    def first(self, index: Index[E], key: str) -> E | None:
        if index.small:
            group = self._group(index, key)
            return self._member(index.kind, group[-1][1]) if group else None
        for entity in self.page(index, key, offset=0, limit=1):
            return entity
        return None

    def page(self, index: Index[E], key: str, *, offset: int, limit: int) -> list[E]:
        if index.small:
            group = self._group(index, key)
            ids = [entity_id for _, entity_id in group[::-1][offset : offset + limit]]
        else:
            ids = self._page(index, key, offset, min(limit, LARGEST))
        return [self._member(index.kind, entity_id) for entity_id in ids]

    def count(self, index: Index[E], key: str, *, until: datetime | None = None) -> int:
        if index.small:
            group = self._group(index, key)
            return len(group) if until is None else count_until(group, until)
        size = self._size((index.name, key))
        if until is None or not size:
            return size
        return self._count_before(index.name, key, size, place_after(until))

    def _count_before(self, index: str, key: str, size: int, place: str) -> int:
        known = self._known.counts_before
        first, end, n = known.get((index, key), (END, END, 0))
        if first <= place < end:
            return n
        self._settle()
        group = (self._of(index), key)
        n = self._runs.count_before(group, size, place)
        # Time may go on to the next entry's, and it is still this count.
        ((following,),) = self.rows(sql.FIRST_FROM, (*group, place))
        self._make_room(known)
        known[index, key] = (place, END if following is None else following, n)
        return n

    def _page(self, index: Index[E], key: str, offset: int, limit: int) -> list[str]:
        self._settle()
        group, end = (self._of(index.name), key), END
        if offset > SIZES[0]:
            size = self._size((index.name, key))
            if offset >= size:
                return []
            end, offset = self._runs.locate(group, size, offset)
        return [id_at(place) for (place,) in self.rows(sql.PAGE, (*group, end, limit, offset))]

    def _member(self, kind: type[E], entity_id: str) -> E:
        entity = self.get(kind, entity_id)
        if entity is None:
            raise StorageError(
                f"`{self._file.path}` has no {kind.__name__} {entity_id!r} that its indexes "
                f"name: the store is damaged, {ANOTHER}"
            )
        return entity

    def _group(self, index: Index[Any], key: str) -> Group:
        """Return a whole group of a small index, oldest first."""
        where = (index.name, key)
        groups = self._known.groups
        if where not in groups:
            self._settle()
            rows = self.rows(sql.GROUP, (self._of(index.name), key))
            self._make_room(groups)
            groups[where] = [entry_at(place) for (place,) in rows]
        return groups[where]

    def _size(self, group: _Group) -> int:
        counts = self._known.counts
        if group not in counts:
            self._settle()
            rows = self.rows(sql.COUNT, (self._of(group[0]), group[1]))
            self._make_room(counts)
            counts[group] = int(rows[0][0]) if rows else 0
        return counts[group]

    def rows(self, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return what a question to the tables gives."""
        try:
            return self._execute(statement, parameters).fetchall()
        except UnicodeEncodeError:
            # Half a surrogate pair is no text: none was ever stored, so none is found.
            return []

    def _make_room(self, remembered: dict[Any, Any]) -> None:
        if len(remembered) >= REMEMBERED:
            for oldest in list(islice(remembered, REMEMBERED // 10)):
                del remembered[oldest]

    def _settle(self) -> None:
        """Write what is kept back, so that the file can be asked."""

    def _commit(self) -> None:
        self._execute("COMMIT")

    def _roll_back(self) -> None:
        # After some errors SQLite has rolled back by itself.
        if self._file.connection.in_transaction:
            self._execute("ROLLBACK")


class Writing(Reading):
    """Change the file; nobody else writes between BEGIN IMMEDIATE and the end."""

    __slots__ = ("_changed", "_emitted", "_number_taken", "_pending")
    _begin = "BEGIN IMMEDIATE"

    def __init__(self, file: File) -> None:
        super().__init__(file)
        self._pending: dict[tuple[type[Any], str], _Change] = {}
        self._emitted: list[Event] = []
        self._number_taken = False
        self._changed = False

    def put(self, entity: Entity) -> None:
        kind = type(entity)
        before = self.get(kind, entity.id)
        # Whatever refuses the entity does so before the first change.
        document = encode(entity).decode()
        self._keep(kind, entity.id, before, entity, document)

    def delete(self, kind: type[Entity], entity_id: str) -> None:
        before = self.get(kind, entity_id)
        if before is not None:
            self._keep(kind, entity_id, before, None, "")

    def next_number(self) -> int:
        file = self._file
        if file.number is None:
            rows = self.rows(sql.COUNT, self._numbers())
            file.number = int(rows[0][0]) if rows else 0
        self._changed = self._number_taken = True
        file.number += 1
        return file.number

    def emit(self, event: Event) -> None:
        self._changed = True
        self._emitted.append(event)

    def clear(self) -> None:
        self._changed = True
        self._pending.clear()
        self._file.forget()
        for kind in KINDS:
            self._execute(sql.ERASE_KIND, (self._of(kind.__name__),))
        for name in INDEX_NAMES:
            for statement in sql.ERASE_INDEX:
                self._execute(statement, (self._of(name),))

    def _numbers(self) -> _Group:
        return self._of(sql.NUMBERS[0]), sql.NUMBERS[1]

    def erase_feed(self) -> None:
        """Take the world's feed away."""
        erase(self.change, self._execute, self._file.world)

    def change(self, statement: str, parameters: Sequence[Any]) -> None:
        """Change the tables past what is known of them, which is forgotten."""
        self._changed = True
        self._file.forget()
        self._execute(statement, parameters)

    def _keep(
        self, kind: type[Any], entity_id: str, before: Any, after: Any, document: str
    ) -> None:
        moves = moves_between(before, after)
        stored, total = before, moves
        if (earlier := self._pending.get((kind, entity_id))) is not None:
            stored = earlier.stored
            total = [] if stored is after is None else moves_between(stored, after)
        self._changed = True
        self._pending[kind, entity_id] = _Change(stored, after, document, total)
        self._known.move(kind, entity_id, after, moves)
        if len(self._pending) >= KEPT_BACK:
            self._settle()

    def _make_room(self, remembered: dict[Any, Any]) -> None:
        if len(remembered) >= REMEMBERED:
            # What is kept back is known nowhere else.
            self._settle()
            super()._make_room(remembered)

    def _settle(self) -> None:
        if not self._pending:
            return
        pending, self._pending = self._pending, {}
        left: list[_Entry] = []
        joined: list[_Entry] = []
        shifts: dict[_Group, list[tuple[str, int]]] = {}
        for (kind, entity_id), change in pending.items():
            self._write(self._of(kind.__name__), entity_id, change)
            for index, old, new in change.moves:
                for there, n in ((old, -1), (new, 1)):
                    if there is None:
                        continue
                    key, place = there[0], place_of(there[1], entity_id)
                    (joined if n > 0 else left).append((self._of(index.name), key, place))
                    if not index.small:
                        shifts.setdefault((index.name, key), []).append((place, n))
        if left:
            self._many(sql.LEAVE, left)
        if joined:
            self._many(sql.JOIN, joined)
        self._count(shifts)

    def _write(self, kind: str, entity_id: str, change: _Change) -> None:
        if change.after is None:
            self._execute(sql.DELETE, (kind, entity_id))
        elif change.stored is None:
            self._execute(sql.INSERT, (kind, entity_id, change.document))
        else:
            self._execute(sql.UPDATE, (change.document, kind, entity_id))

    def _count(self, shifts: Mapping[_Group, list[tuple[str, int]]]) -> None:
        """Bring the counts of groups, and those within them, up to date."""
        counted: list[tuple[str, str, int]] = []
        for group, each in shifts.items():
            change = each[0][1] if len(each) == 1 else sum(n for _, n in each)
            if group in self._known.counts:
                after = self._known.counts[group]
            else:
                after = self._known.counts[group] = self._size(group) + change
            named = (self._of(group[0]), group[1])
            counted.append((*named, after))
            if depth(max(after, after - change)):
                self._runs.shift(named, after - change, after, sorted(each))
        if counted:
            self._many(sql.SET_COUNT, counted)
            if any(not n for _, _, n in counted):
                self._many(sql.FORGET_EMPTY, [(idx, key) for idx, key, n in counted if not n])

    def _commit(self) -> None:
        self._settle()
        if self._number_taken:
            self._execute(sql.SET_COUNT, (*self._numbers(), self._file.number))
        if self._emitted:
            self._tell()
        super()._commit()
        self._changed = self._number_taken = False

    def _tell(self) -> None:
        file = self._file
        file.last_event = append(self._execute, file.world, file.last_event, self._emitted)
        self._emitted.clear()

    def _roll_back(self) -> None:
        if self._changed:
            # Some of what is remembered was never so.
            self._file.forget()
            self._pending.clear()
            self._emitted.clear()
            self._changed = self._number_taken = False
        super()._roll_back()

"""The store in a SQLite file: documents, sorted index entries, and counts kept with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from mock_server.domain.entities import KINDS, Entity
from mock_server.storage.codec import decode, encode
from mock_server.storage.indexes import INDEXES, Index
from mock_server.storage.moments import microseconds
from mock_server.storage.protocol import DEFAULT_WORLD, Needs, StorageError
from mock_server.storage.sqlite_file import connect, explain
from mock_server.storage.turn import ReadOnly, Turn

E = TypeVar("E", bound=Entity)
# Seconds a transaction waits for another process that writes.
PATIENCE = 5.0
# SQLite's integers end here; no group has as many members.
LARGEST = 2**63 - 1
# So many entities a write transaction remembers, to spare reading and decoding them again.
REMEMBERED = 1000

_Entry = tuple[str, str, int, str]
_Moves = tuple[list[_Entry], list[_Entry], list[tuple[str, str, int]]]
_INDEXES_OF: dict[type[Any], tuple[Index[Any], ...]] = {
    kind: tuple(index for index in INDEXES if index.kind is kind) for kind in KINDS
}

_GET = "SELECT doc FROM entities WHERE kind = ? AND id = ?"
# Documents are looked up for the rows of the page only, not for those the offset skips.
_PAGE = """SELECT id, (SELECT doc FROM entities WHERE kind = ? AND id = entries.id) FROM entries
    WHERE idx = ? AND key = ? ORDER BY ord DESC, id DESC LIMIT ? OFFSET ?"""
_COUNT = "SELECT n FROM counts WHERE idx = ? AND key = ?"
_COUNT_SMALL = "SELECT count(*) FROM entries WHERE idx = ? AND key = ?"
_COUNT_UNTIL = "SELECT count(*) FROM entries WHERE idx = ? AND key = ? AND ord <= ?"
_PUT = """INSERT INTO entities VALUES (?, ?, ?)
    ON CONFLICT (kind, id) DO UPDATE SET doc = excluded.doc"""
_DELETE = "DELETE FROM entities WHERE kind = ? AND id = ?"
_JOIN = "INSERT INTO entries VALUES (?, ?, ?, ?)"
_LEAVE = "DELETE FROM entries WHERE idx = ? AND key = ? AND ord = ? AND id = ?"
_ADD = """INSERT INTO counts VALUES (?, ?, ?)
    ON CONFLICT (idx, key) DO UPDATE SET n = n + excluded.n"""
_FORGET_EMPTY = "DELETE FROM counts WHERE idx = ? AND key = ? AND n = 0"
_NEXT = """INSERT INTO numbers VALUES ('number', 1)
    ON CONFLICT (name) DO UPDATE SET n = n + 1"""
_NUMBER = "SELECT n FROM numbers WHERE name = 'number'"
# Changes by other connections only; together with our own count of changes it tells of all.
_DATA_VERSION = "PRAGMA data_version"
_ERASE = (
    "DELETE FROM entities",
    "DELETE FROM entries",
    "DELETE FROM counts",
    "DELETE FROM numbers",
)


@dataclass(frozen=True, slots=True)
class _File:
    """Hold the one connection that the transactions of a store use in turn."""

    path: Path
    patience: float
    connection: sqlite3.Connection
    turn: Turn


class _Reading(ReadOnly):
    """Answer from one snapshot of the file; one object serves every read transaction."""

    __slots__ = ("_cursor", "_execute", "_file")
    _begin = "BEGIN"

    def __init__(self, file: _File) -> None:
        self._file = file
        self._cursor = file.connection.cursor()
        self._execute = self._cursor.execute

    def __enter__(self) -> Self:
        file = self._file
        file.turn.take()
        try:
            self._execute(self._begin)
        except sqlite3.Error as error:
            file.turn.give()
            raise explain(error, file.path, file.patience) from error
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
                self._execute("COMMIT")
            # After some errors SQLite has rolled back by itself.
            elif file.connection.in_transaction:
                self._execute("ROLLBACK")
        except sqlite3.Error as failure:
            if file.connection.in_transaction:
                self._execute("ROLLBACK")
            raise explain(failure, file.path, file.patience) from failure
        finally:
            file.turn.give()
        if isinstance(error, sqlite3.Error):
            raise explain(error, file.path, file.patience) from error

    def get(self, kind: type[E], entity_id: str) -> E | None:
        for (document,) in self._rows(_GET, (kind.__name__, entity_id)):
            return self._decode(kind, entity_id, document)
        return None

    def first(self, index: Index[E], key: str) -> E | None:
        for entity in self.page(index, key, offset=0, limit=1):
            return entity
        return None

    def page(self, index: Index[E], key: str, *, offset: int, limit: int) -> list[E]:
        kind = index.kind
        rows = self._rows(
            _PAGE, (kind.__name__, index.name, key, min(limit, LARGEST), min(offset, LARGEST))
        )
        return [self._decode(kind, entity_id, document) for entity_id, document in rows]

    def count(self, index: Index[E], key: str, *, until: datetime | None = None) -> int:
        if until is not None:
            rows = self._rows(_COUNT_UNTIL, (index.name, key, microseconds(until)))
        else:
            rows = self._rows(_COUNT_SMALL if index.small else _COUNT, (index.name, key))
        return int(rows[0][0]) if rows else 0

    def _rows(self, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            return self._execute(statement, parameters).fetchall()
        except UnicodeEncodeError:
            # Half a surrogate pair is no text: none was ever stored, so none is found.
            return []

    def _decode(self, kind: type[E], entity_id: str, document: str) -> E:  # noqa: ARG002
        return decode(kind, document)


class _Writing(_Reading):
    """Change the file; nobody else writes between BEGIN IMMEDIATE and the end."""

    __slots__ = ("_known",)
    _begin = "BEGIN IMMEDIATE"

    def __init__(self, file: _File) -> None:
        super().__init__(file)
        self._known: dict[tuple[type[Any], str], Any] = {}

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._known.clear()
        super().__exit__(kind, error, trace)

    def get(self, kind: type[E], entity_id: str) -> E | None:
        known = self._known.get((kind, entity_id))
        return super().get(kind, entity_id) if known is None else cast("E", known)

    def put(self, entity: Entity) -> None:
        kind = type(entity)
        moves = _moves(kind, self.get(kind, entity.id), entity)
        # Whatever refuses the entity has done so before the first change.
        self._execute(_PUT, (kind.__name__, entity.id, encode(entity).decode()))
        self._move(moves)
        self._remember(kind, entity.id, entity)

    def delete(self, kind: type[Entity], entity_id: str) -> None:
        before = self.get(kind, entity_id)
        if before is not None:
            self._execute(_DELETE, (kind.__name__, entity_id))
            self._move(_moves(kind, before, None))
            self._known.pop((kind, entity_id), None)

    def next_number(self) -> int:
        self._execute(_NEXT)
        return int(self._rows(_NUMBER, ())[0][0])

    def clear(self) -> None:
        for statement in _ERASE:
            self._execute(statement)
        self._known.clear()

    def _decode(self, kind: type[E], entity_id: str, document: str) -> E:
        entity = decode(kind, document)
        self._remember(kind, entity_id, entity)
        return entity

    def _remember(self, kind: type[Any], entity_id: str, entity: Any) -> None:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[kind, entity_id] = entity

    def _move(self, moves: _Moves) -> None:
        """Bring the index entries of an entity, and the counts of their groups, up to date."""
        left, joined, changes = moves
        many = self._cursor.executemany
        if left:
            many(_LEAVE, left)
        if joined:
            many(_JOIN, joined)
        if changes:
            many(_ADD, changes)
            many(_FORGET_EMPTY, [(idx, key) for idx, key, change in changes if change < 0])


class SqliteStore:
    """Keep everything in one file; what is committed outlives the process, however it ends."""

    def __init__(self, path: Path, *, patience: float = PATIENCE) -> None:
        """Open or make the file; raise StorageError where it can't be a store."""
        self._file = _File(path, patience, connect(path, patience=patience), Turn())
        self._reading = _Reading(self._file)
        self._writing = _Writing(self._file)

    @property
    def description(self) -> str:
        return f"SQLite file {self._file.path}"

    @property
    def blocking(self) -> bool:
        return False

    @property
    def version(self) -> int:
        file = self._file
        try:
            ((others,),) = file.connection.execute(_DATA_VERSION)
            return file.connection.total_changes << 32 | int(others)
        except sqlite3.Error as error:
            raise explain(error, file.path, file.patience) from error

    def read(self, needs: Needs | None = None) -> _Reading:  # noqa: ARG002 - all is at hand
        return self._reading

    def write(self, needs: Needs | None = None) -> _Writing:  # noqa: ARG002 - all is at hand
        return self._writing

    def world(self, name: str) -> SqliteStore:
        if name != DEFAULT_WORLD:
            raise StorageError("This store keeps one world: for several use `--store memory`")
        return self

    def worlds(self) -> list[str]:
        return [DEFAULT_WORLD]

    def fork(self, source: str, target: str) -> None:  # noqa: ARG002
        self.world(target)

    def drop(self, name: str) -> None:
        self.world(name)

    def close(self) -> None:
        self._file.connection.close()


def _moves(kind: type[Any], before: Any, after: Any) -> _Moves:
    """Return the entries that go, the entries that come, and the changes of counts."""
    left: list[_Entry] = []
    joined: list[_Entry] = []
    changes: list[tuple[str, str, int]] = []
    for index in _INDEXES_OF[kind]:
        old_key = None if before is None else index.key(before)
        new_key = None if after is None else index.key(after)
        old = None if old_key is None else index.order(before)
        new = None if new_key is None else index.order(after)
        if old_key == new_key and old == new:
            continue
        if old_key is not None and old is not None:
            left.append((index.name, old_key, microseconds(old), before.id))
        if new_key is not None and new is not None:
            joined.append((index.name, new_key, microseconds(new), after.id))
        if old_key != new_key and not index.small:
            changes += [
                (index.name, key, change)
                for key, change in ((old_key, -1), (new_key, 1))
                if key is not None
            ]
    return left, joined, changes

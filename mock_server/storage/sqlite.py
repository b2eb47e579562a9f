"""The store in a SQLite file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from mock_server.domain.entities import KINDS, World
from mock_server.domain.events import Page
from mock_server.storage import sqlite_sql as sql
from mock_server.storage.protocol import DEFAULT_WORLD, Needs, StorageError
from mock_server.storage.sqlite_connection import AFTER_MARK, MARK, File
from mock_server.storage.sqlite_feed import page
from mock_server.storage.sqlite_file import connect, explain
from mock_server.storage.sqlite_transactions import INDEX_NAMES, Reading, Writing

# Seconds a transaction waits for another process that writes.
PATIENCE = 5.0


class SqliteStore:
    """Keep everything in one file; what is committed outlives the process, however it ends."""

    def __init__(self, path: Path, *, patience: float = PATIENCE) -> None:
        """Open or make the file; raise StorageError where it can't be a store."""
        self._stand_on(File(path, patience, connect(path, patience=patience)), {})

    def _stand_on(self, file: File, worlds: dict[str, SqliteStore]) -> None:
        self._file = file
        self._reading = Reading(file)
        self._writing = Writing(file)
        self._worlds = worlds
        worlds[file.world] = self

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
            ((others,),) = file.connection.execute(sql.DATA_VERSION)
            return file.connection.total_changes << 32 | int(others)
        except sqlite3.Error as error:
            raise explain(error, file.path, file.patience) from error

    def read(self, needs: Needs | None = None) -> Reading:  # noqa: ARG002 - all is at hand
        return self._reading

    def write(self, needs: Needs | None = None) -> Writing:  # noqa: ARG002 - all is at hand
        return self._writing

    def events(self, after: int, limit: int) -> Page:
        with self._reading:
            return page(self._file.connection.execute, self._file.world, after, limit)

    def feeds(self) -> dict[str, tuple[str, int]]:
        with self._reading as tx:
            rows = tx.rows(sql.FEEDS, ())
        return {world: (name, last - begin) for world, name, begin, last in rows}

    def world(self, name: str) -> SqliteStore:
        if name not in self._worlds:
            file = self._file
            store = SqliteStore.__new__(SqliteStore)
            own = File(file.path, file.patience, file.connection, file.turn, world=name)
            store._stand_on(own, self._worlds)  # noqa: SLF001 - another of the same class
        return self._worlds[name]

    def worlds(self) -> list[str]:
        first = f"{World.__name__}{MARK}"
        with self._reading as tx:
            rows = tx.rows(sql.WORLDS, (first, f"{World.__name__}{AFTER_MARK}"))
        return [DEFAULT_WORLD, *(str(kind).removeprefix(first) for (kind,) in rows)]

    def fork(self, source: str, target: str) -> None:
        old, new = self.world(source)._file, self.world(target)._file  # noqa: SLF001
        with self.world(target)._writing as tx:  # noqa: SLF001
            if tx.get(World, "world") is not None:
                raise StorageError(f"The world {target!r} is not empty: drop it before copying")
            for kind in KINDS:
                tx.change(sql.COPY_KIND, (new.of(kind.__name__), old.of(kind.__name__)))
            for name in INDEX_NAMES:
                for statement in sql.COPY_INDEX:
                    tx.change(statement, (new.of(name), old.of(name)))

    def drop(self, name: str) -> None:
        with self.world(name).write() as tx:
            tx.clear()
            tx.erase_feed()
        if name != DEFAULT_WORLD:
            del self._worlds[name]

    def close(self) -> None:
        self._file.connection.close()

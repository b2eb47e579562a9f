"""The store in PostgreSQL: documents, sorted entries and counts, shared by any number of replicas.

How a check and its change are one step between replicas: advisory locks, taken by name before
anything is read, held until the transaction ends. A transaction with `needs` shares the lock of
the whole store and takes those of the resources its decision rests on: a session's room (so its
sessions start, end and are joined one after the other), a preset that is deleted or used, a token
that is spent. One without `needs` has the whole store to itself, so an operation that nobody
thought of costs speed and never a race. Statements run READ COMMITTED and come after the locks,
so they see what the last holder left. Chosen against

- row locks, which write to the table for each reader who must not be disturbed, and need a row
  where there may be none yet;
- SERIALIZABLE, which is right without naming anything, but makes retries of whole requests out of
  eight callers of one session, and may fail at the commit, after the answer was computed.

A transaction costs two round trips: BEGIN, locks and everything the operation is known to ask for;
then all changes and COMMIT. Whatever was not foreseen costs one more for each question.
"""

from __future__ import annotations

from dataclasses import replace

from mock_server.domain.entities import World
from mock_server.domain.events import Page
from mock_server.storage import postgres_sql as sql
from mock_server.storage.postgres_answers import Partition, world_of
from mock_server.storage.postgres_connections import Connections
from mock_server.storage.postgres_feed import feeds, page
from mock_server.storage.postgres_feed_sql import ERASE_FEED, LOCK_NUMBERING
from mock_server.storage.postgres_schema import prepare
from mock_server.storage.postgres_transactions import Reading, Shared, Writing, fold
from mock_server.storage.protocol import DEFAULT_WORLD, Needs, StorageError


class PostgresStore:
    """Keep everything in a PostgreSQL database; any number of processes share it."""

    def __init__(self, url: str) -> None:
        """Open the database and make its tables if there are none; raise StorageError."""
        connections = Connections(url)
        wire = connections.connect()
        try:
            prepare(wire.connection, connections.where)
            # Processes that ended may have left some.
            fold(wire)
        finally:
            wire.close()
        self._shared = Shared(connections, Partition(DEFAULT_WORLD))

    @property
    def description(self) -> str:
        return self._shared.connections.where

    @property
    def blocking(self) -> bool:
        return True

    @property
    def version(self) -> None:
        # Other replicas write too, and asking the database costs what a read costs.
        return None

    def read(self, needs: Needs | None = None) -> Reading:
        return Reading(self._shared, needs)

    def write(self, needs: Needs | None = None) -> Writing:
        return Writing(self._shared, needs)

    def events(self, after: int, limit: int) -> Page:
        return page(self._shared.connections, self._shared.partition.world, after, limit)

    def feeds(self) -> dict[str, tuple[str, int]]:
        return feeds(self._shared.connections)

    def world(self, name: str) -> PostgresStore:
        if name == self._shared.partition.world:
            return self
        store = PostgresStore.__new__(PostgresStore)
        # What is decoded depends on the document alone, and who is in a transaction on the thread.
        store._shared = replace(self._shared, partition=Partition(name))  # noqa: SLF001
        return store

    def worlds(self) -> list[str]:
        with self.read(Needs()) as tx:
            found = [world_of(row[0]) for row in tx.ask(sql.WORLDS, {})]
        return [DEFAULT_WORLD, *(name for name in found if name != DEFAULT_WORLD)]

    def fork(self, source: str, target: str) -> None:
        old, new = Partition(source), Partition(target)
        ranges = {"first": old.first, "end": old.end, "new": new.prefix}
        with self.world(target).write() as tx:
            if tx.get(World, "world") is not None:
                raise StorageError(f"The world {target!r} is not empty: drop it before copying")
            for statement in sql.COPY:
                tx.ask(statement, ranges)
            tx.ask(sql.COPY_NUMBER, {"old": source, "new": target})

    def drop(self, name: str) -> None:
        with self.world(name).write() as tx:
            tx.clear()
            tx.ask(LOCK_NUMBERING, None)
            for statement in ERASE_FEED:
                tx.ask(statement, {"world": name})

    def close(self) -> None:
        self._shared.connections.close()

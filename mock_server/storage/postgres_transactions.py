"""Transactions of the PostgreSQL store: what is known is not asked, and changes go out together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import local
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import psycopg
from psycopg.pq import TransactionStatus

from mock_server.domain.entities import Entity, Preset, Room, User
from mock_server.domain.events import Event
from mock_server.storage import postgres_sql as sql
from mock_server.storage.codec import encode
from mock_server.storage.indexes import Index
from mock_server.storage.known import Known, count_until
from mock_server.storage.moments import microseconds
from mock_server.storage.postgres_answers import (
    PAGE_ROW,
    TOTAL,
    Decoded,
    Partition,
    changes,
    learn,
)
from mock_server.storage.postgres_connections import Connections, explain
from mock_server.storage.postgres_feed import emitting, number
from mock_server.storage.postgres_feed_sql import EMIT
from mock_server.storage.postgres_wire import Parameters, Rows, Statement, Wire
from mock_server.storage.protocol import Lock, Needs, StorageError
from mock_server.storage.runs import SIZES
from mock_server.storage.turn import NESTED, ReadOnly

E = TypeVar("E", bound=Entity)
Asked = tuple[Statement, Parameters]
# PostgreSQL's integers end here; no group has as many members.
LARGEST = 2**63 - 1
# A process folds moves into runs when it has changed so many entities: there are never many to be
# counted one by one, and few writers pay for it.
FOLD_AFTER = 100
# And it numbers events when it has told so many, for nobody may be reading.
NUMBER_AFTER = 1000


@dataclass(slots=True)
class Shared:
    """Hold what the transactions of a store have in common: `thread.busy` tells of nesting,
    `unfolded` about how many entities were changed here since moves were folded, `unnumbered` how
    many events were told here since events were numbered.
    """

    connections: Connections
    partition: Partition
    thread: local = field(default_factory=local)
    decoded: Decoded = field(default_factory=Decoded)
    unfolded: int = 0
    unnumbered: int = 0


class Reading(ReadOnly):
    """Answer from one snapshot, or from what is known already."""

    _begin = sql.BEGIN_READING

    def __init__(self, shared: Shared, needs: Needs | None) -> None:
        self._shared = shared
        self._connections = shared.connections
        self._thread = shared.thread
        self._decoded = shared.decoded
        self._partition = shared.partition
        self._needs = needs
        self._known = Known()
        self._numbers: list[int] = []
        self._connection: Wire | None = None
        self._reused = False
        self._began = False

    def __enter__(self) -> Self:
        if getattr(self._thread, "busy", False):
            raise StorageError(NESTED)
        self._connection = self._connections.take()
        self._reused = self._connection is not None
        self._thread.busy = True
        if self._needs is not None:
            try:
                self._send()
            except BaseException:
                self._leave()
                raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._commit()
            elif self._began:
                self._roll_back()
        finally:
            self._leave()

    def get(self, kind: type[E], entity_id: str) -> E | None:
        if (kind, entity_id) not in self._known.entities:
            rows = self.ask(sql.GATHER, gathering(((kind, entity_id),), self._partition))
            learn(self._known, rows, self._decoded, self._partition)
        return cast("E | None", self._known.entities[kind, entity_id])

    def first(self, index: Index[E], key: str) -> E | None:
        for entity in self.page(index, key, offset=0, limit=1):
            return entity
        return None

    def page(self, index: Index[E], key: str, *, offset: int, limit: int) -> list[E]:
        if limit == 0:
            return []
        group = self._known.groups.get((index.name, key))
        if group is not None:
            ids = [entity_id for _, entity_id in group[::-1][offset : offset + limit]]
        else:
            ids = self._page(index, key, min(offset, LARGEST), min(limit, LARGEST))
        entities = (self.get(index.kind, entity_id) for entity_id in ids)
        return [entity for entity in entities if entity is not None]

    def count(self, index: Index[E], key: str, *, until: datetime | None = None) -> int:
        where = (index.name, key)
        if (group := self._known.groups.get(where)) is not None:
            return len(group) if until is None else count_until(group, until)
        asked = {"idx": index.name, "key": self._partition.octets(key)}
        if until is not None:
            rows = self.ask(sql.COUNT_UNTIL, asked | {"until": microseconds(until)})
            return int(rows[0][0])
        if where not in self._known.counts:
            rows = self.ask(sql.COUNT_SMALL if index.small else sql.COUNT, asked)
            self._known.counts[where] = int(rows[0][0])
        return self._known.counts[where]

    def _page(self, index: Index[E], key: str, offset: int, limit: int) -> list[str]:
        own_key = self._partition.octets(key)
        asked = {"kind": index.kind.__name__, "idx": index.name, "key": own_key}
        page = sql.PAGE if offset <= SIZES[0] else sql.DEEP_PAGE
        rows = self.ask(page, asked | {"limit": limit, "offset": offset})
        learn(self._known, rows, self._decoded, self._partition)
        if not index.small:
            total = next(row[3] for row in rows if row[0] == TOTAL)
            self._known.counts.setdefault((index.name, key), total)
        places = sorted(
            (row[3], self._partition.text(row[1])) for row in rows if row[0] == PAGE_ROW
        )
        return [entity_id for _, entity_id in places]

    def ask(self, what: Statement, parameters: Parameters) -> Rows:
        """Return what a statement gives."""
        return self._send((what, parameters))[-1]

    def _send(self, *statements: Asked, opening_only: bool = False) -> list[Rows]:
        """Send what must come first and `statements` in one round trip; raises StorageError."""
        opening = [] if self._began else self._opening()
        whole = opening if opening_only else [*opening, *self._unsent(), *statements]
        try:
            answers = self._run(whole)
        except psycopg.Error as error:
            # BEGIN may have been carried out before a later one failed.
            self._began = self._connection is not None
            raise explain(error, self._connections.where) from error
        if opening:
            self._began = True
            self._take_in(answers)
        return answers

    def _run(self, statements: Sequence[Asked]) -> list[Rows]:
        if self._connection is None:
            self._connection = self._connections.connect()
        try:
            return self._connection.exchange(statements)
        except psycopg.OperationalError:
            if self._began or not (self._reused and self._connection.broken):
                raise
        # It had died in the meantime; nothing has begun yet, so a new one may do it all.
        self._connections.drop_idle()
        self._connection = None
        self._connection = self._connections.connect()
        return self._connection.exchange(statements)

    def _opening(self) -> list[Asked]:
        """Return BEGIN and what is needed from the start, the same that `_take_in` expects."""
        statements: list[Asked] = [(self._begin, None), *self._locks()]
        if self._needs is not None and self._needs.entities:
            statements.append((sql.GATHER, gathering(self._needs.entities, self._partition)))
        if self._needs is not None and self._needs.numbers:
            statements.append((sql.NUMBERS, self._numbering(self._needs.numbers)))
        return statements

    def _take_in(self, answers: list[Rows]) -> None:
        rest = iter(answers[1 + len(self._locks()) :])
        if self._needs is not None and self._needs.entities:
            learn(self._known, next(rest), self._decoded, self._partition)
        if self._needs is not None and self._needs.numbers:
            self._numbers = [number for (number,) in next(rest)]

    def _numbering(self, how_many: int) -> Parameters:
        return {"how_many": how_many, "world": self._partition.world}

    def _locks(self) -> list[Asked]:
        return []

    def _unsent(self) -> list[Asked]:
        return []

    def _commit(self) -> None:
        if self._began and self._failed():
            # A COMMIT would be answered well, and undo everything.
            self._roll_back()
            raise StorageError(
                f"{self._connections.where} refused a statement of this transaction, "
                "so nothing was changed: look into its log"
            )
        if not self._began and self._unsent():
            # An opening is repeated where its connection had died; a commit must not be.
            self._send(opening_only=True)
        if self._began:
            self._send((sql.COMMIT, None))

    def _failed(self) -> bool:
        assert self._connection is not None, "a transaction that began has a connection"
        return self._connection.state is not TransactionStatus.INTRANS

    def _roll_back(self) -> None:
        assert self._connection is not None, "a transaction that began has a connection"
        # Where it fails, the server has forgotten the transaction together with the connection.
        if self._connection.state in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            with suppress(psycopg.Error):
                self._connection.exchange([(sql.ROLLBACK, None)])

    def _leave(self) -> None:
        self._thread.busy = False
        self._connections.give(self._connection)
        self._connection = None


class Writing(Reading):
    """Keep changes until the end or the next question, whichever comes first."""

    _begin = sql.BEGIN_WRITING

    def __init__(self, shared: Shared, needs: Needs | None) -> None:
        super().__init__(shared, needs)
        self._pending: dict[tuple[type[Any], str], tuple[Any, bytes | None]] = {}
        self._emitted: list[Event] = []
        self._changes = 0
        self._told = 0

    def put(self, entity: Entity) -> None:
        document = encode(entity)
        self._known.put(entity)
        self._pending[type(entity), entity.id] = (entity, document)

    def delete(self, kind: type[Entity], entity_id: str) -> None:
        self._known.delete(kind, entity_id)
        self._pending[kind, entity_id] = (None, None)

    def next_number(self) -> int:
        if not self._numbers:
            self._numbers = [n for (n,) in self.ask(sql.NUMBERS, self._numbering(1))]
        return self._numbers.pop(0)

    def emit(self, event: Event) -> None:
        self._emitted.append(event)

    def clear(self) -> None:
        if self._needs is not None:
            raise StorageError(
                "A transaction with `needs` shares the store: clear it in one without"
            )
        self._pending.clear()
        self._known.clear()
        self._numbers.clear()
        for statement in sql.ERASE:
            self._send((statement, {"first": self._partition.first, "end": self._partition.end}))
        self._send((sql.RESTART, {"world": self._partition.world}))

    def _send(self, *statements: Asked, opening_only: bool = False) -> list[Rows]:
        answers = super()._send(*statements, opening_only=opening_only)
        if not opening_only:
            self._changes += len(self._pending)
            self._told += len(self._emitted)
            self._pending.clear()
            self._emitted.clear()
        return answers

    def _commit(self) -> None:
        super()._commit()
        shared = self._shared
        shared.unfolded += self._changes
        if shared.unfolded >= FOLD_AFTER and self._connection is not None:
            shared.unfolded = 0
            if not fold(self._connection):
                shared.unfolded += FOLD_AFTER
        shared.unnumbered += self._told
        if shared.unnumbered >= NUMBER_AFTER and self._connection is not None:
            shared.unnumbered = 0
            number(self._connection)

    def _unsent(self) -> list[Asked]:
        changed = changes(self._pending, self._partition) if self._pending else {}
        if not self._emitted:
            return [(sql.APPLY, changed)] if changed else []
        told = emitting(self._partition.world, self._emitted)
        # One statement costs less than two.
        return [(sql.APPLY_AND_EMIT if changed else EMIT, changed | told)]

    def _locks(self) -> list[Asked]:
        if self._needs is None:
            return [(sql.LOCK_STORE, None)]
        locks = [_locking(lock, self._partition) for lock in self._needs.locks]
        return [(sql.SHARE_STORE, None), *locks]

    def _take_in(self, answers: list[Rows]) -> None:
        for lock, rows in zip(self._needs.locks if self._needs else (), answers[2:], strict=False):
            if lock.of is not None and not rows:
                # Not there to be locked, so not there: it may have come right after.
                self._known.entities[lock.of, lock.id] = None
        super()._take_in(answers)


def fold(wire: Wire) -> bool:
    """Fold moves into runs, one process after the other; tell whether that could be done now."""
    steps = (sql.BEGIN_FOLDING, sql.LOCK_FOLDING, sql.FOLD, sql.COMMIT)
    try:
        _, _, folded, _ = wire.exchange([(each, None) for each in steps])
        wire.exchange([(sql.VACUUM, None)])
    except psycopg.Error:
        with suppress(psycopg.Error):
            wire.exchange([(sql.ROLLBACK, None)])
        return False
    return bool(folded)


def gathering(entities: Sequence[tuple[type[Any], str]], partition: Partition) -> Parameters:
    """Return the parameters of GATHER."""
    return {
        "kinds": [kind.__name__ for kind, _ in entities],
        "ids": [partition.octets(entity_id) for _, entity_id in entities],
    }


def _locking(lock: Lock, partition: Partition) -> Asked:
    column = None if lock.of is None else _COLUMNS[lock.kind]
    asked = {"kind": lock.kind.__name__, "id": partition.octets(lock.id)}
    if lock.of is not None:
        asked["of"] = lock.of.__name__
    return sql.lock_statement(column, shared=lock.shared), asked


_COLUMNS: Mapping[type[Any], str] = {Room: "room_id", Preset: "preset_id", User: "user_id"}

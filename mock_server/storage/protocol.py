"""What a store promises; every store keeps the same promises in the same tests."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from mock_server.domain.entities import Entity
from mock_server.domain.events import Event, Page
from mock_server.errors import OperatorError
from mock_server.storage.indexes import Index

E = TypeVar("E", bound=Entity)
# So many transactions of a store that blocks run at a time in one process.
AT_ONCE = 8
DEFAULT_WORLD = "default"


class StorageError(OperatorError):
    """Say why a store can't be opened or used: what is, what must be, what to do."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Name what a write transaction keeps others from changing: the entity `kind` `id`, or with
    `of` the entity of `kind` that the entity `of` `id` belongs to; `shared` admits other sharers.
    """

    kind: type[Any]
    id: str
    of: type[Any] | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Needs:
    """Tell beforehand what a transaction will use, so that a store may fetch it all at once.

    `entities` (kind, id) and `numbers` are hints. `locks` are a promise: what the transaction
    checks and changes is kept still by them. They are ordered rooms, presets, others.
    """

    locks: tuple[Lock, ...] = ()
    entities: tuple[tuple[type[Any], str], ...] = ()
    numbers: int = 0


class Transaction(Protocol):
    """Read and change entities: all changes happen when it ends well, none when it raises.

    It sees its own changes. Opened for reading it raises StorageError at a change.
    """

    def get(self, kind: type[E], entity_id: str) -> E | None:
        """Return the entity of this kind with this id, None where there is none."""

    def first(self, index: Index[E], key: str) -> E | None:
        """Return the newest entity of a group, None where the group is empty."""

    def page(self, index: Index[E], key: str, *, offset: int, limit: int) -> list[E]:
        """Return `limit` entities of a group, newest first, ties by id (descending), from `offset`
        (any integer >= 0, however large).
        """

    def count(self, index: Index[E], key: str, *, until: datetime | None = None) -> int:
        """Count a group, or only its members whose order value is <= `until`."""

    def put(self, entity: Entity) -> None:
        """Write an entity, new or changed."""

    def delete(self, kind: type[Entity], entity_id: str) -> None:
        """Remove an entity; nothing happens where there is none."""

    def next_number(self) -> int:
        """Return 1, 2, 3, …: a number this world has not given before; a shared store may skip
        those of transactions that raised.
        """

    def emit(self, event: Event) -> None:
        """Append an event to the world's feed, which gives it its id when this is committed."""

    def clear(self) -> None:
        """Remove every entity and start numbers at 1 again; what was told stays told."""


class Store(Protocol):
    """Give transactions; writers are serialised, so a check and its change are one step.

    With `needs`, a writer may run beside those who lock other things; without, it is alone.
    Transactions do not nest: opening one inside another in the same thread raises StorageError.
    """

    @property
    def description(self) -> str:
        """Say in a few words what is kept where, for the banner."""

    @property
    def blocking(self) -> bool:
        """Tell whether a transaction can wait on a network, so must not run on the event loop."""

    @property
    def version(self) -> int | None:
        """Return a number that is another one after every committed change, whichever process
        made it: what was read after asking for it holds while it stays. It may change for nothing,
        so compare it for equality only. None where the store can't tell it cheaply.
        """

    def read(self, needs: Needs | None = None) -> AbstractContextManager[Transaction]:
        """Open a transaction that changes nothing and sees one state of the store throughout."""

    def write(self, needs: Needs | None = None) -> AbstractContextManager[Transaction]:
        """Open a transaction that is committed when it ends and undone when it raises."""

    def events(self, after: int, limit: int) -> Page:
        """Return the next events of the world's feed: those with an id above `after`.

        An id is given to an event after those of all events that were committed before it, so who
        has read to an id has missed nothing below it. The feed keeps its newest `BACKLOG` events.
        """

    def feeds(self) -> dict[str, tuple[str, int]]:
        """Return, by world, the name of its feed and the newest id in it: cheap, for who waits.

        A world of which nothing has been told may be missing.
        """

    def world(self, name: str) -> Store:
        """Return the same storage confined to one world, empty until something is put there.

        The store itself is the world `default`; names are any short text.
        """

    def worlds(self) -> list[str]:
        """List the worlds that hold anything, in no order; `default` is always one."""

    def fork(self, source: str, target: str) -> None:
        """Copy all of one world into another, which must be empty, and whose feed begins anew;
        raises StorageError.
        """

    def drop(self, name: str) -> None:
        """Remove all of a world; nothing happens where there is none."""

    def close(self) -> None:
        """Give back files and connections."""

"""A store that waits with a request's changes until both applications have answered."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self


class Undone(Exception):
    """Take back what a request changed."""


class HeldStore:
    """Pass everything to a store; a write that ended well is kept open until `settle`."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self._open: HeldWrite | None = None
        self.changes: tuple[Any, ...] = ()
        self.touched: set[tuple[Any, str]] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def world(self, name: str) -> HeldStore:
        assert name == "default", "the comparison has one world"
        return self

    def write(self, needs: Any = None) -> HeldWrite:
        return HeldWrite(self, self._store.write(needs))

    def hold(self, write: HeldWrite) -> None:
        assert self._open is None, "a request wrote twice"
        self._open = write
        self.changes = tuple(write.changes)
        self.touched |= write.touched

    def settle(self, *, keep: bool) -> None:
        """Commit what the last request changed, or undo it."""
        if self._open is not None:
            self._open.settle(keep=keep)
        self._open = None
        self.changes = ()

    def look_up(self, ids: Iterable[tuple[Any, str]]) -> dict[tuple[Any, str], Any]:
        """Return the entities of these kinds and ids, None for those that are gone."""
        with self._store.read() as tx:
            return {(kind, each): tx.get(kind, each) for kind, each in ids}


class HeldWrite:
    """Be a write transaction that lists its changes and ends when it is told to."""

    def __init__(self, store: HeldStore, inner: Any) -> None:
        self._store = store
        self._inner = inner
        self._tx: Any = None
        self.changes: list[Any] = []
        self.touched: set[tuple[Any, str]] = set()

    def __enter__(self) -> Self:
        self._tx = self._inner.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._inner.__exit__(kind, error, trace)
        else:
            self._store.hold(self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def put(self, entity: Any) -> None:
        self.changes.append(entity)
        self.touched.add((type(entity), entity.id))
        self._tx.put(entity)

    def delete(self, kind: Any, entity_id: str) -> None:
        self.changes.append((kind, entity_id))
        self.touched.add((kind, entity_id))
        self._tx.delete(kind, entity_id)

    def next_number(self) -> int:
        number: int = self._tx.next_number()
        self.changes.append(number)
        return number

    def settle(self, *, keep: bool) -> None:
        if keep:
            self._inner.__exit__(None, None, None)
        else:
            self._inner.__exit__(Undone, Undone(), None)

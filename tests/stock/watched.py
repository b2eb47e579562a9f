"""A store that tells what a request changed, and can take it back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

_Id = tuple[Any, str]


class WatchedStore:
    """Pass everything to a store and list the changes of what was committed.

    With `blocking` it says that it waits on a network, so that it is used in a thread.
    """

    def __init__(self, store: Any, *, blocking: bool = False) -> None:
        self._store = store
        self.blocking = blocking or store.blocking
        self.changes: tuple[Any, ...] = ()
        self._before: list[tuple[_Id, Any]] = []
        self.touched: set[_Id] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def world(self, name: str) -> WatchedStore:
        assert name == "default", "the comparison has one world"
        return self

    @contextmanager
    def write(self, needs: Any = None) -> Iterator[Any]:
        with self._store.write(needs) as tx:
            watched = _WatchedWrite(tx)
            yield watched
        assert not self.changes, "a request wrote twice"
        self.changes, self._before = tuple(watched.changes), watched.before
        self.touched.update(each for each, _ in watched.before)

    def forget_changes(self) -> None:
        self.changes, self._before = (), []

    def undo(self) -> None:
        """Take back what was changed; numbers that were given stay given."""
        with self._store.write() as tx:
            for (kind, entity_id), before in reversed(self._before):
                if before is None:
                    tx.delete(kind, entity_id)
                else:
                    tx.put(before)

    def skip_numbers(self, count: int) -> None:
        """Give away as many numbers as another store did."""
        with self._store.write() as tx:
            for _ in range(count):
                tx.next_number()

    def numbers_given(self) -> int:
        return sum(isinstance(each, int) for each in self.changes)

    def look_up(self, ids: Iterable[_Id]) -> dict[_Id, Any]:
        """Return the entities of these kinds and ids, None for those that are gone."""
        with self._store.read() as tx:
            return {(kind, each): tx.get(kind, each) for kind, each in ids}


class _WatchedWrite:
    def __init__(self, tx: Any) -> None:
        self._tx = tx
        self.changes: list[Any] = []
        self.before: list[tuple[_Id, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def put(self, entity: Any) -> None:
        kind, before = type(entity), self._tx.get(type(entity), entity.id)
        self._tx.put(entity)
        # What was there already is no change, whether a store is told so or not.
        if entity != before:
            self.before.append(((kind, entity.id), before))
            self.changes.append(entity)

    def delete(self, kind: Any, entity_id: str) -> None:
        self.before.append(((kind, entity_id), self._tx.get(kind, entity_id)))
        self.changes.append((kind, entity_id))
        self._tx.delete(kind, entity_id)

    def next_number(self) -> int:
        number: int = self._tx.next_number()
        self.changes.append(number)
        return number


def level(one: WatchedStore, other: WatchedStore) -> None:
    """Let two stores be equal after a request: what they did not both change is undone."""
    if one.changes != other.changes:
        for store, fellow in ((one, other), (other, one)):
            store.undo()
            # Ids come from numbers, so both must have given as many.
            store.skip_numbers(max(0, fellow.numbers_given() - store.numbers_given()))
    for store in (one, other):
        store.forget_changes()

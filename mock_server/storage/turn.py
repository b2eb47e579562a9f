"""What every store's transactions share: they take turns, and a reading one changes nothing."""

from __future__ import annotations

from threading import RLock

from mock_server.domain.entities import Entity
from mock_server.domain.events import Event
from mock_server.storage.protocol import StorageError

NESTED = (
    "A transaction is open and transactions do not nest: "
    "do this work in the open one, or after it has ended"
)


class Turn:
    """Let one transaction run at a time; other threads wait, the same thread is refused."""

    __slots__ = ("_lock", "_taken")

    def __init__(self) -> None:
        self._lock = RLock()
        self._taken = False

    def take(self) -> None:
        """Wait until no other thread is in a transaction; raise StorageError when this one is."""
        self._lock.acquire()
        if self._taken:
            self._lock.release()
            raise StorageError(NESTED)
        self._taken = True

    def give(self) -> None:
        """Let the next one in."""
        self._taken = False
        self._lock.release()


class ReadOnly:
    """Refuse the changes of a transaction."""

    __slots__ = ()

    def put(self, entity: Entity) -> None:
        """Raise StorageError."""
        raise _refusal(f"write {type(entity).__name__} {entity.id!r}")

    def delete(self, kind: type[Entity], entity_id: str) -> None:
        """Raise StorageError."""
        raise _refusal(f"delete {kind.__name__} {entity_id!r}")

    def next_number(self) -> int:
        """Raise StorageError."""
        raise _refusal("take a number")

    def emit(self, event: Event) -> None:
        """Raise StorageError."""
        raise _refusal(f"tell of {event.operation}")

    def clear(self) -> None:
        """Raise StorageError."""
        raise _refusal("remove everything")


def _refusal(change: str) -> StorageError:
    return StorageError(
        f"A read transaction can't {change}: open the transaction with `store.write()`"
    )

"""One transaction at a time: what serialises the writers of a store inside a process."""

from __future__ import annotations

from threading import RLock

from mock_server.storage.protocol import StorageError


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
            raise StorageError(
                "A transaction is open and transactions do not nest: "
                "do this work in the open one, or after it has ended"
            )
        self._taken = True

    def give(self) -> None:
        """Let the next one in."""
        self._taken = False
        self._lock.release()

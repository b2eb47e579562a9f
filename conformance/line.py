"""A line of threads that wait: who may enter is woken, in order of arrival, and nobody else."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from conformance.errors import Stopped

Want = TypeVar("Want")


def _closed_door() -> threading.Lock:
    door = threading.Lock()
    door.acquire()
    return door


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Want]):
    want: Want
    door: threading.Lock = field(default_factory=_closed_door)
    entered: bool = False


class Line(Generic[Want]):
    """First come, first served: `admits` tells whether somebody may enter, `entry` notes it.

    Both are called by one thread at a time. `entry` is given 1 for one who enters, -1 for one
    who leaves. A condition that wakes everybody costs more than the requests it lets through.
    """

    def __init__(self, admits: Callable[[Want], bool], entry: Callable[[Want, int], None]) -> None:
        self._admits = admits
        self._entry = entry
        self._closed = False
        self._queue: deque[_Waiting[Want]] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def place(self, want: Want) -> Iterator[None]:
        """Hold a place inside for a block. Raises Stopped when the line is closed."""
        self._take(want)
        try:
            yield
        finally:
            with self._lock:
                self._entry(want, -1)
                self._call()

    def _take(self, want: Want) -> None:
        with self._lock:
            self._refuse()
            if not self._queue and self._admits(want):
                self._entry(want, 1)
                return
            mine = _Waiting(want)
            self._queue.append(mine)
        try:
            mine.door.acquire()
        except BaseException:
            self._withdraw(mine)
            raise
        if not mine.entered:
            raise Stopped("the run was stopped")

    def _withdraw(self, one: _Waiting[Want]) -> None:
        with self._lock:
            if one.entered:
                self._entry(one.want, -1)
            elif one in self._queue:
                self._queue.remove(one)
            self._call()

    def _call(self) -> None:
        while self._queue and self._admits(self._queue[0].want):
            first = self._queue.popleft()
            self._entry(first.want, 1)
            first.entered = True
            first.door.release()

    def _refuse(self) -> None:
        if self._closed:
            raise Stopped("the run was stopped")

    def close(self) -> None:
        """Let nobody in any more, and send away all who wait."""
        with self._lock:
            self._closed = True
            while self._queue:
                self._queue.popleft().door.release()

    def open(self) -> None:
        """Let people in again."""
        with self._lock:
            self._closed = False

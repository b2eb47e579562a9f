"""Keeps what changes things apart from what looks whether they stay as they are."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Literal

Group = Literal["movers", "watchers"]


class Quiet:
    """Two groups that never meet: requests that change, and judges who need stillness.

    Within a group any number may be at it. In turns by arrival, so neither group starves.
    """

    def __init__(self) -> None:
        self._inside = 0
        self._group: Group = "movers"
        self._queue: deque[object] = deque()
        self._moved = threading.Condition()

    def moving(self) -> AbstractContextManager[None]:
        """Hold the place of one who changes things."""
        return self._with("movers")

    def still(self) -> AbstractContextManager[None]:
        """Hold the place of one before whose eyes nothing may change."""
        return self._with("watchers")

    @contextmanager
    def _with(self, group: Group) -> Iterator[None]:
        me = object()
        with self._moved:
            self._queue.append(me)
            self._moved.wait_for(lambda: self._queue[0] is me and self._admits(group))
            self._queue.popleft()
            self._group = group
            self._inside += 1
            self._moved.notify_all()
        try:
            yield
        finally:
            with self._moved:
                self._inside -= 1
                self._moved.notify_all()

    def _admits(self, group: Group) -> bool:
        return self._inside == 0 or self._group == group

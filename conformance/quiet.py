"""Keeps what changes things apart from what looks whether they stay as they are."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Literal

from conformance.line import Line

Group = Literal["movers", "watchers"]


class Quiet:
    """Two groups that never meet: requests that change, and judges who need stillness.

    Within a group any number may be at it. In turns by arrival, so neither group starves.
    """

    def __init__(self) -> None:
        self._inside = 0
        self._group: Group = "movers"
        self._line: Line[Group] = Line(self._admits, self._enters)

    def moving(self) -> AbstractContextManager[None]:
        """Hold the place of one who changes things."""
        return self._line.place("movers")

    def still(self) -> AbstractContextManager[None]:
        """Hold the place of one before whose eyes nothing may change."""
        return self._line.place("watchers")

    def _admits(self, group: Group) -> bool:
        return self._inside == 0 or self._group == group

    def _enters(self, group: Group, count: int) -> None:
        self._group = group
        self._inside += count

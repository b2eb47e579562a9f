"""Keeps what changes things apart from what looks whether they stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
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

    @contextmanager
    def staying(self) -> Iterator[Stay]:
        """Hold the place of one who changes things, then watches, then changes things again.

        Those who stay set their scenes at one time and watch at one time: a place for each
        request would let every watcher stop all others in the middle of theirs.
        """
        stay = Stay(self)
        stay.enter()
        try:
            yield stay
        finally:
            stay.leave()

    def _admits(self, group: Group) -> bool:
        return self._inside == 0 or self._group == group

    def _enters(self, group: Group, count: int) -> None:
        self._group = group
        self._inside += count


@dataclass(slots=True)
class Stay:
    """A place among the movers that is given up for as long as its holder watches."""

    quiet: Quiet
    _place: AbstractContextManager[None] | None = field(default=None, init=False)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Hold the place of one before whose eyes nothing may change, instead of the own."""
        with self.aside(), self.quiet.still():
            yield

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Give the place up for a block in which others must get on."""
        self.leave()
        try:
            yield
        finally:
            self.enter()

    def enter(self) -> None:
        """Take the place."""
        place = self.quiet.moving()
        place.__enter__()
        self._place = place

    def leave(self) -> None:
        """Give the place up, unless that was done."""
        place, self._place = self._place, None
        if place is not None:
            place.__exit__(None, None, None)

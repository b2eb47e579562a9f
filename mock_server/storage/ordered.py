"""A sorted group of index entries, cheap to change and to page however many there are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from datetime import datetime
from operator import itemgetter

Entry = tuple[datetime, str]
# An insertion moves half a run on average: this many pointers move in about a microsecond.
RUN = 4096

_order = itemgetter(0)
_last = itemgetter(-1)


class Ordered:
    """Keep entries sorted in runs of at most `RUN`, so a change never moves a million pointers."""

    __slots__ = ("_runs", "size")

    def __init__(self, runs: list[list[Entry]], size: int) -> None:
        self._runs = runs
        self.size = size

    def copy(self) -> Ordered:
        """Return a group of the same entries that changes by itself."""
        return Ordered([run.copy() for run in self._runs], self.size)

    def newest(self) -> Entry:
        """Return the greatest entry."""
        return self._runs[-1][-1]

    def add(self, entry: Entry) -> None:
        """Insert an entry that is not there yet."""
        runs = self._runs
        # Most new entries are the newest, which is the last run: no search for those.
        at = len(runs) - 1
        if at and entry < runs[at][0]:
            at = bisect_left(runs, entry, key=_last)
        run = runs[at]
        insort(run, entry)
        self.size += 1
        if len(run) > RUN:
            # The last run only grows at its end as time goes on: leave the full half behind.
            half = len(run) - 1 if at == len(runs) - 1 else len(run) // 2
            runs[at : at + 1] = [run[:half], run[half:]]

    def remove(self, entry: Entry) -> None:
        """Take out an entry that is there."""
        runs = self._runs
        at = bisect_left(runs, entry, key=_last) if len(runs) > 1 else 0
        run = runs[at]
        del run[bisect_left(run, entry)]
        self.size -= 1
        if not run and len(runs) > 1:
            del runs[at]

    def page(self, offset: int, limit: int) -> list[Entry]:
        """Return `limit` entries from the `offset`th, greatest first."""
        found: list[Entry] = []
        for run in reversed(self._runs):
            length = len(run)
            if offset < length:
                end = length - offset
                found += run[max(0, end - (limit - len(found))) : end][::-1]
                if len(found) >= limit:
                    break
                offset = 0
            else:
                offset -= length
        return found

    def count_until(self, until: datetime) -> int:
        """Count the entries whose order is `until` or less."""
        runs = self._runs
        at = bisect_right(runs, until, key=_last_order)
        counted = sum(map(len, runs[:at]))
        return counted if at == len(runs) else counted + bisect_right(runs[at], until, key=_order)


def _last_order(run: list[Entry]) -> datetime:
    return run[-1][0]

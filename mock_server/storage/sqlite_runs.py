"""Runs in the SQLite store: kept up to date with every change, by whoever makes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence

from mock_server.storage import runs
from mock_server.storage import sqlite_sql as sql
from mock_server.storage.runs import depth
from mock_server.storage.sqlite_places import END, START

Group = tuple[str, str]
# Places that entities came to (1) and went from (-1), sorted.
Shifts = Sequence[tuple[str, int]]


class Runs:
    """Keep the runs of groups, and find places by them."""

    def __init__(self, execute: Callable[..., sqlite3.Cursor]) -> None:
        self._execute = execute

    def locate(self, group: Group, size: int, offset: int) -> tuple[str, int]:
        """Return a place and how many entries before it the `offset`th newest entry is."""
        end = END
        for level in range(depth(size), 0, -1):
            for place, n in self._execute(sql.RUNS_BEFORE, (*group, level, end)):
                if offset < n:
                    break
                offset -= n
                end = place
        return end, offset

    def count_before(self, group: Group, size: int, end: str) -> int:
        """Count the entries before a place."""
        counted = 0
        begin = START
        for level in range(depth(size), 0, -1):
            where = (*group, level, begin, end)
            begin, last, total = self._execute(sql.RUNS_UP_TO, where).fetchone()
            counted += total - last
        (n,) = self._execute(sql.COUNT_WITHIN, (*group, begin, end)).fetchone()
        return counted + int(n)

    def shift(self, group: Group, before: int, after: int, shifts: Shifts) -> None:
        """Bring the runs of a group up to date, whose entries and size have changed already."""
        kept, wanted = depth(before), depth(after)
        for level in range(1, min(kept, wanted) + 1):
            self._shift(group, level, shifts)
        for level in range(kept + 1, wanted + 1):
            self._execute(sql.SET_RUN, (*group, level, START, after))
            self._cut(group, level, START)
        if kept > wanted:
            self._execute(sql.DROP_LEVELS_ABOVE, (*group, wanted))

    def _shift(self, group: Group, level: int, shifts: Shifts) -> None:
        done = 0
        while done < len(shifts):
            row = self._execute(sql.RUN_HOLDING, (*group, level, shifts[done][0])).fetchone()
            begin, n = row
            end = self._end(group, level, begin) if len(shifts) > 1 else END
            while done < len(shifts) and shifts[done][0] < end:
                n += shifts[done][1]
                done += 1
            self._execute(sql.SET_RUN, (*group, level, begin, n))
            if n > runs.SIZES[level - 1]:
                self._cut(group, level, begin)
            elif n == 0 and begin != START:
                for each in range(level, 0, -1):
                    where = (*group, each, begin, *group, each + 1, begin)
                    self._execute(sql.DROP_EMPTY_RUN, where)

    def _end(self, group: Group, level: int, begin: str) -> str:
        following = self._execute(sql.NEXT_RUN, (*group, level, begin)).fetchone()
        return END if following is None else str(following[0])

    def _cut(self, group: Group, level: int, begin: str) -> None:
        """Cut what a run holds into runs of half the size that a run may have."""
        end = self._end(group, level, begin)
        if level == 1:
            parts = self._execute(sql.ENTRIES_WITHIN, (*group, begin, end))
        else:
            parts = self._execute(sql.RUNS_WITHIN, (*group, level - 1, begin, end))
        pieces = _pieces(parts, runs.SIZES[level - 1] // 2)
        for place, n in [(begin, pieces[0][1]), *pieces[1:]]:
            self._execute(sql.SET_RUN, (*group, level, place, n))


def _pieces(parts: Iterable[tuple[str, int]], size: int) -> list[tuple[str, int]]:
    """Put parts (their beginnings and sizes) together to pieces of about a size."""
    pieces: list[tuple[str, int]] = []
    filled = size
    for place, n in parts:
        if filled >= size:
            pieces.append((place, 0))
            filled = 0
        filled += n
        pieces[-1] = (pieces[-1][0], filled)
    return pieces

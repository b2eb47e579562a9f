"""Runs in the SQLite store: kept up to date with every change, by whoever makes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence

from mock_server.storage import runs
from mock_server.storage import sqlite_sql as sql
from mock_server.storage.runs import depth

# A position in a group: order in microseconds, then id.
Position = tuple[int, str]
# Before and after every entry there can be.
START: Position = (-(2**63), "")
END: Position = (2**63 - 1, "")
Group = tuple[str, str]
# Entries that came (1) and went (-1), sorted.
Shifts = Sequence[tuple[Position, int]]


class Runs:
    """Keep the runs of groups, and find places by them."""

    def __init__(self, execute: Callable[..., sqlite3.Cursor]) -> None:
        self._execute = execute

    def position(self, group: Group, size: int, offset: int) -> tuple[Position, int]:
        """Return a position and how many entries before it the `offset`th newest entry is."""
        end = END
        for level in range(depth(size), 0, -1):
            for order, entity_id, n in self._execute(sql.RUNS_BEFORE, (*group, level, *end)):
                if offset < n:
                    break
                offset -= n
                end = (order, entity_id)
        return end, offset

    def count_until(self, group: Group, size: int, until: int) -> int:
        """Count the entries whose order is `until` or less."""
        counted = 0
        begin, last = START, (until + 1, "")
        for level in range(depth(size), 0, -1):
            where = (*begin, *group, level, *last)
            order, entity_id, n = self._execute(sql.SUM_UNTIL_RUN, where).fetchone()
            counted += n
            begin = (order, entity_id)
        (n,) = self._execute(sql.COUNT_UNTIL, (*group, *begin, until)).fetchone()
        return counted + int(n)

    def shift(self, group: Group, before: int, after: int, shifts: Shifts) -> None:
        """Bring the runs of a group up to date, whose entries and size have changed already."""
        kept, wanted = depth(before), depth(after)
        for level in range(1, min(kept, wanted) + 1):
            self._shift(group, level, shifts)
        for level in range(kept + 1, wanted + 1):
            self._execute(sql.SET_RUN, (*group, level, *START, after))
            self._cut(group, level, START, END)
        if kept > wanted:
            self._execute(sql.DROP_LEVELS_ABOVE, (*group, wanted))

    def _shift(self, group: Group, level: int, shifts: Shifts) -> None:
        done = 0
        while done < len(shifts):
            row = self._execute(sql.RUN_HOLDING, (*group, level, *shifts[done][0])).fetchone()
            begin, n = (row[0], row[1]), row[2]
            end: Position = END
            if len(shifts) > 1:
                end = self._execute(sql.NEXT_RUN, (*group, level, *begin)).fetchone() or END
            while done < len(shifts) and shifts[done][0] < end:
                n += shifts[done][1]
                done += 1
            self._execute(sql.SET_RUN, (*group, level, *begin, n))
            if n > runs.SIZES[level - 1]:
                self._cut(group, level, begin, end)
            elif n == 0 and begin != START:
                for each in range(level, 0, -1):
                    self._execute(
                        sql.DROP_EMPTY_RUN, (*group, each, *begin, *group, each + 1, *begin)
                    )

    def _cut(self, group: Group, level: int, begin: Position, end: Position) -> None:
        """Cut what a run holds into runs of half the size that a run may have."""
        if end == END:
            end = self._execute(sql.NEXT_RUN, (*group, level, *begin)).fetchone() or END
        if level == 1:
            parts = self._execute(sql.ENTRIES_WITHIN, (*group, *begin, *end))
        else:
            parts = self._execute(sql.RUNS_WITHIN, (*group, level - 1, *begin, *end))
        pieces = _pieces(parts, runs.SIZES[level - 1] // 2)
        for (order, entity_id), n in [(begin, pieces[0][1]), *pieces[1:]]:
            self._execute(sql.SET_RUN, (*group, level, order, entity_id, n))


def _pieces(parts: Iterable[tuple[int, str, int]], size: int) -> list[tuple[Position, int]]:
    """Put parts (their beginnings and sizes) together to pieces of about a size."""
    pieces: list[tuple[Position, int]] = []
    filled = size
    for order, entity_id, n in parts:
        if filled >= size:
            pieces.append(((order, entity_id), 0))
            filled = 0
        filled += n
        pieces[-1] = (pieces[-1][0], filled)
    return pieces

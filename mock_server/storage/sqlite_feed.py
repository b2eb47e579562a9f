"""The feeds of worlds in a SQLite file, written as their transactions end.

Only one transaction writes at a time, so counting on gives ids in the order of commits. A feed has
a range of row numbers to itself, for what is added at the end of a table by its number costs half
of what any other row does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from secrets import token_hex
from typing import Any

from mock_server.domain.events import BACKLOG, Event, Page
from mock_server.storage import sqlite_sql as sql
from mock_server.storage.codec import decode_event, encode_event

# So many events more than the backlog may stay until all of them go at once.
_SPARE = 256

Execute = Callable[[str, Sequence[Any]], Any]


def append(execute: Execute, world: str, last: int | None, events: Sequence[Event]) -> int:
    """Write events after the row `last` of a feed, None where it is not known; return the last."""
    if last is None:
        last = _last_row(execute, world)
    row = last
    for row, event in enumerate(events, last + 1):
        execute(sql.ADD_EVENT, (row, encode_event(event)))
    if last // _SPARE != row // _SPARE:
        begin = row - row % sql.FEED_ROWS
        execute(sql.DROP_EVENTS, (begin, row - BACKLOG + 1))
    return row


def page(execute: Execute, world: str, after: int, limit: int) -> Page:
    """Return the next events of a feed."""
    found = execute(sql.FEED, (world,)).fetchone()
    if found is None:
        return Page("", 1, 0, [])
    _, name, begin, last = found
    oldest = max(1, last - begin - BACKLOG + 1)
    first = max(after + 1, oldest)
    rows = execute(sql.NEXT_EVENTS, (min(begin + first, last + 1), last, limit))
    events = [decode_event(document, row - begin) for row, document in rows]
    return Page(name, oldest, last - begin, events)


def erase(change: Callable[[str, Sequence[Any]], None], execute: Execute, world: str) -> None:
    """Take a feed away."""
    found = execute(sql.FEED, (world,)).fetchone()
    if found is not None:
        _, _, begin, last = found
        change(sql.DROP_EVENTS, (begin, last + 1))
        change(sql.DROP_FEED, (world,))


def _last_row(execute: Execute, world: str) -> int:
    found = execute(sql.FEED, (world,)).fetchone()
    if found is None:
        execute(sql.NAME_FEED, (world, token_hex(4)))
        found = execute(sql.FEED, (world,)).fetchone()
    return int(found[3])

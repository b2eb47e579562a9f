"""The feeds of worlds in a SQLite file: rows by world and id, written as their transactions end.

Only one transaction writes at a time, so counting on from the newest id gives ids in the order of
commits.
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


def newest_of(execute: Execute, world: str) -> int:
    """Return the newest id of a world's feed, 0 where it has none."""
    ((newest,),) = execute(sql.NEWEST_EVENT, (world,))
    return int(newest or 0)


def append(execute: Execute, world: str, newest: int, events: Sequence[Event]) -> int:
    """Write events after the newest of a feed; return the newest id then."""
    if newest == 0:
        execute(sql.NAME_FEED, (world, token_hex(4)))
    for number, event in enumerate(events, newest + 1):
        execute(sql.ADD_EVENT, (world, number, encode_event(event).decode()))
    after = newest + len(events)
    if newest // _SPARE != after // _SPARE:
        execute(sql.DROP_OLD_EVENTS, (world, after - BACKLOG))
    return after


def page(execute: Execute, world: str, after: int, limit: int) -> Page:
    """Return the next events of a feed."""
    found = execute(sql.FEED, (world,)).fetchone()
    if found is None:
        return Page("", 1, 0, [])
    _, name, newest = found
    oldest = max(1, newest - BACKLOG + 1)
    rows = execute(sql.NEXT_EVENTS, (world, max(after, oldest - 1), limit))
    events = [decode_event(document, number) for number, document in rows]
    return Page(name, oldest, newest, events)

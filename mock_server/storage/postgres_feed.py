"""The feeds of worlds in PostgreSQL: told at once by anyone, numbered by whoever reads.

A transaction that tells only adds a row, so writers do not wait for each other's ids. Ids are given
afterwards, by one at a time, to all that is committed by then, in the order in which it was told:
so an id comes after those of everything that was committed before its change began, and who has
read to an id has missed nothing. Chosen against

- a counter in the transaction itself, which holds every writer of a world up until the one before
  it is on the disk;
- ids from a sequence, read up to the oldest transaction that still runs, which have holes, and
  stand still for as long as any transaction of the whole server does, another database's too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from mock_server.domain.events import BACKLOG, Event, Page
from mock_server.storage import postgres_feed_sql as sql
from mock_server.storage.codec import decode_event, encode_event
from mock_server.storage.postgres_connections import Connections, explain
from mock_server.storage.postgres_sql import BEGIN_WRITING, COMMIT
from mock_server.storage.postgres_wire import Parameters, Rows, Statement, Wire

Asked = tuple[Statement, Parameters]
# PostgreSQL's integers end here; no feed is as long.
_LARGEST = 2**63 - 1


def emitting(world: str, events: Sequence[Event]) -> dict[str, Any]:
    """Return the parameters of the statement that tells of events."""
    return {"world": world, "events": [encode_event(event) for event in events]}


def page(connections: Connections, world: str, after: int, limit: int) -> Page:
    """Return the next events of a feed; raises StorageError."""
    asked = {"world": world, "after": min(after, _LARGEST), "limit": limit}
    feed, rows = _ask(connections, (sql.FEED, {"world": world}), (sql.NEXT_EVENTS, asked))
    if not feed:
        return Page("", 1, 0, [])
    ((name, newest),) = feed
    events = [decode_event(document, number) for number, document in rows]
    return Page(name, max(1, newest - BACKLOG + 1), newest, events)


def feeds(connections: Connections) -> dict[str, tuple[str, int]]:
    """Return the name and the newest id of every feed; raises StorageError."""
    (rows,) = _ask(connections, (sql.FEEDS, None))
    return {world: (name, newest) for world, name, newest in rows}


def number(wire: Wire) -> None:
    """Give ids to what was told; where that can't be done now, somebody else does it later."""
    try:
        wire.exchange([(BEGIN_WRITING, None), (sql.NUMBER_EVENTS, None), (COMMIT, None)])
        wire.exchange([(sql.VACUUM_EMITTED, None)])
    except psycopg.Error:
        # What is not idle when it is given back is closed.
        return


def _ask(connections: Connections, *questions: Asked) -> list[Rows]:
    """Give ids to what was told, and ask, in one round trip."""
    whole = [(BEGIN_WRITING, None), (sql.NUMBER_EVENTS, None), *questions, (COMMIT, None)]
    wire = connections.take()
    reused = wire is not None
    try:
        try:
            wire = wire or connections.connect()
            answers = wire.exchange(whole)
        except psycopg.OperationalError:
            if not (reused and wire is not None and wire.broken):
                raise
            # It had died in the meantime. All of this may be done twice.
            connections.drop_idle()
            wire = None
            wire = connections.connect()
            answers = wire.exchange(whole)
    except psycopg.Error as error:
        raise explain(error, connections.where) from error
    finally:
        connections.give(wire)
    return answers[2:-1]

"""Every statement the SQLite store sends, as one place to read its questions and changes."""

from __future__ import annotations

FEED_ROWS = 2**40
SCHEMA = (
    # Documents are too long for a clustered table: its inner pages would hold whole rows.
    """CREATE TABLE entities (kind TEXT NOT NULL, id TEXT NOT NULL, doc TEXT NOT NULL,
       PRIMARY KEY (kind, id))""",
    # Read backwards, the primary key is a group's newest-first order. A place is an order and an id
    # in one text (`sqlite_places.py`): SQLite goes over rows by it in a third of the time.
    """CREATE TABLE entries (idx TEXT NOT NULL, key TEXT NOT NULL, place TEXT NOT NULL,
       PRIMARY KEY (idx, key, place)) WITHOUT ROWID""",
    """CREATE TABLE counts (idx TEXT NOT NULL, key TEXT NOT NULL, n INTEGER NOT NULL,
       PRIMARY KEY (idx, key)) WITHOUT ROWID""",
    # What `n` counts, and where a run ends, is told in `runs.py`.
    """CREATE TABLE runs (idx TEXT NOT NULL, key TEXT NOT NULL, level INTEGER NOT NULL,
       place TEXT NOT NULL, n INTEGER NOT NULL,
       PRIMARY KEY (idx, key, level, place)) WITHOUT ROWID""",
    # Feed number n has the rows from n * FEED_ROWS on, each of its events that of its id.
    "CREATE TABLE events (row INTEGER PRIMARY KEY, doc BLOB NOT NULL)",
    """CREATE TABLE feeds (number INTEGER PRIMARY KEY, world TEXT NOT NULL UNIQUE,
       name TEXT NOT NULL)""",
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)

GET = "SELECT doc FROM entities WHERE kind = ? AND id = ?"
_OF_GROUP = "idx = ? AND key = ?"
PAGE = f"""SELECT place FROM entries WHERE {_OF_GROUP} AND place < ?
    ORDER BY place DESC LIMIT ? OFFSET ?"""
GROUP = f"SELECT place FROM entries WHERE {_OF_GROUP} ORDER BY place"
FIRST_FROM = f"SELECT min(place) FROM entries WHERE {_OF_GROUP} AND place >= ?"
COUNT = f"SELECT n FROM counts WHERE {_OF_GROUP}"
INSERT = "INSERT INTO entities VALUES (?, ?, ?)"
UPDATE = "UPDATE entities SET doc = ? WHERE kind = ? AND id = ?"
DELETE = "DELETE FROM entities WHERE kind = ? AND id = ?"
JOIN = "INSERT INTO entries VALUES (?, ?, ?)"
LEAVE = f"DELETE FROM entries WHERE {_OF_GROUP} AND place = ?"
SET_COUNT = "REPLACE INTO counts VALUES (?, ?, ?)"
FORGET_EMPTY = f"DELETE FROM counts WHERE {_OF_GROUP} AND n = 0"
# Numbers are counted like the members of a group: where counts change, one page is written.
NUMBERS = ("numbers", "")
# Changes by other connections only; together with our own count of changes it tells of all.
DATA_VERSION = "PRAGMA data_version"
ERASE_KIND = "DELETE FROM entities WHERE kind = ?"
ERASE_INDEX = tuple(f"DELETE FROM {table} WHERE idx = ?" for table in ("entries", "counts", "runs"))
COPY_KIND = "INSERT INTO entities SELECT ?, id, doc FROM entities WHERE kind = ?"
COPY_INDEX = (
    "INSERT INTO entries SELECT ?, key, place FROM entries WHERE idx = ?",
    "INSERT INTO counts SELECT ?, key, n FROM counts WHERE idx = ?",
    "INSERT INTO runs SELECT ?, key, level, place, n FROM runs WHERE idx = ?",
)
# A world has one entity of the kind `World`, so a row tells of each.
WORLDS = "SELECT kind FROM entities WHERE kind >= ? AND kind < ?"

NAME_FEED = "INSERT INTO feeds (world, name) VALUES (?, ?)"
ADD_EVENT = "INSERT INTO events VALUES (?, ?)"
DROP_EVENTS = "DELETE FROM events WHERE row >= ? AND row < ?"
DROP_FEED = "DELETE FROM feeds WHERE world = ?"
_BEGIN = f"number * {FEED_ROWS}"
FEEDS = f"""SELECT world, name, {_BEGIN}, coalesce(
    (SELECT max(row) FROM events WHERE row > {_BEGIN} AND row < {_BEGIN} + {FEED_ROWS}), {_BEGIN})
    FROM feeds"""
FEED = f"{FEEDS} WHERE world = ?"
NEXT_EVENTS = "SELECT row, doc FROM events WHERE row >= ? AND row <= ? ORDER BY row LIMIT ?"

_OF_LEVEL = f"{_OF_GROUP} AND level = ?"
RUN_HOLDING = f"""SELECT place, n FROM runs WHERE {_OF_LEVEL} AND place <= ?
    ORDER BY place DESC LIMIT 1"""
NEXT_RUN = f"SELECT place FROM runs WHERE {_OF_LEVEL} AND place > ? ORDER BY place LIMIT 1"
RUNS_BEFORE = f"SELECT place, n FROM runs WHERE {_OF_LEVEL} AND place < ? ORDER BY place DESC"
_WITHIN = "place >= ? AND place < ?"
# With max(), SQLite takes the plain column from the row that has it: the last run's own count.
RUNS_UP_TO = f"""SELECT max(place), n, sum(n) FROM runs
    WHERE {_OF_LEVEL} AND place >= ? AND place <= ?"""
COUNT_WITHIN = f"SELECT count(*) FROM entries WHERE {_OF_GROUP} AND {_WITHIN}"
RUNS_WITHIN = f"SELECT place, n FROM runs WHERE {_OF_LEVEL} AND {_WITHIN} ORDER BY place"
ENTRIES_WITHIN = f"SELECT place, 1 FROM entries WHERE {_OF_GROUP} AND {_WITHIN} ORDER BY place"
SET_RUN = "REPLACE INTO runs VALUES (?, ?, ?, ?, ?)"
# An empty run is of no use, unless one of the level above begins there.
DROP_EMPTY_RUN = f"""DELETE FROM runs WHERE {_OF_LEVEL} AND place = ? AND n = 0
    AND NOT EXISTS (SELECT 1 FROM runs WHERE {_OF_LEVEL} AND place = ?)"""
DROP_LEVELS_ABOVE = f"DELETE FROM runs WHERE {_OF_GROUP} AND level > ?"

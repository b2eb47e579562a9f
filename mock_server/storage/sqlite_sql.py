"""Every statement the SQLite store sends, as one place to read its questions and changes."""

from __future__ import annotations

FEED_ROWS = 2**40
SCHEMA = (
    # Documents are too long for a clustered table: its inner pages would hold whole rows.
    """CREATE TABLE entities (kind TEXT NOT NULL, id TEXT NOT NULL, doc TEXT NOT NULL,
       PRIMARY KEY (kind, id))""",
    # Read backwards, the primary key is a group's newest-first order; `ord` is in microseconds.
    """CREATE TABLE entries (idx TEXT NOT NULL, key TEXT NOT NULL, ord INTEGER NOT NULL,
       id TEXT NOT NULL, PRIMARY KEY (idx, key, ord, id)) WITHOUT ROWID""",
    """CREATE TABLE counts (idx TEXT NOT NULL, key TEXT NOT NULL, n INTEGER NOT NULL,
       PRIMARY KEY (idx, key)) WITHOUT ROWID""",
    # What `n` counts, and where a run ends, is told in `runs.py`.
    """CREATE TABLE runs (idx TEXT NOT NULL, key TEXT NOT NULL, level INTEGER NOT NULL,
       ord INTEGER NOT NULL, id TEXT NOT NULL, n INTEGER NOT NULL,
       PRIMARY KEY (idx, key, level, ord, id)) WITHOUT ROWID""",
    # Feed number n has the rows from n * FEED_ROWS on, each of its events that of its id.
    "CREATE TABLE events (row INTEGER PRIMARY KEY, doc BLOB NOT NULL)",
    """CREATE TABLE feeds (number INTEGER PRIMARY KEY, world TEXT NOT NULL UNIQUE,
       name TEXT NOT NULL)""",
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)

GET = "SELECT doc FROM entities WHERE kind = ? AND id = ?"
_OF_GROUP = "idx = ? AND key = ?"
PAGE = f"""SELECT id FROM entries WHERE {_OF_GROUP}
    ORDER BY ord DESC, id DESC LIMIT ? OFFSET ?"""
PAGE_BEFORE = f"""SELECT id FROM entries WHERE {_OF_GROUP} AND (ord, id) < (?, ?)
    ORDER BY ord DESC, id DESC LIMIT ? OFFSET ?"""
GROUP = f"SELECT ord, id FROM entries WHERE {_OF_GROUP} ORDER BY ord, id"
COUNT = f"SELECT n FROM counts WHERE {_OF_GROUP}"
INSERT = "INSERT INTO entities VALUES (?, ?, ?)"
UPDATE = "UPDATE entities SET doc = ? WHERE kind = ? AND id = ?"
DELETE = "DELETE FROM entities WHERE kind = ? AND id = ?"
JOIN = "INSERT INTO entries VALUES (?, ?, ?, ?)"
LEAVE = f"DELETE FROM entries WHERE {_OF_GROUP} AND ord = ? AND id = ?"
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
    "INSERT INTO entries SELECT ?, key, ord, id FROM entries WHERE idx = ?",
    "INSERT INTO counts SELECT ?, key, n FROM counts WHERE idx = ?",
    "INSERT INTO runs SELECT ?, key, level, ord, id, n FROM runs WHERE idx = ?",
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
RUN_HOLDING = f"""SELECT ord, id, n FROM runs WHERE {_OF_LEVEL} AND (ord, id) <= (?, ?)
    ORDER BY ord DESC, id DESC LIMIT 1"""
NEXT_RUN = f"""SELECT ord, id FROM runs WHERE {_OF_LEVEL} AND (ord, id) > (?, ?)
    ORDER BY ord, id LIMIT 1"""
RUNS_BEFORE = f"""SELECT ord, id, n FROM runs WHERE {_OF_LEVEL} AND (ord, id) < (?, ?)
    ORDER BY ord DESC, id DESC"""
_WITHIN = "(ord, id) >= (?, ?) AND (ord, id) < (?, ?)"
# The run that holds a position, and how many entries there are from another one to its beginning.
SUM_UNTIL_RUN = f"""SELECT ord, id, (SELECT coalesce(sum(n), 0) FROM runs r
        WHERE r.idx = h.idx AND r.key = h.key AND r.level = h.level
            AND (r.ord, r.id) >= (?, ?) AND (r.ord, r.id) < (h.ord, h.id))
    FROM runs h WHERE {_OF_LEVEL} AND (ord, id) <= (?, ?) ORDER BY ord DESC, id DESC LIMIT 1"""
COUNT_UNTIL = f"SELECT count(*) FROM entries WHERE {_OF_GROUP} AND (ord, id) >= (?, ?) AND ord <= ?"
RUNS_WITHIN = f"SELECT ord, id, n FROM runs WHERE {_OF_LEVEL} AND {_WITHIN} ORDER BY ord, id"
ENTRIES_WITHIN = f"SELECT ord, id, 1 FROM entries WHERE {_OF_GROUP} AND {_WITHIN} ORDER BY ord, id"
SET_RUN = "REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?)"
# An empty run is of no use, unless one of the level above begins there.
DROP_EMPTY_RUN = f"""DELETE FROM runs WHERE {_OF_LEVEL} AND ord = ? AND id = ? AND n = 0
    AND NOT EXISTS (SELECT 1 FROM runs WHERE {_OF_LEVEL} AND ord = ? AND id = ?)"""
DROP_LEVELS_ABOVE = f"DELETE FROM runs WHERE {_OF_GROUP} AND level > ?"

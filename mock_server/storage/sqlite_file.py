"""Opening a store file: what is accepted, what is refused with which sentence, and its schema."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from mock_server.storage.indexes import FINGERPRINT
from mock_server.storage.protocol import StorageError
from mock_server.storage.sqlite_sql import SCHEMA

# "grnr": what SQLite files of this program carry in their header.
APPLICATION_ID = 0x67726E72
# Raise it when the tables change, or when an entity gets a field that old documents can't do
# without.
SCHEMA_VERSION = 4
# Kilobytes of pages kept in memory.
CACHE = 8000
# Octets in a page of a new file. A commit writes every page it touched, which with SQLite's own
# choice of 4,096 takes half as long again; smaller ones are too small for a document.
PAGE = 2048
# Pages in the log before they are moved into the database: a longer log costs fewer but longer
# stops (4,000 pages are 8 MB and up to some 10 ms).
LOG = 4000
ANOTHER = "name another file (a new one is made) or move this one away"

_NOT_WRITABLE = (
    "can't be written ({error}): a store needs a file and a folder that this user may write, "
    "so change their permissions or name another file"
)
_SENTENCES = {
    sqlite3.SQLITE_NOTADB: "is not a SQLite database: {another}",
    sqlite3.SQLITE_CORRUPT: "is damaged ({error}): {another}",
    sqlite3.SQLITE_FULL: "is on a full disk, so nothing was changed: make room on it",
    sqlite3.SQLITE_BUSY: "was being written by another process for {patience:g} s: "
    "end that process, or give each server a file of its own",
    sqlite3.SQLITE_CANTOPEN: _NOT_WRITABLE,
    sqlite3.SQLITE_READONLY: _NOT_WRITABLE,
    sqlite3.SQLITE_PERM: _NOT_WRITABLE,
}


def connect(path: Path, *, patience: float) -> sqlite3.Connection:
    """Open or make a store file; wait `patience` seconds for other processes.

    Raise StorageError where the path or the file can't be a store of this version.
    """
    _check_path(path)
    try:
        connection = sqlite3.connect(
            path, timeout=patience, isolation_level=None, check_same_thread=False
        )
    except (sqlite3.Error, ValueError) as error:
        raise explain(error, path, patience) from error
    try:
        _prepare(connection, path, patience)
    except sqlite3.Error as error:
        connection.close()
        raise explain(error, path, patience) from error
    except StorageError:
        connection.close()
        raise
    return connection


def explain(error: Exception, path: Path, patience: float) -> StorageError:
    """Return the sentence for an error of SQLite: what is, what must be, what to do."""
    if isinstance(error, sqlite3.ProgrammingError):
        sentence = "can't be used now ({error}): open the store again"
    else:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        sentence = _SENTENCES.get(code, "can't be used ({error}): {another}")
    text = sentence.format(error=error, patience=patience, another=ANOTHER)
    return StorageError(f"`{path}` {text}")


def _check_path(path: Path) -> None:
    try:
        if not path.parent.is_dir():
            raise StorageError(
                f"The folder `{path.parent}` of the store file `{path.name}` does not exist: "
                f"make it, or name a file in a folder that exists"
            )
        if path.is_dir():
            raise StorageError(f"`{path}` is a folder and must be a file: name a file in it")
        if path.exists() and not path.is_file():
            raise StorageError(f"`{path}` is not a regular file and must be one: {ANOTHER}")
    except (OSError, ValueError) as error:
        raise StorageError(f"`{path}` can't be opened ({error}): name another file") from error


def _prepare(connection: sqlite3.Connection, path: Path, patience: float) -> None:
    # Nothing is written before the file is known to be new or ours.
    _check_owner(connection, path)
    connection.execute(f"PRAGMA page_size = {PAGE}")
    _keep_a_log(connection, path, patience)
    # A commit waits for the operating system, not for the disk: it outlives this process however
    # that ends; a power cut may cost the last commits, never the file.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA cache_size = -{CACHE}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {LOG}")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _is_new(connection):
            _create(connection)
        # SQLite opens a file that can't be written without a word: only a change tells.
        connection.execute("UPDATE meta SET value = value WHERE name = 'indexes'")
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    _check_indexes(connection, path)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _is_new(connection: sqlite3.Connection) -> bool:
    return (
        _pragma(connection, "application_id") == 0
        and _pragma(connection, "user_version") == 0
        and connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None
    )


def _create(connection: sqlite3.Connection) -> None:
    for statement in SCHEMA:
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('indexes', ?)", (FINGERPRINT,))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _check_owner(connection: sqlite3.Connection, path: Path) -> None:
    if _is_new(connection):
        return
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise StorageError(f"`{path}` is a database of another program: {ANOTHER}")
    found = _pragma(connection, "user_version")
    if found != SCHEMA_VERSION:
        age = "a newer" if found > SCHEMA_VERSION else "an older"
        raise StorageError(
            f"`{path}` was made by {age} version of greenroom (its schema is {found}, "
            f"this version's is {SCHEMA_VERSION}): use that version, or {ANOTHER}"
        )


def _check_indexes(connection: sqlite3.Connection, path: Path) -> None:
    row = connection.execute("SELECT value FROM meta WHERE name = 'indexes'").fetchone()
    found = "" if row is None else str(row[0])
    if found == FINGERPRINT:
        return
    theirs, ours = set(found.split()), set(FINGERPRINT.split())
    raise StorageError(
        f"`{path}` was made by a version of greenroom with other indexes "
        f"(only in the file: {', '.join(sorted(theirs - ours)) or 'none'}; "
        f"only in this version: {', '.join(sorted(ours - theirs)) or 'none'}): "
        f"use that version, or {ANOTHER}"
    )


def _keep_a_log(connection: sqlite3.Connection, path: Path, patience: float) -> None:
    """Switch to the write-ahead log, with which readers never wait for the writer."""
    deadline = time.monotonic() + patience
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            # SQLite does not wait by itself when two processes make the switch at once.
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            break
    if mode != "wal":
        raise StorageError(
            f"The file system of `{path}` has no write-ahead log (SQLite's mode stays {mode}): "
            f"put the file on a local disk"
        )

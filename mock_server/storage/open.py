"""From what a user writes after `--store` to a store."""

from __future__ import annotations

from pathlib import Path

from mock_server.storage.memory import MemoryStore
from mock_server.storage.protocol import StorageError, Store

SPELLINGS = "`memory`, `sqlite:///relative/file` or `sqlite:////absolute/file`"
_SQLITE = "sqlite:///"


def open_store(url: str) -> Store:
    """Return the store that `url` names; raise StorageError where it can't be opened."""
    if url == "memory":
        return MemoryStore()
    file = url.removeprefix(_SQLITE)
    if file == ":memory:":
        raise StorageError("A SQLite store must be a file: for a store in memory write `memory`")
    if not url.startswith(_SQLITE) or not file:
        raise StorageError(f"The store `{url}` is of no known kind: write {SPELLINGS}")
    # Imported here because a server with another store should not wait for it.
    from mock_server.storage.sqlite import SqliteStore  # noqa: PLC0415

    return SqliteStore(Path(file))

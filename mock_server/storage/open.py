"""From what a user writes after `--store` to a store."""

from __future__ import annotations

from mock_server.storage.memory import MemoryStore
from mock_server.storage.protocol import StorageError, Store

SPELLINGS = "`memory`, `sqlite:///relative/file` or `sqlite:////absolute/file`"


def open_store(url: str) -> Store:
    """Return the store that `url` names; raise StorageError where it can't be opened."""
    if url == "memory":
        return MemoryStore()
    raise StorageError(f"The store `{url}` is not one of the known kinds: write {SPELLINGS}")

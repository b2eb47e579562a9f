"""From what a user writes after `--store` to a store."""

from __future__ import annotations

from pathlib import Path

from mock_server.storage.memory import MemoryStore
from mock_server.storage.protocol import StorageError, Store

SPELLINGS = (
    "`memory`, `sqlite:///relative/file`, `sqlite:////absolute/file` or "
    "`postgresql://user:password@host:port/database`"
)
_SQLITE = "sqlite:///"
_POSTGRES = "postgresql://"


def open_store(url: str) -> Store:
    """Return the store that `url` names; raise StorageError where it can't be opened."""
    if url == "memory":
        return MemoryStore()
    if url.startswith(_POSTGRES):
        return _open_postgres(url)
    file = url.removeprefix(_SQLITE)
    if file == ":memory:":
        raise StorageError("A SQLite store must be a file: for a store in memory write `memory`")
    if not url.startswith(_SQLITE) or not file:
        raise StorageError(f"The store `{url}` is of no known kind: write {SPELLINGS}")
    # Imported here because a server with another store should not wait for it.
    from mock_server.storage.sqlite import SqliteStore  # noqa: PLC0415

    return SqliteStore(Path(file))


def is_shared(url: str) -> bool:
    """Tell whether several processes may open the store that `url` names, and be one server."""
    return url.startswith((_SQLITE, _POSTGRES))


def _open_postgres(url: str) -> Store:
    try:
        from mock_server.storage.postgres import PostgresStore  # noqa: PLC0415
    except ImportError as error:
        raise StorageError(
            f"A PostgreSQL store needs psycopg, which can't be imported ({error}): "
            "install it with `pip install 'greenroom[postgres]'`"
        ) from None
    return PostgresStore(url)

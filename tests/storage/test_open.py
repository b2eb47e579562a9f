from __future__ import annotations

import pytest

from mock_server.storage.memory import MemoryStore
from mock_server.storage.open import open_store
from mock_server.storage.protocol import StorageError
from mock_server.storage.sqlite import SqliteStore


def test_memory_is_a_store_in_memory():
    assert isinstance(open_store("memory"), MemoryStore)


def test_three_slashes_name_a_file_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = open_store("sqlite:///a file?#%20.db")
    assert isinstance(store, SqliteStore)
    store.close()
    assert [each.name for each in tmp_path.iterdir()] == ["a file?#%20.db"]


def test_four_slashes_name_a_file_from_the_root(path):
    store = open_store(f"sqlite:///{path}")
    assert str(path) in store.description
    store.close()
    assert path.is_file()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "Memory",
        "memory:",
        "memory://",
        "sqlite",
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite://file.db",
        "SQLITE:///file.db",
        "file.db",
        "/tmp/file.db",
        "postgresql:",
        "POSTGRESQL://localhost/greenroom",
        "postgres",
        "redis://localhost",
        " memory",
    ],
)
def test_any_other_spelling_is_refused_with_the_allowed_ones(url):
    with pytest.raises(StorageError) as refusal:
        open_store(url)
    assert f"`{url}`" in str(refusal.value)
    for spelling in ("`memory`", "`sqlite:///relative/file`", "`sqlite:////absolute/file`"):
        assert spelling in str(refusal.value)


def test_sqlite_in_memory_is_sent_to_the_memory_store():
    with pytest.raises(StorageError, match="write `memory`"):
        open_store("sqlite:///:memory:")

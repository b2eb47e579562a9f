from __future__ import annotations

from mock_server.domain.entities import Session
from mock_server.storage.memory import MemoryStore


def test_an_emptied_group_is_forgotten(make):
    store = MemoryStore()
    before = repr(store._world.groups)
    with store.write() as tx:
        tx.put(make("s"))
        tx.put(make("s", state="live", room_id="other"))
        tx.delete(Session, "s")
    assert repr(store._world.groups) == before


def test_an_index_is_untouched_by_a_change_that_does_not_concern_it(make, monkeypatch):
    store = MemoryStore()
    with store.write() as tx:
        tx.put(make("s"))
    entries = {name: dict(groups) for name, groups in store._world.groups.items()}
    with store.write() as tx:
        tx.put(make("s", title="Another", updated_at=make("t", minute=1).created_at))
    after = {name: dict(groups) for name, groups in store._world.groups.items()}
    assert after == entries
    assert all(
        after[name][key] is group for name, keys in entries.items() for key, group in keys.items()
    )


def test_a_transaction_forgets_how_to_undo_what_is_committed(make):
    store = MemoryStore()
    with store.write() as tx:
        tx.put(make("s"))
    assert store._writing._undo == []

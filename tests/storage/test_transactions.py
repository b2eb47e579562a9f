"""What transactions promise on every store: all or nothing, one at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from mock_server.domain.entities import Room, Session
from mock_server.storage.indexes import (
    EVERYTHING,
    INDEXES,
    SESSIONS,
    SESSIONS_BY_STATE,
    SESSIONS_OF_ROOM,
)
from mock_server.storage.protocol import StorageError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Mishap(Exception):
    """What a test raises inside a transaction."""


def answers(store, *keys: str):
    """Ask everything a store can be asked about sessions: to compare before and after."""
    found = {}
    with store.read() as tx:
        for index in INDEXES:
            if index.kind is Session:
                for key in (EVERYTHING, "room", "preset", "scheduled", "live", "ended", *keys):
                    found[index.name, key] = (
                        tx.count(index, key),
                        tx.count(index, key, until=NOON),
                        tx.first(index, key),
                        tx.page(index, key, offset=0, limit=1000),
                    )
    return found


def put(store, *entities: object):
    with store.write() as tx:
        for entity in entities:
            tx.put(entity)


def fail_after(store, work, mishap=Mishap):
    """Do `work` in a transaction that raises afterwards."""
    with store.write() as tx:
        work(tx)
        raise mishap


def ids(entities):
    return [entity.id for entity in entities]


def test_a_deleted_entity_is_in_no_answer(store, make):
    before = answers(store)
    put(store, make("s", state="live"))
    with store.write() as tx:
        tx.delete(Session, "s")
        assert tx.get(Session, "s") is None
    assert answers(store) == before


def test_deleting_what_is_not_there_changes_nothing(store, make):
    put(store, make("s"))
    before = answers(store)
    with store.write() as tx:
        tx.delete(Session, "t")
        tx.delete(Room, "s")
    assert answers(store) == before


def test_a_transaction_sees_its_own_changes(store, make):
    with store.write() as tx:
        tx.put(make("s"))
        assert tx.get(Session, "s") == make("s")
        tx.put(make("s", state="live"))
        assert tx.first(SESSIONS_BY_STATE, "live") == make("s", state="live")
        assert tx.count(SESSIONS_BY_STATE, "scheduled") == 0
        tx.delete(Session, "s")
        assert tx.get(Session, "s") is None
        assert tx.count(SESSIONS, EVERYTHING) == 0
        tx.put(make("s", title="Again"))
        assert ids(tx.page(SESSIONS, EVERYTHING, offset=0, limit=9)) == ["s"]
    with store.read() as tx:
        assert tx.get(Session, "s") == make("s", title="Again")


@pytest.mark.parametrize("mishap", [Mishap, KeyboardInterrupt, StorageError])
def test_a_transaction_that_raises_leaves_everything_as_it_was(store, make, mishap):
    put(store, make("old"), make("gone", minute=1), make("moved", scheduled_start_time=NOON))
    before = answers(store, "key of old", "key of new")

    def change_everything(tx):
        tx.put(make("new", state="live"))
        tx.put(make("old", title="Changed", room_id="elsewhere"))
        tx.put(make("old", title="Changed again", state="ended"))
        tx.put(make("moved", scheduled_start_time=NOON + timedelta(days=1)))
        tx.delete(Session, "gone")
        tx.put(make("gone", minute=5))
        tx.delete(Session, "new")
        tx.delete(Session, "old")

    with pytest.raises(mishap):
        fail_after(store, change_everything, mishap)
    assert answers(store, "key of old", "key of new") == before
    with store.read() as tx:
        assert tx.count(SESSIONS_OF_ROOM, "elsewhere") == 0


def test_work_goes_on_after_a_transaction_that_raised(store, make):
    with pytest.raises(Mishap):
        fail_after(store, lambda tx: tx.put(make("s")))
    put(store, make("s", title="Later"))
    with store.read() as tx:
        assert ids(tx.page(SESSIONS, EVERYTHING, offset=0, limit=9)) == ["s"]


def test_a_read_that_raises_harms_nothing(store, make):
    put(store, make("s"))
    before = answers(store)
    with pytest.raises(Mishap), store.read():
        raise Mishap
    assert answers(store) == before


@pytest.mark.parametrize("field", ["created_at", "scheduled_start_time"])
def test_a_time_without_an_offset_is_refused_and_changes_nothing(store, make, field):
    put(store, make("s", scheduled_start_time=NOON))
    before = answers(store)
    with store.write() as tx, pytest.raises(StorageError, match="no offset"):
        tx.put(make("s", **{field: NOON.replace(tzinfo=None)}, room_id="other"))
    assert answers(store) == before


def test_what_was_put_before_a_refused_put_is_kept_when_the_caller_goes_on(store, make):
    with store.write() as tx:
        tx.put(make("s"))
        with pytest.raises(StorageError):
            tx.put(make("t", created_at=NOON.replace(tzinfo=None)))
        tx.put(make("u"))
    with store.read() as tx:
        assert ids(tx.page(SESSIONS, EVERYTHING, offset=0, limit=9)) == ["u", "s"]


def test_numbers_count_from_one(store):
    with store.write() as tx:
        assert [tx.next_number(), tx.next_number()] == [1, 2]
    with store.write() as tx:
        assert tx.next_number() == 3


def test_a_number_taken_in_a_transaction_that_raises_is_given_again_or_skipped(store):
    with store.write() as tx:
        tx.next_number()
    taken = []
    with pytest.raises(Mishap):
        fail_after(store, lambda tx: taken.extend([tx.next_number(), tx.next_number()]))
    assert taken == [2, 3]
    with store.write() as tx:
        # Replicas that gave numbers again would have to wait for each other to take one.
        assert tx.next_number() == (4 if store.blocking else 2)


def test_clear_removes_everything_and_starts_numbers_again(store, make):
    before = answers(store)
    put(store, make("s", state="live"), make("t"))
    with store.write() as tx:
        tx.next_number()
    with store.write() as tx:
        tx.clear()
    assert answers(store) == before
    with store.write() as tx:
        assert tx.get(Session, "s") is None
        assert tx.next_number() == 1


def test_clear_is_undone_with_its_transaction(store, make):
    put(store, make("s", state="live"), make("t"))
    with store.write() as tx:
        tx.next_number()
    before = answers(store)

    def clear_and_fail():
        with store.write() as tx:
            tx.clear()
            tx.put(make("u"))
            raise LookupError

    with pytest.raises(LookupError):
        clear_and_fail()
    assert answers(store) == before
    with store.write() as tx:
        assert tx.get(Session, "u") is None
        assert tx.next_number() == 2


@pytest.mark.parametrize("outer", ["read", "write"])
@pytest.mark.parametrize("inner", ["read", "write"])
def test_a_transaction_inside_another_is_refused_and_the_outer_goes_on(store, make, outer, inner):
    put(store, make("s"))
    with getattr(store, outer)() as tx:
        with pytest.raises(StorageError, match="do not nest"):
            getattr(store, inner)().__enter__()
        assert tx.count(SESSIONS, EVERYTHING) == 1
        if outer == "write":
            tx.put(make("t"))
    with store.read() as tx:
        assert tx.count(SESSIONS, EVERYTHING) == (2 if outer == "write" else 1)


def test_a_read_transaction_refuses_changes(store, make):
    put(store, make("s"))
    with store.read() as tx:
        for change in (
            lambda: tx.put(make("t")),
            lambda: tx.delete(Session, "s"),
            tx.next_number,
            tx.clear,
        ):
            with pytest.raises(StorageError, match=r"open the transaction with `store.write\(\)`"):
                change()
        assert ids(tx.page(SESSIONS, EVERYTHING, offset=0, limit=9)) == ["s"]


def test_a_refused_nesting_does_not_keep_other_threads_out(store, make):
    with store.write() as tx:
        with pytest.raises(StorageError):
            store.read().__enter__()
        tx.put(make("s"))
    thread = Thread(target=put, args=(store, make("t")), daemon=True)
    thread.start()
    thread.join(timeout=5)
    assert not thread.is_alive()


def test_writers_in_two_threads_lose_nothing(store):
    room = Room(id="r", host_id="h", library_id="l", title="", created_at=NOON, updated_at=NOON)
    put(store, room)

    def work():
        for _ in range(200):
            with store.write() as tx:
                found = tx.get(Room, "r")
                tx.put(replace(found, title=found.title + "x"))
                tx.next_number()

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.write() as tx:
        assert tx.get(Room, "r").title == "x" * 400
        assert tx.next_number() == 401


@pytest.mark.parametrize(
    "change",
    [
        lambda tx, make: tx.put(make("new")),
        lambda tx, make: tx.put(make("old", title="Changed")),
        lambda tx, _: tx.delete(Session, "old"),
        lambda tx, _: tx.next_number(),
        lambda tx, _: tx.clear(),
    ],
    ids=["put", "put again", "delete", "next_number", "clear"],
)
def test_a_store_that_has_a_version_has_another_after_each_change(store, make, change):
    put(store, make("old"))
    before = store.version
    with store.write() as tx:
        change(tx, make)
    assert (store.version == before) is store.blocking


def test_reading_leaves_the_version_as_it_is(store, make):
    put(store, make("s"))
    before = store.version
    answers(store)
    with store.write() as tx:
        assert tx.get(Session, "s") == make("s")
    assert store.version == before
    assert (before is None) is store.blocking


@pytest.mark.parametrize("store", ["memory", "sqlite"], indirect=True)
def test_a_version_never_comes_back(store, make):
    seen = [store.version]
    for number in range(4):
        with pytest.raises(Mishap):
            fail_after(store, lambda tx: tx.delete(Session, "s"))
        undone = store.version
        put(store, make("s", title=str(number % 2)))
        assert store.version not in {undone, *seen}
        seen.append(store.version)

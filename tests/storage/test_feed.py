"""The feed of a world, as `storage/protocol.py` promises it, asked of every store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from mock_server.domain.entities import Session
from mock_server.domain.events import BACKLOG, Event
from mock_server.storage.open import open_store
from mock_server.storage.protocol import StorageError

# So many events are told in PostgreSQL until a process that nobody asks for them numbers them.
NUMBER_AFTER = 1000

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(number, **how):
    return Event("update_room", NOON + timedelta(seconds=number, microseconds=number), **how)


def tell(store, *numbers: int):
    with store.write() as tx:
        for number in numbers:
            tx.emit(event(number))


def numbers(page):
    return [(each.at - NOON) // timedelta(seconds=1) for each in page.events]


def test_an_event_comes_back_as_it_was_told(store):
    whole = Event(
        "go_live", NOON.replace(microsecond=1), "caller", "room", "session", "preset",
        "scheduled", "live", "dropped", ('{"event":"room_started"}', "{}"),
    )  # fmt: skip
    with store.write() as tx:
        tx.emit(whole)
        tx.emit(Event("reset_world", NOON))
    page = store.events(0, 10)
    assert page.events == [whole._replace(id=1), Event("reset_world", NOON, id=2)]
    assert (page.oldest, page.newest) == (1, 2)


def test_events_have_ids_in_the_order_they_were_told(store):
    for number in range(5):
        tell(store, number, number + 10)
    page = store.events(0, 100)
    assert [each.id for each in page.events] == list(range(1, 11))
    assert numbers(page) == [0, 10, 1, 11, 2, 12, 3, 13, 4, 14]
    assert store.feeds() == {"default": (page.feed, 10)}


def test_a_page_begins_after_an_id_and_has_no_more_than_its_limit(store):
    tell(store, *range(10))
    assert numbers(store.events(3, 4)) == [3, 4, 5, 6]
    assert numbers(store.events(9, 4)) == [9]
    assert numbers(store.events(10, 4)) == []
    assert numbers(store.events(10**18, 4)) == []
    assert store.events(10**18, 4).newest == 10


def test_a_feed_without_events_is_empty(store):
    page = store.events(0, 10)
    assert (page.oldest, page.newest, page.events) == (1, 0, [])
    assert store.feeds().get("default", ("", 0))[1] == 0


def test_what_is_undone_was_never_told(store, make):
    tell(store, 1)

    def change_and_fail():
        with store.write() as tx:
            tx.put(make("s"))
            tx.emit(event(2))
            tx.get(Session, "t")
            raise LookupError

    with pytest.raises(LookupError):
        change_and_fail()
    assert numbers(store.events(0, 10)) == [1]
    tell(store, 3)
    assert [(each.id, n) for each, n in zip(store.events(0, 10).events, [1, 3], strict=True)] == [
        (1, 1), (2, 3),
    ]  # fmt: skip
    assert numbers(store.events(0, 10)) == [1, 3]


def test_a_reading_transaction_tells_nothing(store):
    with store.read() as tx, pytest.raises(StorageError, match=r"can't tell of update_room"):
        tx.emit(event(1))


def test_the_newest_are_kept_and_no_more(store):
    tell(store, *range(BACKLOG))
    assert store.events(0, 1).oldest == 1
    tell(store, *range(300))
    page = store.events(0, 5)
    assert (page.oldest, page.newest) == (301, BACKLOG + 300)
    assert [each.id for each in page.events] == [301, 302, 303, 304, 305]
    assert store.events(BACKLOG, 1000).events[-1].id == BACKLOG + 300


def test_clearing_a_world_leaves_what_was_told(store, make):
    tell(store, 1)
    before = store.events(0, 10)
    with store.write() as tx:
        tx.put(make("s"))
        tx.clear()
        tx.emit(event(2))
    page = store.events(0, 10)
    assert (page.feed, numbers(page), page.newest) == (before.feed, [1, 2], 2)


def test_each_world_has_a_feed_of_its_own(store):
    tell(store, 1)
    tell(store.world("other"), 2, 3)
    assert numbers(store.events(0, 10)) == [1]
    assert numbers(store.world("other").events(0, 10)) == [2, 3]
    feeds = store.feeds()
    assert {world: newest for world, (_, newest) in feeds.items()} == {"default": 1, "other": 2}
    assert feeds["default"][0] != feeds["other"][0]
    assert store.world("other").feeds() == feeds


def test_a_copy_begins_a_feed_of_its_own(store, make):
    with store.write() as tx:
        tx.put(make("s"))
        tx.emit(event(1))
    store.fork("default", "copy")
    assert store.world("copy").events(0, 10).events == []
    tell(store.world("copy"), 2)
    copied, original = store.world("copy").events(0, 10), store.events(0, 10)
    assert (numbers(copied), numbers(original)) == ([2], [1])
    assert copied.feed != original.feed


@pytest.mark.parametrize("name", ["default", "other"])
def test_a_world_that_was_dropped_begins_another_feed(store, name):
    tell(store.world(name), 1, 2)
    before = store.world(name).events(0, 10).feed
    store.drop(name)
    assert store.world(name).events(0, 10).events == []
    tell(store.world(name), 3)
    page = store.world(name).events(0, 10)
    assert (numbers(page), page.oldest, page.newest) == ([3], 1, 1)
    assert page.feed != before


def test_a_kept_feed_is_there_after_the_store_was_closed(path):
    url = f"sqlite:///{path}"
    store = open_store(url)
    tell(store, 1, 2)
    before = store.events(0, 10)
    store.close()
    again = open_store(url)
    assert again.events(0, 10) == before
    tell(again, 3)
    assert again.events(2, 10).events[0].id == 3
    again.close()


def test_two_processes_on_a_file_count_on_together(path):
    first, second = open_store(f"sqlite:///{path}"), open_store(f"sqlite:///{path}")
    for number in range(3):
        tell(first, number)
        tell(second, number + 10)
    assert numbers(first.events(0, 10)) == [0, 10, 1, 11, 2, 12]
    assert first.events(0, 10) == second.events(0, 10)
    first.close()
    second.close()


def test_a_reader_amid_writers_misses_nothing_and_sees_each_in_its_order(url):
    store = open_store(url)
    writers, each = 8, 40

    def write(writer):
        own = store.world("default")
        for step in range(each):
            tell(own, writer * 1000 + step)

    seen, after = [], 0
    with ThreadPoolExecutor(writers) as pool:
        writing = [pool.submit(write, writer) for writer in range(writers)]
        while len(seen) < writers * each:
            # Looked at first: what is written while a page is read may not be on it.
            finished = all(one.done() for one in writing)
            page = store.events(after, 7)
            ids = [one.id for one in page.events]
            assert ids == list(range(after + 1, after + 1 + len(ids)))
            seen += numbers(page)
            after += len(page.events)
            if not page.events and finished:
                break
        for one in writing:
            one.result()
    assert len(seen) == writers * each
    for writer in range(writers):
        own = [number - writer * 1000 for number in seen if number // 1000 == writer]
        assert own == list(range(each))
    store.close()


def test_what_nobody_reads_is_numbered_all_the_same(url, database):
    store = open_store(url)
    for _ in range(3):
        tell(store, *range(500))
    left = database.sql("SELECT count(*) FROM greenroom.emitted", name=url.rpartition("/")[2])
    assert left[0][0] <= NUMBER_AFTER
    assert store.events(0, 1).newest == 1500
    left = database.sql("SELECT count(*) FROM greenroom.emitted", name=url.rpartition("/")[2])
    assert left[0][0] == 0
    store.close()

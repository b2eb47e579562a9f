"""Worlds of a store: each a partition, asked of every store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mock_server.domain.entities import Session, World
from mock_server.storage.indexes import (
    EVERYTHING,
    LIVE_SESSION_OF_ROOM,
    SESSIONS,
    SESSIONS_BY_START,
)
from mock_server.storage.open import open_store
from mock_server.storage.protocol import StorageError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMES = ["mine", "mine-too", "m", "default-2", "mine@before", "a" * 40 + "@" + "b" * 40]


def planted(world, *entities: object):
    with world.write() as tx:
        tx.put(World(id="world", seed=1, scenario="empty", created_at=NOON))
        for entity in entities:
            tx.put(entity)


def facts(world):
    """Everything a test's world tells."""
    with world.read() as tx:
        total = tx.count(SESSIONS, EVERYTHING)
        return (
            total,
            [each.id for each in tx.page(SESSIONS, EVERYTHING, offset=0, limit=5)],
            [each.id for each in tx.page(SESSIONS, EVERYTHING, offset=max(0, total - 3), limit=3)],
            tx.count(SESSIONS_BY_START, EVERYTHING, until=NOON + timedelta(minutes=100)),
            tx.first(LIVE_SESSION_OF_ROOM, "room"),
            tx.get(Session, "s1"),
        )


def test_an_empty_store_has_the_default_world(store):
    assert store.worlds() == ["default"]
    planted(store)
    assert store.worlds() == ["default"]


@pytest.mark.parametrize("name", NAMES)
def test_worlds_do_not_see_each_other(store, make, name):
    planted(store, make("s1", title="Here"))
    planted(store.world(name), make("s1", title="There"), make("s2", minute=1))
    assert sorted(store.worlds()) == sorted(["default", name])
    assert facts(store)[:2] == (1, ["s1"])
    assert facts(store.world(name))[:2] == (2, ["s2", "s1"])
    with store.read() as tx:
        assert tx.get(Session, "s1").title == "Here"
        assert tx.get(Session, "s2") is None
    with store.world(name).write() as tx:
        tx.clear()
    assert facts(store)[0] == 1


def test_worlds_whose_names_begin_alike_are_apart(store, make):
    for number, name in enumerate(NAMES):
        planted(store.world(name), *(make(f"s{each}", minute=each) for each in range(number + 1)))
    for number, name in enumerate(NAMES):
        assert facts(store.world(name))[0] == number + 1
    store.drop("mine")
    assert sorted(store.worlds()) == sorted(["default", *NAMES[1:]])
    assert [facts(store.world(name))[0] for name in NAMES] == [0, 2, 3, 4, 5, 6]


def test_every_world_counts_for_itself(store):
    def next_in(world):
        with world.write() as tx:
            return tx.next_number()

    assert [next_in(store), next_in(store), next_in(store.world("mine"))] == [1, 2, 1]
    with store.world("mine").write() as tx:
        tx.clear()
    assert [next_in(store), next_in(store.world("mine"))] == [3, 1]


@pytest.mark.parametrize(("source", "target"), [("default", "copy"), ("mine", "mine@kept")])
def test_a_copy_tells_the_same_and_goes_its_own_way(store, make, source, target):
    # More than a run of an index holds, so that deep pages and counts are copied as well.
    many = [
        make(f"s{each}", minute=each, scheduled_start_time=NOON + timedelta(minutes=each))
        for each in range(700)
    ]
    origin = store.world(source)
    planted(origin, *many, make("live", minute=-5, state="live"))
    with origin.write() as tx:
        assert tx.next_number() == 1
    store.fork(source, target)
    copy = store.world(target)
    assert facts(copy) == facts(origin)
    assert facts(copy)[3] == 101
    with copy.write() as tx:
        assert tx.next_number() == 2
        tx.delete(Session, "s1")
        tx.put(make("s700", minute=700))
    assert facts(copy)[1][0] == "s700"
    assert facts(origin)[1][0] == "s699"
    assert facts(origin)[5].id == "s1"
    with origin.write() as tx:
        tx.delete(Session, "live")
    assert facts(copy)[4].id == "live"


def test_a_world_is_not_copied_over_another(store, make):
    planted(store, make("s1"))
    planted(store.world("mine"), make("s2"))
    with pytest.raises(StorageError, match="not empty"):
        store.fork("default", "mine")
    assert facts(store.world("mine"))[1] == ["s2"]


def test_what_was_dropped_is_gone_also_for_whoever_still_holds_it(store, make):
    held = store.world("mine")
    planted(held, make("s1"))
    store.drop("mine")
    store.drop("never-there")
    assert store.worlds() == ["default"]
    with held.read() as tx:
        assert tx.get(Session, "s1") is None
    planted(store.world("mine"), make("s2"))
    assert facts(store.world("mine"))[1] == ["s2"]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_dropped_world_is_made_anew_by_another_process(kind, request, path, make):
    where = f"sqlite:///{path}" if kind == "sqlite" else request.getfixturevalue("url")
    store, other = open_store(where), open_store(where)
    planted(store.world("mine"), make("s1"))
    assert facts(other.world("mine"))[1] == ["s1"]
    store.drop("mine")
    assert facts(other.world("mine"))[0] == 0
    planted(other.world("mine"), make("s2"))
    assert facts(store.world("mine"))[1] == ["s2"]
    store.close()
    other.close()

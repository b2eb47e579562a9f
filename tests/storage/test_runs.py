"""Runs are whole at every level on every store that has them, and any place is found by them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from mock_server.domain.entities import Session
from mock_server.storage import postgres_runs_sql, postgres_transactions, runs, sqlite_transactions
from mock_server.storage.indexes import EVERYTHING, INDEXES, SESSIONS, SESSIONS_BY_STATE
from mock_server.storage.open import open_store
from mock_server.storage.protocol import Store
from mock_server.storage.runs import depth
from mock_server.storage.sqlite import SqliteStore

# Levels so small that thirty entries reach the third.
SIZES = (4, 12, 24)


@dataclass
class Kept:
    """A store, and the rows of its tables: (idx, key, *place), (idx, key, level, *place, n)."""

    store: Store
    entries: Callable[[], list[tuple[Any, ...]]]
    runs: Callable[[], list[tuple[Any, ...]]]


@pytest.fixture
def on_sqlite(path, monkeypatch):
    monkeypatch.setattr(runs, "SIZES", SIZES)
    monkeypatch.setattr(sqlite_transactions, "SIZES", SIZES)
    store = SqliteStore(path)
    ask = store._file.connection.execute
    yield Kept(
        store,
        lambda: ask("SELECT * FROM entries").fetchall(),
        lambda: ask("SELECT * FROM runs").fetchall(),
    )
    store.close()


@pytest.fixture
def on_postgres(database, url, monkeypatch):
    monkeypatch.setattr(runs, "SIZES", SIZES)
    monkeypatch.setattr(postgres_transactions, "SIZES", SIZES)
    monkeypatch.setattr(postgres_transactions, "FOLD_AFTER", 5)
    store = open_store(url)
    name = url.rpartition("/")[2]
    database.sql(*postgres_runs_sql.functions(SIZES), name=name)

    def folded():
        database.sql("SELECT greenroom.fold()", name=name)
        return database.sql("SELECT * FROM greenroom.runs WHERE level > 0", name=name)

    yield Kept(
        store,
        lambda: database.sql("SELECT idx, key, ord, id FROM greenroom.entries", name=name),
        folded,
    )
    store.close()


@pytest.fixture(params=["on_sqlite", "on_postgres"])
def kept(request):
    return request.getfixturevalue(request.param)


def assert_whole(kept):
    """Every entry of a large group is counted in one run of each level, at its place."""
    large = {index.name for index in INDEXES if not index.small}
    groups: dict[tuple[str, Any], list[Any]] = {}
    for idx, key, *position in kept.entries():
        if idx in large:
            groups.setdefault((idx, key), []).append(tuple(position))
    levels: dict[tuple[Any, ...], list[Any]] = {}
    for idx, key, level, *place, n in sorted(kept.runs()):
        levels.setdefault((idx, key, level), []).append((tuple(place), n))
    assert set(levels) == {
        (*group, level)
        for group, entries in groups.items()
        for level in range(1, depth(len(entries)) + 1)
    }
    for (*group, level), found in levels.items():
        begins = [begin for begin, _ in found]
        for (begin, n), end in zip(found, [*begins[1:], None], strict=True):
            held = sum(
                begin <= each and (end is None or each < end) for each in groups[tuple(group)]
            )
            assert n == held <= SIZES[level - 1]
        if level > 1:
            assert set(begins) <= {begin for begin, _ in levels[*group, level - 1]}


def assert_answers(store, sessions, times):
    """Every page and count is that of a sorted list."""
    with store.read() as tx:
        for index, key in ((SESSIONS, EVERYTHING), (SESSIONS_BY_STATE, "live")):
            group = sorted(
                (each for each in sessions.values() if index.key(each) == key),
                key=lambda each: (each.created_at, each.id),
                reverse=True,
            )
            for offset in range(0, len(group) + 2, 3):
                assert tx.page(index, key, offset=offset, limit=4) == group[offset : offset + 4]
            for until in times:
                counted = tx.count(index, key, until=until)
                assert counted == sum(each.created_at <= until for each in group)


def change(tx, make, sessions, chance, growing):
    name = str(chance.randrange(60))
    if chance.random() < growing:
        minute, state = chance.randrange(10), chance.choice(["scheduled", "live"])
        sessions[name] = make(name, minute=minute, state=state)
        tx.put(sessions[name])
    else:
        sessions.pop(name, None)
        tx.delete(Session, name)


@pytest.mark.parametrize(("seed", "together"), [(1, 1), (2, 1), (3, 1), (4, 7), (5, 30)])
def test_any_changes_leave_runs_whole(kept, make, seed, together):
    chance = random.Random(seed)
    times = [make("s", minute=each).created_at for each in range(-1, 12)]
    sessions: dict[str, Session] = {}
    # Growing first and shrinking then, so that levels come and go.
    for growing in (0.95, 0.6, 0.3, 0.05):
        for step in range(90 // together):
            with kept.store.write() as tx:
                for _ in range(together):
                    change(tx, make, sessions, chance, growing)
            if step % 10 == 0:
                assert_answers(kept.store, sessions, times)
                assert_whole(kept)
        assert_answers(kept.store, sessions, times)
        assert_whole(kept)


def test_a_group_that_goes_through_its_end_keeps_few_runs(kept, make):
    for number in range(150):
        with kept.store.write() as tx:
            tx.put(make(f"{number:03}", minute=number))
            if number >= 20:
                tx.delete(Session, f"{number - 20:03}")
        if number % 10 == 0:
            kept.runs()
    assert_whole(kept)
    # Twenty entries could stand in five; some are half full, some held the last of what went.
    assert Counter(row[0] for row in kept.runs())["sessions"] <= 20


def test_entries_of_one_moment_are_cut_by_their_ids(kept, make):
    sessions = {f"{number:02}": make(f"{number:02}") for number in range(40)}
    with kept.store.write() as tx:
        for session in sessions.values():
            tx.put(session)
    assert_whole(kept)
    assert_answers(kept.store, sessions, [make("s", minute=each).created_at for each in (-1, 0)])


def test_a_change_that_is_undone_leaves_runs_whole(kept, make):
    with kept.store.write() as tx:
        for number in range(40):
            tx.put(make(str(number), minute=number))

    def change_and_fail():
        with kept.store.write() as tx:
            for number in range(0, 40, 3):
                tx.delete(Session, str(number))
                tx.put(make(f"new {number}", minute=number))
            assert tx.page(SESSIONS, EVERYTHING, offset=20, limit=5)
            raise LookupError

    with pytest.raises(LookupError):
        change_and_fail()
    assert_whole(kept)


def test_an_emptied_group_leaves_no_run(kept, make):
    with kept.store.write() as tx:
        for number in range(40):
            tx.put(make(str(number), minute=number))
    assert kept.runs()
    for number in range(40):
        with kept.store.write() as tx:
            tx.delete(Session, str(number))
    assert kept.runs() == []


@pytest.mark.parametrize("number", [100, 3000])
def test_the_deepest_place_of_a_large_group_is_a_few_steps_away_on_sqlite(path, make, number):
    store = SqliteStore(path)
    at = make("s").created_at
    with store.write() as tx:
        for each in range(number):
            tx.put(make(f"{each:05}", created_at=at + timedelta(seconds=each)))
    steps = []
    connection = store._file.connection
    with store.read() as tx:
        assert tx.count(SESSIONS, EVERYTHING) == number
        # SQLite calls this once in so many instructions of its own.
        connection.set_progress_handler(lambda: steps.append(10), 10)
        tx.page(SESSIONS, EVERYTHING, offset=number - 1, limit=1)
        tx.count(SESSIONS, EVERYTHING, until=at + timedelta(seconds=number - 2))
        connection.set_progress_handler(None, 0)
    store.close()
    assert sum(steps) < 12 * runs.SIZES[0]


@pytest.mark.parametrize(("size", "levels"), [(0, 0), (256, 0), (257, 1), (4_097, 2), (10**6, 3)])
def test_larger_groups_have_more_levels(size, levels):
    assert depth(size) == levels
    assert all(one * 2 <= other for one, other in pairwise(runs.SIZES))

"""Runs are whole at every level, and places in large groups are found by few steps."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from mock_server.domain.entities import Session
from mock_server.storage import sqlite, sqlite_runs
from mock_server.storage.indexes import EVERYTHING, SESSIONS, SESSIONS_BY_STATE
from mock_server.storage.sqlite import SqliteStore
from mock_server.storage.sqlite_runs import depth


@pytest.fixture
def sizes(monkeypatch):
    """Levels so small that thirty entries reach the third."""
    sizes = (4, 12, 24)
    monkeypatch.setattr(sqlite_runs, "SIZES", sizes)
    monkeypatch.setattr(sqlite, "SIZES", sizes)
    return sizes


@pytest.fixture
def store(path, sizes):
    store = SqliteStore(path)
    yield store
    store.close()


def assert_whole(store, sizes):
    """Every entry of a group with runs is counted in one run of each level, at its place."""
    ask = store._file.connection.execute
    groups = ask("SELECT idx, key, count(*) FROM entries GROUP BY idx, key").fetchall()
    wanted = {
        (idx, key, level)
        for idx, key, n in groups
        if (idx, key, n) in set(ask("SELECT idx, key, n FROM counts"))
        for level in range(1, depth(n) + 1)
    }
    rows = ask("SELECT idx, key, level, ord, id, n FROM runs ORDER BY 1, 2, 3, 4, 5").fetchall()
    assert {row[:3] for row in rows} == wanted
    for row, after in zip(rows, [*rows, (None,) * 6][1:], strict=True):
        end = after[3:5] if row[:3] == after[:3] else sqlite_runs.END
        (held,) = ask(
            "SELECT count(*) FROM entries WHERE idx = ? AND key = ? "
            "AND (ord, id) >= (?, ?) AND (ord, id) < (?, ?)",
            (*row[:2], *row[3:5], *end),
        ).fetchone()
        assert row[5] == held
        assert held <= sizes[row[2] - 1]
    begins = {(*row[:3], *row[3:5]) for row in rows}
    assert all((idx, key, level - 1, *at) in begins for idx, key, level, *at in begins if level > 1)


def ask_everything(store, kept, times):
    """Compare every page and count with a sorted list."""
    with store.read() as tx:
        for index, key in ((SESSIONS, EVERYTHING), (SESSIONS_BY_STATE, "live")):
            group = sorted(
                (each for each in kept.values() if index.key(each) == key),
                key=lambda each: (each.created_at, each.id),
                reverse=True,
            )
            for offset in range(len(group) + 2):
                assert tx.page(index, key, offset=offset, limit=3) == group[offset : offset + 3]
            for until in times:
                counted = tx.count(index, key, until=until)
                assert counted == sum(each.created_at <= until for each in group)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("together", [1, 7])
def test_any_changes_leave_runs_whole(store, make, sizes, seed, together):
    chance = random.Random(seed)
    times = [make("s", minute=each).created_at for each in range(-1, 12)]
    kept: dict[str, Session] = {}
    # Growing first and shrinking then, so that levels come and go.
    for growing in (0.9, 0.6, 0.2, 0.05):
        for _ in range(60 // together):
            with store.write() as tx:
                for _ in range(together):
                    name = str(chance.randrange(60))
                    if chance.random() < growing:
                        kept[name] = make(
                            name,
                            minute=chance.randrange(10),
                            state=chance.choice(["scheduled", "live"]),
                        )
                        tx.put(kept[name])
                    else:
                        kept.pop(name, None)
                        tx.delete(Session, name)
            assert_whole(store, sizes)
        ask_everything(store, kept, times)


def test_a_group_that_goes_through_its_end_keeps_few_runs(store, make, sizes):
    for number in range(300):
        with store.write() as tx:
            tx.put(make(str(number), minute=number))
            if number >= 20:
                tx.delete(Session, str(number - 20))
    assert_whole(store, sizes)
    (runs,) = store._file.connection.execute(
        "SELECT count(*) FROM runs WHERE idx = 'sessions'"
    ).fetchone()
    assert runs <= 20


def test_a_change_that_is_undone_leaves_runs_whole(store, make, sizes):
    with store.write() as tx:
        for number in range(40):
            tx.put(make(str(number), minute=number))

    def change_and_fail():
        with store.write() as tx:
            for number in range(0, 40, 3):
                tx.delete(Session, str(number))
                tx.put(make(f"new {number}", minute=number))
            assert tx.page(SESSIONS, EVERYTHING, offset=20, limit=5)
            raise LookupError

    with pytest.raises(LookupError):
        change_and_fail()
    assert_whole(store, sizes)


def test_a_group_is_emptied_without_remains(store, make):
    with store.write() as tx:
        for number in range(40):
            tx.put(make(str(number), minute=number))
    for number in range(40):
        with store.write() as tx:
            tx.delete(Session, str(number))
    ask = store._file.connection.execute
    assert ask("SELECT * FROM runs").fetchall() == []
    assert ask("SELECT * FROM counts").fetchall() == []


@pytest.mark.parametrize("number", [100, 3000])
def test_the_deepest_page_of_a_large_group_reads_few_rows(path, make, number):
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
    assert sum(steps) < 12 * sqlite_runs.SIZES[0]

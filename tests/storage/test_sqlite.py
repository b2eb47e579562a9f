"""What only the SQLite store promises: files, other processes, and ends without warning."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from mock_server.domain.entities import Room, Session
from mock_server.storage import sqlite_transactions
from mock_server.storage.indexes import (
    EVERYTHING,
    LIVE_SESSION_OF_ROOM,
    SESSIONS,
    SESSIONS_OF_ROOM,
)
from mock_server.storage.protocol import StorageError
from mock_server.storage.sqlite import SqliteStore

PRELUDE = """
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from mock_server.domain.entities import Room, Session
from mock_server.storage.sqlite import SqliteStore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

def session(session_id, room_id="room"):
    return Session(
        id=session_id, room_id=room_id, preset_id="preset", title="x" * 500, mode="webcam",
        stream_key=session_id, ingress_id="IN_1", created_at=NOON, updated_at=NOON,
    )

store = SqliteStore(Path(sys.argv[1]))
"""
PARTS = 5
WRITE_FOR_EVER = (
    PRELUDE
    + f"""
while True:
    with store.write() as tx:
        number = tx.next_number()
        for part in range({PARTS}):
            tx.put(session(f"{{number}}.{{part}}"))
    print(number, flush=True)
"""
)
STOP_INSIDE = (
    PRELUDE
    + """
with store.write() as tx:
    tx.put(session("committed"))
with store.write() as tx:
    tx.put(session("not committed"))
    tx.delete(Session, "committed")
    print("inside", flush=True)
    input()
"""
)
COUNT_UP = (
    PRELUDE
    + """
print("ready", flush=True)
input()
for step in range(int(sys.argv[3])):
    with store.write() as tx:
        room = tx.get(Room, "room")
        tx.put(replace(room, title=str(int(room.title) + 1)))
        tx.put(session(f"{sys.argv[2]}.{step}"))
        tx.next_number()
store.close()
print("done", flush=True)
"""
)


@pytest.fixture
def open_file(path):
    """Open the test's file, any number of times."""
    stores = []

    def open_one_more(**options: float):
        stores.append(SqliteStore(path, **options))
        return stores[-1]

    yield open_one_more
    for store in stores:
        store.close()


def session_ids(store):
    with store.read() as tx:
        total = tx.count(SESSIONS, EVERYTHING)
        found = [each.id for each in tx.page(SESSIONS, EVERYTHING, offset=0, limit=10**9)]
    assert len(found) == total
    return set(found)


def execute(path, statement):
    """Change the file as another program would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


def assert_whole(path):
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("answers", [1, 30, 150])
def test_every_answered_write_outlives_a_kill(path, start, open_file, answers):
    program = start(WRITE_FOR_EVER, path)
    printed = [program.stdout.readline() for _ in range(answers)]
    program.kill()
    printed += program.stdout.readlines()
    assert_whole(path)
    found = session_ids(open_file())
    for number in map(int, printed):
        assert {f"{number}.{part}" for part in range(PARTS)} <= found
    # The one that was being written is there with all its parts, or not at all.
    assert len(found) in {PARTS * len(printed), PARTS * (len(printed) + 1)}
    with open_file().write() as tx:
        assert tx.next_number() == len(found) // PARTS + 1


def test_a_transaction_that_was_open_at_a_kill_did_not_happen(path, start, open_file):
    program = start(STOP_INSIDE, path)
    assert program.stdout.readline() == "inside\n"
    program.kill()
    program.wait()
    assert_whole(path)
    assert session_ids(open_file()) == {"committed"}


def test_two_processes_that_write_at_once_lose_nothing(path, start, open_file, make):
    rounds = 150
    store = open_file()
    at = make("s").created_at
    with store.write() as tx:
        tx.put(
            Room(id="room", host_id="h", library_id="l", title="0", created_at=at, updated_at=at)
        )
    programs = [start(COUNT_UP, path, name, rounds) for name in ("a", "b")]
    for program in programs:
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        program.stdin.write("\n")
        program.stdin.flush()
    for program in programs:
        assert program.stdout.readline() == "done\n"
    with store.write() as tx:
        assert tx.get(Room, "room").title == str(2 * rounds)
        assert tx.count(SESSIONS_OF_ROOM, "room") == 2 * rounds
        assert tx.next_number() == 2 * rounds + 1
    assert session_ids(store) == {f"{name}.{step}" for name in "ab" for step in range(rounds)}


def test_a_store_sees_what_another_has_committed_and_nothing_else(open_file, make):
    one, other = open_file(), open_file()
    with one.write() as tx:
        tx.put(make("s"))
        with other.read() as elsewhere:
            assert elsewhere.get(Session, "s") is None
    with other.read() as elsewhere:
        assert elsewhere.get(Session, "s") == make("s")


def test_the_version_tells_of_what_others_commit_at_once(open_file, make):
    one, other = open_file(), open_file()
    seen = {one.version}
    for number in range(5):
        with other.write() as tx:
            tx.put(make(str(number)))
            assert one.version in seen
        assert one.version not in seen
        seen.add(one.version)
        with one.write() as tx:
            tx.put(make(f"own {number}"))
        assert one.version not in seen
        seen.add(one.version)


def test_a_read_transaction_sees_one_state_throughout(open_file, make):
    one, other = open_file(), open_file()
    with one.read() as tx:
        assert tx.count(SESSIONS, EVERYTHING) == 0
        with other.write() as elsewhere:
            elsewhere.put(make("s"))
        assert tx.get(Session, "s") is None
        assert tx.page(SESSIONS, EVERYTHING, offset=0, limit=9) == []
    with one.read() as tx:
        assert tx.get(Session, "s") == make("s")


def test_a_writer_that_waits_too_long_is_told_so_and_can_try_again(open_file, make):
    one, other = open_file(), open_file(patience=0.01)
    with one.write() as tx:
        tx.put(make("s"))
        with pytest.raises(StorageError, match=r"was being written by another process for 0.01 s"):
            other.write().__enter__()
    with other.write() as elsewhere:
        elsewhere.put(make("t"))
    assert session_ids(one) == {"s", "t"}


def test_a_full_disk_changes_nothing_and_says_so(open_file, make):
    store = open_file()
    with store.write() as tx:
        tx.put(make("s"))
    connection = store._file.connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 3}")

    def fill():
        with store.write() as tx:
            for number in range(100):
                tx.put(make(str(number), title="x" * 1000))

    with pytest.raises(StorageError, match="is on a full disk, so nothing was changed"):
        fill()
    assert session_ids(store) == {"s"}
    connection.execute(f"PRAGMA max_page_count = {pages + 1000}")
    fill()
    assert len(session_ids(store)) == 101


def test_a_closed_store_says_so(open_file):
    store = open_file()
    store.close()
    with pytest.raises(StorageError, match="open the store again"):
        store.read().__enter__()
    with pytest.raises(StorageError, match="open the store again"):
        store.write().__enter__()
    with pytest.raises(StorageError, match="open the store again"):
        _ = store.version


def test_a_stored_document_that_cannot_be_read_is_an_error_and_not_a_gap(path, open_file, make):
    store = open_file()
    with store.write() as tx:
        tx.put(make("s"))
    execute(path, """UPDATE entities SET doc = '{"id": "s", "colour": 1}'""")
    with store.read() as tx, pytest.raises(StorageError, match=r"does not know \(colour\)"):
        tx.get(Session, "s")


def test_a_missing_document_is_an_error_and_not_a_gap(path, open_file, make):
    store = open_file()
    with store.write() as tx:
        tx.put(make("s"))
    execute(path, "DELETE FROM entities")
    with store.read() as tx, pytest.raises(StorageError, match="the store is damaged"):
        tx.page(SESSIONS, EVERYTHING, offset=0, limit=1)


def test_a_large_transaction_does_not_remember_everything(open_file, make, monkeypatch):
    monkeypatch.setattr(sqlite_transactions, "REMEMBERED", 50)
    monkeypatch.setattr(sqlite_transactions, "KEPT_BACK", 20)
    store = open_file()
    known = store._file.known
    with store.write() as tx:
        for number in range(200):
            tx.put(make(str(number), room_id=str(number)))
        assert len(tx._pending) <= 20
        for number in range(200):
            tx.put(make(str(number), room_id=str(number), state="live"))
            assert tx.count(SESSIONS_OF_ROOM, str(number)) == 1
            assert tx.first(LIVE_SESSION_OF_ROOM, str(number)).state == "live"
        assert tx.count(SESSIONS, EVERYTHING) == 200
    assert max(map(len, (known.entities, known.groups, known.counts))) <= 51
    assert len(session_ids(store)) == 200


def test_what_is_remembered_is_given_again_as_long_as_it_holds(open_file, make):
    one, other = open_file(), open_file()
    with one.write() as tx:
        tx.put(make("s"))
    with one.read() as tx:
        found = tx.get(Session, "s")
    with one.read() as tx:
        assert tx.get(Session, "s") is found
        assert tx.first(LIVE_SESSION_OF_ROOM, "room") is None
        assert tx.count(SESSIONS_OF_ROOM, "room") == 1
    with other.write() as tx:
        tx.put(make("s", title="Changed elsewhere", state="live"))
        tx.put(make("t"))
    with one.read() as tx:
        assert tx.get(Session, "s").title == "Changed elsewhere"
        assert tx.first(LIVE_SESSION_OF_ROOM, "room") == tx.get(Session, "s")
        assert tx.count(SESSIONS_OF_ROOM, "room") == 2


@pytest.mark.parametrize("minute", range(5))
def test_a_count_up_to_a_time_is_remembered_until_it_changes(open_file, make, minute):
    one, other = open_file(), open_file()
    until = make("s", minute=minute).created_at
    there = set()

    def assert_counted():
        with one.read() as tx:
            for later in (0, 20, 59):
                counted = tx.count(SESSIONS, EVERYTHING, until=until + timedelta(seconds=later))
                assert counted == sum(each <= minute for each in there)

    for store, minutes in ((one, (0, 3)), (one, (1,)), (other, (4,)), (one, (2,))):
        with store.write() as tx:
            for each in minutes:
                tx.put(make(str(each), minute=each))
        there.update(minutes)
        assert_counted()
    with one.write() as tx:
        tx.delete(Session, "1")
        there.remove(1)
        counted = tx.count(SESSIONS, EVERYTHING, until=until)
        assert counted == sum(each <= minute for each in there)
    assert_counted()


def test_a_refused_request_leaves_what_is_remembered(open_file, make):
    store = open_file()
    with store.write() as tx:
        tx.put(make("s"))
        found = tx.get(Session, "s")

    def refuse():
        with store.write() as tx:
            assert tx.get(Session, "s") is found
            raise LookupError

    for _ in range(2):
        with pytest.raises(LookupError):
            refuse()


def test_a_document_can_be_read_with_any_sqlite_tool(open_file, path, make):
    with open_file().write() as tx:
        tx.put(make("s", title="é"))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(
            "SELECT kind, id, doc ->> 'title', doc ->> 'created_at' FROM entities"
        ).fetchall() == [("Session", "s", "é", "2026-03-01T12:00:00Z")]

"""What only a store that several processes share must do: wait for each other, and survive."""

from __future__ import annotations

import secrets
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Barrier, Event, Thread

import psycopg
import pytest

from mock_server.domain.entities import Participant, Preset, Room, Session
from mock_server.storage import postgres_runs_sql, postgres_sql, postgres_transactions
from mock_server.storage.indexes import (
    EVERYTHING,
    LIVE_SESSION_OF_ROOM,
    PARTICIPANTS_OF_SESSION,
    SESSIONS,
    SESSIONS_BY_STATE,
)
from mock_server.storage.open import open_store
from mock_server.storage.protocol import Lock, Needs, StorageError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOM = Room(id="room", host_id="h", library_id="l", title="t", created_at=NOON, updated_at=NOON)
PRESET = Preset(
    id="preset",
    user_id="u",
    library_id="l",
    name="n",
    type="rtmp",
    created_at=NOON,
    updated_at=NOON,
)
OF_SESSION = Needs(locks=(Lock(Room, "s", of=Session),), entities=((Session, "s"),), numbers=1)


@pytest.fixture
def store(url):
    store = open_store(url)
    yield store
    store.close()


@pytest.fixture
def other(url, store):
    """The same database as another replica sees it."""
    other = open_store(url)
    yield other
    other.close()


def put(store, *entities: object):
    with store.write() as tx:
        for entity in entities:
            tx.put(entity)


def in_threads(*works: Callable[[], object]):
    raised = []

    def guarded(work):
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - the test's own thread raises it
            raised.append(error)

    threads = [Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    if raised:
        raise raised[0]


def test_changes_of_one_session_by_two_replicas_are_all_kept(store, other, make):
    put(store, ROOM, make("s"))

    def work(replica):
        for _ in range(100):
            with replica.write(OF_SESSION) as tx:
                found = tx.get(Session, "s")
                tx.put(replace(found, seats=found.seats + 1))

    in_threads(lambda: work(store), lambda: work(other))
    with store.read() as tx:
        assert tx.get(Session, "s").seats == 200


def test_one_of_two_sessions_of_a_room_goes_live(store, other, make):
    put(store, ROOM, make("s"), make("t"))
    begin, moved = Barrier(2), []

    def start(replica, name):
        begin.wait(10)
        needs = Needs(locks=(Lock(Room, name, of=Session),), entities=((Session, name),))
        with replica.write(needs) as tx:
            if tx.first(LIVE_SESSION_OF_ROOM, "room") is None:
                tx.put(replace(tx.get(Session, name), state="live"))
                moved.append(name)

    in_threads(lambda: start(store, "s"), lambda: start(other, "t"))
    assert len(moved) == 1
    with store.read() as tx:
        assert tx.count(SESSIONS_BY_STATE, "live") == 1


def test_writers_of_other_rooms_do_not_wait_and_those_of_the_same_do(store, other, make):
    put(store, make("s"), make("t", room_id="elsewhere"))
    inside, done = Event(), Event()

    def hold():
        with store.write(OF_SESSION):
            inside.set()
            assert done.wait(10)

    def work():
        assert inside.wait(10)
        needs = Needs(locks=(Lock(Room, "t", of=Session),), entities=((Session, "t"),))
        with other.write(needs) as tx:
            tx.put(make("t", room_id="elsewhere", title="Done meanwhile"))
        waiting = Thread(target=lambda: put_with(other, OF_SESSION, make("s")), daemon=True)
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
        done.set()
        waiting.join(10)
        assert not waiting.is_alive()

    in_threads(hold, work)


def test_a_writer_without_needs_is_alone(store, other, make):
    inside, entered = Event(), Event()

    def hold():
        with store.write(OF_SESSION):
            inside.set()
            assert not entered.wait(0.2)

    def whole():
        assert inside.wait(10)
        with other.write() as tx:
            assert tx.get(Session, "t") is None
            entered.set()

    in_threads(hold, whole)


def test_many_may_share_what_they_only_need_to_stay(store, other):
    put(store, PRESET)
    both = Barrier(2)

    def share(replica):
        with replica.write(Needs(locks=(Lock(Preset, "preset", shared=True),))):
            both.wait(10)

    in_threads(lambda: share(store), lambda: share(other))


def test_what_is_not_there_to_be_locked_is_not_there(store, other, make):
    with store.write(OF_SESSION) as tx:
        # Made now, after the lock found nothing to lock: that is after this transaction.
        making = Needs(locks=(Lock(Room, "room", shared=True),))
        with_other = Thread(target=lambda: put_with(other, making, make("s")))
        with_other.start()
        with_other.join(10)
        assert tx.get(Session, "s") is None
    with store.read() as tx:
        assert tx.get(Session, "s") == make("s")


def put_with(store, needs, entity):
    with store.write(needs) as tx:
        tx.put(entity)


def test_what_was_foreseen_is_up_to_date_after_changes(store, make):
    put(store, ROOM, PRESET, make("s"))
    with store.write(OF_SESSION) as tx:
        assert tx.first(LIVE_SESSION_OF_ROOM, "room") is None
        tx.put(make("s", state="live"))
        assert tx.first(LIVE_SESSION_OF_ROOM, "room").id == "s"
        assert tx.count(LIVE_SESSION_OF_ROOM, "room") == 1
        assert tx.count(PARTICIPANTS_OF_SESSION, "s") == 0
        tx.put(Participant(id="s/u", session_id="s", user_id="u", created_at=NOON))
        assert tx.count(PARTICIPANTS_OF_SESSION, "s") == 1
        tx.put(make("s", state="ended"))
        assert tx.first(LIVE_SESSION_OF_ROOM, "room") is None
        assert tx.next_number() != tx.next_number()


@pytest.mark.parametrize("name", ["default", "new"])
def test_the_first_numbers_of_a_world_can_be_taken_at_once(store, other, name):
    begin, taken = Barrier(6), []

    def take(replica):
        begin.wait(10)
        with replica.world(name).write(Needs(numbers=1)) as tx:
            taken.append(tx.next_number())

    in_threads(*[lambda each=each: take(each) for each in (store, other) * 3])
    assert sorted(taken) == [1, 2, 3, 4, 5, 6]


def test_a_transaction_with_needs_cannot_clear_the_store(store):
    with store.write(Needs()) as tx, pytest.raises(StorageError, match="shares the store"):
        tx.clear()


def test_readers_go_on_in_the_world_they_began_with(store, other, make):
    put(store, make("s"))
    with store.read() as tx:
        assert tx.count(SESSIONS, EVERYTHING) == 1

        def clear():
            with other.write() as writing:
                writing.clear()

        in_threads(clear)
        assert [each.id for each in tx.page(SESSIONS, EVERYTHING, offset=0, limit=9)] == ["s"]
    with store.read() as tx:
        assert tx.count(SESSIONS, EVERYTHING) == 0


@pytest.fixture
def ask(database, url):
    """Send statements to the test's database past the store."""
    return partial(database.sql, name=url.rpartition("/")[2])


@pytest.fixture
def short_runs(store, ask, monkeypatch):
    monkeypatch.setattr(postgres_transactions, "FOLD_AFTER", 3)
    monkeypatch.setattr(postgres_transactions, "SIZES", (4, 12))
    ask(*postgres_runs_sql.functions((4, 12)))


@pytest.mark.usefixtures("short_runs")
def test_counts_are_right_whenever_moves_are_folded(store, other, make, ask):
    done = Event()

    def write(replica, letter):
        for number in range(60):
            with replica.write(Needs()) as tx:
                tx.put(make(f"{letter}{number}", minute=number % 7))
                if number % 3 == 2:
                    tx.delete(Session, f"{letter}{number - 2}")
        done.set()

    def read(replica):
        while not done.is_set():
            with replica.read() as tx:
                total = tx.count(SESSIONS, EVERYTHING)
                everybody = tx.page(SESSIONS, EVERYTHING, offset=0, limit=1000)
                assert len(everybody) == total
                assert (
                    tx.page(SESSIONS, EVERYTHING, offset=total // 2, limit=9)
                    == everybody[total // 2 :][:9]
                )
                counted = tx.count(SESSIONS, EVERYTHING, until=NOON + timedelta(minutes=3))
                assert counted == sum(
                    each.created_at <= NOON + timedelta(minutes=3) for each in everybody
                )

    in_threads(
        lambda: write(store, "a"), lambda: write(other, "b"), lambda: write(other, "c"),
        lambda: read(store), lambda: read(other),
    )  # fmt: skip
    with store.read() as tx:
        assert tx.count(SESSIONS, EVERYTHING) == 120
    assert ask("SELECT max(level) FROM greenroom.runs") == [(2,)]


def test_what_a_process_left_unfolded_is_folded_when_the_next_begins(store, url, make, ask):
    put(store, make("s"))
    assert ask("SELECT * FROM greenroom.moves")
    open_store(url).close()
    assert not ask("SELECT * FROM greenroom.moves")
    with store.read() as tx:
        assert tx.count(SESSIONS, EVERYTHING) == 1


def test_neither_writers_nor_readers_wait_for_one_that_folds(store, make, ask, url):
    put(store, make("s"))
    with psycopg.connect(url) as folding:
        for step in (postgres_sql.BEGIN_FOLDING, postgres_sql.LOCK_FOLDING, postgres_sql.FOLD):
            folding.execute(step.text.decode())
        put_with(store, Needs(), make("t"))
        with store.read() as tx:
            assert tx.count(SESSIONS, EVERYTHING) == 2
    with store.read() as tx:
        assert tx.count(SESSIONS, EVERYTHING) == 2
    assert {row[3] for row in ask("SELECT * FROM greenroom.moves")} == {b"t"}


def test_nothing_is_folded_while_somebody_is_alone_but_later(store, other, make, ask, monkeypatch):
    monkeypatch.setattr(postgres_transactions, "FOLD_AFTER", 2)
    put(store, make("s"))
    with store.write() as tx:
        tx.put(make("t"))
        assert tx.count(SESSIONS, EVERYTHING) == 2
        folding = other._shared.connections.connect()
        assert not postgres_transactions.fold(folding)
        folding.close()
    assert ask("SELECT count(*) FROM greenroom.moves") == [(0,)]
    with store.read() as tx:
        assert tx.count(SESSIONS, EVERYTHING) == 2


def test_a_connection_that_died_while_idle_is_replaced_unnoticed(store, database, make):
    put(store, make("s"))
    database.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'greenroom'"
    )
    with store.read() as tx:
        assert tx.get(Session, "s") == make("s")


def test_a_connection_that_dies_in_a_transaction_undoes_it(store, database, make):
    def begin_and_lose():
        with store.write() as tx:
            tx.put(make("s"))
            assert tx.count(SESSIONS, EVERYTHING) == 1
            database.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'greenroom'"
            )
            tx.count(SESSIONS, EVERYTHING, until=NOON)

    with pytest.raises(StorageError, match="can't be used now"):
        begin_and_lose()
    with store.read() as tx:
        assert tx.get(Session, "s") is None


def test_a_refused_statement_does_not_pass_for_a_commit(store, make):
    def go_on_regardless():
        with store.write() as tx:
            tx.put(make("s"))
            # Longer than an entry of an index can be.
            tx.put(make("u", room_id=secrets.token_hex(10_000)))
            with pytest.raises(StorageError):
                tx.count(SESSIONS, EVERYTHING, until=NOON)
            tx.put(make("t"))

    with pytest.raises(StorageError, match="nothing was changed"):
        go_on_regardless()
    with store.read() as tx:
        assert tx.count(SESSIONS, EVERYTHING) == 0


def test_an_address_that_never_answers_is_given_up_after_two_seconds():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        with pytest.raises(StorageError, match="it must run and let this user in"):
            open_store(f"postgresql://greenroom@127.0.0.1:{silent.getsockname()[1]}/x")
        assert time.monotonic() - begun < 4


def test_a_password_is_never_told(database):
    with pytest.raises(StorageError) as refusal:
        open_store(f"postgresql://nobody:hush@127.0.0.1:{database.port}/nowhere")
    assert "hush" not in str(refusal.value)
    assert "nowhere" in str(refusal.value)


def test_a_malformed_address_is_refused():
    with pytest.raises(StorageError, match="is not one of PostgreSQL"):
        open_store("postgresql://host:port/database?colour=red")


def test_without_psycopg_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for name in list(sys.modules):
        if name.startswith("mock_server.storage.postgres"):
            monkeypatch.delitem(sys.modules, name)
    with pytest.raises(StorageError, match=r"pip install 'greenroom\[postgres\]'"):
        open_store("postgresql://localhost/greenroom")

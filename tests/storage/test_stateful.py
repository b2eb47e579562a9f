"""Every store answers like a naive model, whatever is done to it in whatever order."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from mock_server.domain.entities import Participant, Preset, RefreshToken, Session, User
from mock_server.storage.indexes import EVERYTHING, INDEXES
from mock_server.storage.memory import MemoryStore
from mock_server.storage.open import open_store
from mock_server.storage.sqlite import SqliteStore

START = datetime(2026, 3, 1, tzinfo=UTC)
TIMES = [START + timedelta(microseconds=each) for each in (-(10**15), 0, 1, 10**12)]
PAGES = [(0, 100), (1, 2), (3, 1), (2**70, 5)]

names = st.sampled_from(["a", "b", "é", "a\0", ""])
times = st.sampled_from(TIMES)


def _of(kind, **fields: st.SearchStrategy):
    return st.builds(kind, id=names, created_at=times, **fields)


entities = st.one_of(
    _of(
        Session,
        room_id=names,
        preset_id=names,
        title=st.just("t"),
        state=st.sampled_from(["scheduled", "live", "ended"]),
        mode=st.just("rtmp"),
        scheduled_start_time=st.none() | times,
        stream_key=names,
        ingress_id=st.just("i"),
        updated_at=times,
    ),
    _of(
        Preset,
        user_id=names,
        library_id=names,
        name=names,
        type=st.just("whip"),
        updated_at=times,
        deleted_at=st.none() | times,
    ),
    _of(
        User,
        external_user_id=names,
        organization_id=names,
        library_id=names,
        email=st.sampled_from(["A@b.c", "a@B.c", "STRASSE@b.c", "straße@b.c"]),
        username=names,
        role=st.just("host"),
    ),
    _of(Participant, session_id=names, user_id=names),
    _of(RefreshToken, user_id=names, sign_in_id=names),
)
KINDS = [Session, Preset, User, Participant, RefreshToken]
steps = st.one_of(
    st.tuples(st.just("put"), entities),
    st.tuples(st.just("put"), entities),
    st.tuples(st.just("delete"), st.tuples(st.sampled_from(KINDS), names)),
    st.tuples(st.just("number"), st.none()),
)


class Mishap(Exception):
    pass


class Model:
    """A transaction over a dict, answering every question by looking at everything."""

    def __init__(self, entities=(), number=0) -> None:
        self.entities = dict(entities)
        self.number = number

    def get(self, kind, entity_id):
        return self.entities.get((kind, entity_id))

    def page(self, index, key, *, offset, limit):
        members = [
            each
            for (kind, _), each in self.entities.items()
            if kind is index.kind and index.key(each) == key
        ]
        members.sort(key=lambda each: (index.order(each), each.id), reverse=True)
        return members[offset : offset + limit]

    def first(self, index, key):
        return next(iter(self.page(index, key, offset=0, limit=1)), None)

    def count(self, index, key, *, until=None):
        members = self.page(index, key, offset=0, limit=10**6)
        return sum(until is None or index.order(each) <= until for each in members)

    def put(self, entity):
        self.entities[type(entity), entity.id] = entity

    def delete(self, kind, entity_id):
        self.entities.pop((kind, entity_id), None)

    def next_number(self):
        self.number += 1
        return self.number


def do(tx, steps):
    taken = []
    for name, what in steps:
        if name == "put":
            tx.put(what)
        elif name == "delete":
            tx.delete(*what)
        else:
            taken.append(tx.next_number())
    return taken


def answers(tx, questions):
    return [
        (
            tx.first(index, key),
            tx.count(index, key),
            [tx.count(index, key, until=until) for until in TIMES],
            [tx.page(index, key, offset=offset, limit=limit) for offset, limit in PAGES],
        )
        for index, key in questions
    ]


class Stores(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.memory = MemoryStore()
        self.kept = self.begin()

    def begin(self):
        self.folder = Path(tempfile.mkdtemp())
        return SqliteStore(self.folder / "store.db")

    def again(self):
        return SqliteStore(self.folder / "store.db")

    def end(self):
        """Close the store, and return its counts as they are and as they must be."""
        ask = self.kept._file.connection.execute
        counted = ask("SELECT * FROM counts WHERE idx <> 'numbers' ORDER BY idx, key").fetchall()
        there = ask(
            "SELECT idx, key, count(*) FROM entries GROUP BY idx, key ORDER BY idx, key"
        ).fetchall()
        self.kept.close()
        shutil.rmtree(self.folder)
        return counted, there

    def questions(self, *models: Model):
        return sorted(
            {
                (index, key)
                for index in INDEXES
                for key in (
                    EVERYTHING,
                    "nobody's",
                    *(
                        index.key(each)
                        for model in models
                        for (kind, _), each in model.entities.items()
                        if kind is index.kind
                    ),
                )
                if key is not None
            },
            key=lambda question: (question[0].name, question[1]),
        )

    def write(self, store, steps, raises):
        with store.write() as tx:
            taken = do(tx, steps)
            seen = answers(tx, self.asked)
            if raises:
                raise Mishap
        return taken, seen

    @rule(steps=st.lists(steps, max_size=8))
    def commit(self, steps):
        before = Model(self.model.entities)
        taken = do(self.model, steps)
        self.asked = self.questions(before, self.model)
        expected = (taken, answers(self.model, self.asked))
        assert self.write(self.memory, steps, raises=False) == expected
        assert self.write(self.kept, steps, raises=False) == expected

    @rule(steps=st.lists(steps, min_size=1, max_size=8))
    def undo(self, steps):
        self.asked = []
        for store in (self.memory, self.kept):
            try:
                self.write(store, steps, raises=True)
            except Mishap:
                continue
            raise AssertionError("the transaction must raise")

    @rule()
    def clear(self):
        self.model = Model()
        for store in (self.memory, self.kept):
            with store.write() as tx:
                tx.clear()

    @rule()
    def reopen(self):
        self.kept.close()
        self.kept = self.again()

    @invariant()
    def all_answer_alike(self):
        questions = self.questions(self.model)
        expected = answers(self.model, questions)
        for store in (self.memory, self.kept):
            with store.read() as tx:
                assert answers(tx, questions) == expected
                for kind in KINDS:
                    for entity_id in ("a", "b", "é", "a\0", "", "c"):
                        assert tx.get(kind, entity_id) == self.model.get(kind, entity_id)

    def teardown(self):
        counted, there = self.end()
        large = {index.name for index in INDEXES if not index.small}
        assert counted == [row for row in there if row[0] in large]


Stores.TestCase.settings = settings(
    derandomize=True, database=None, deadline=None, max_examples=40, stateful_step_count=12
)
test_sqlite_and_memory_answer_like_a_naive_model = Stores.TestCase


def test_postgresql_answers_like_a_naive_model(database, url):
    class Shared(Stores):
        def begin(self):
            store = open_store(url)
            with store.write() as tx:
                tx.clear()
            return store

        def again(self):
            return open_store(url)

        def write(self, store, steps, raises):
            if store is not self.kept:
                return super().write(store, steps, raises)
            # What a transaction that raises took is skipped here, so give it nothing to take.
            return super().write(
                store, [each for each in steps if not raises or each[0] != "number"], raises
            )

        def end(self):
            name = url.rpartition("/")[2]
            counted = database.sql(
                "SELECT idx, key, sum(n)::int FROM ("
                "SELECT idx, key, n FROM greenroom.runs WHERE level = 0 "
                "UNION ALL SELECT idx, key, n FROM greenroom.moves) counts "
                "GROUP BY idx, key HAVING sum(n) <> 0 ORDER BY idx, key",
                name=name,
            )
            there = database.sql(
                "SELECT idx, key, count(*) FROM greenroom.entries GROUP BY idx, key "
                "ORDER BY idx, key",
                name=name,
            )
            self.kept.close()
            return counted, there

    run_state_machine_as_test(
        Shared,
        settings=settings(
            derandomize=True, database=None, deadline=None, max_examples=15, stateful_step_count=8
        ),
    )

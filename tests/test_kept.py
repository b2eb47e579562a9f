from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from mock_server.domain.entities import ApiKey
from mock_server.http.answer import Answer
from mock_server.kept import KeptAnswers, KeptUntil
from mock_server.storage.memory import MemoryStore

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)
ANSWER = Answer(200, b"{}")


def kept_in(store: MemoryStore) -> KeptAnswers[Answer]:
    kept: KeptAnswers[Answer] = KeptAnswers(store)
    assert kept.find("question", NOW) is None
    kept.keep("question", ANSWER, ANSWER.body)
    return kept


def change(store: MemoryStore) -> None:
    with store.write() as tx:
        tx.put(ApiKey(id="key", user_id="user", created_at=NOW))


def test_an_answer_is_given_again_within_its_second() -> None:
    assert kept_in(MemoryStore()).find("question", NOW) is ANSWER


def test_another_question_has_to_be_worked_out() -> None:
    assert kept_in(MemoryStore()).find("another", NOW) is None


def test_the_next_second_forgets_every_answer() -> None:
    kept = kept_in(MemoryStore())
    assert kept.find("question", LATER) is None
    assert kept.find("question", LATER) is None


def test_a_change_of_the_store_forgets_every_answer() -> None:
    store = MemoryStore()
    kept = kept_in(store)
    change(store)
    assert kept.find("question", NOW) is None


def test_an_answer_is_not_kept_when_the_store_changed_while_it_was_worked_out() -> None:
    store = MemoryStore()
    kept: KeptAnswers[Answer] = KeptAnswers(store)
    assert kept.find("question", NOW) is None
    change(store)
    kept.keep("question", ANSWER, ANSWER.body)
    assert kept.find("question", NOW) is None


def test_a_store_that_others_write_to_has_nothing_kept() -> None:
    class Shared(MemoryStore):
        @property
        def version(self) -> Any:
            return None

    kept: KeptAnswers[Answer] = KeptAnswers(Shared())
    kept.keep("question", ANSWER, ANSWER.body)
    assert kept.find("question", NOW) is None


def test_what_is_kept_has_an_end() -> None:
    kept: KeptAnswers[Answer] = KeptAnswers(MemoryStore())
    large = Answer(200, b"x" * 1024 * 1024)
    for number in range(10):
        assert kept.find(number, NOW) is None
        kept.keep(number, large, large.body)
    found = [number for number in range(10) if kept.find(number, NOW) is large]
    assert found == list(range(8))


def kept_for_a_second(store: MemoryStore, size: int = 2) -> KeptUntil[str]:
    kept: KeptUntil[str] = KeptUntil(store)
    kept.keep("question", "answer", size, store.version, (NOW, LATER))
    return kept


def test_an_answer_holds_until_the_time_it_said() -> None:
    kept = kept_for_a_second(MemoryStore())
    assert kept.find("question", NOW) == "answer"
    assert kept.find("question", LATER - timedelta(microseconds=1)) == "answer"
    assert kept.find("question", LATER) is None
    assert kept.find("question", NOW - timedelta(microseconds=1)) is None
    assert kept.find("another", NOW) is None


def test_what_holds_until_a_time_is_forgotten_when_the_store_changes() -> None:
    store = MemoryStore()
    kept = kept_for_a_second(store)
    change(store)
    assert kept.find("question", NOW) is None


def test_nothing_is_kept_until_a_time_where_others_write() -> None:
    kept = kept_for_a_second(MemoryStore())
    kept.keep("another", "answer", 2, None, (NOW, LATER))
    assert kept.find("another", NOW) is None


def test_what_is_kept_until_a_time_is_bounded() -> None:
    store = MemoryStore()
    kept = kept_for_a_second(store)
    for number in range(10):
        kept.keep(number, "long", 200_000, store.version, (NOW, LATER))
    assert kept.find("question", NOW) is None
    assert kept.find(9, NOW) == "long"
    assert sum(kept.find(number, NOW) is not None for number in range(10)) <= 5
    kept.keep("whole", "too long", 2_000_000, store.version, (NOW, LATER))
    assert kept.find("whole", NOW) is None
    assert kept.find(9, NOW) == "long"


def test_an_answer_takes_the_place_of_the_one_before() -> None:
    store = MemoryStore()
    kept = kept_for_a_second(store)
    for _ in range(100):
        kept.keep("question", "new", 100_000, store.version, (NOW, LATER))
    kept.keep("another", "answer", 2, store.version, (NOW, LATER))
    assert kept.find("question", NOW) == "new"

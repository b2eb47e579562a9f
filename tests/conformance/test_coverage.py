from __future__ import annotations

from conformance.contract import bundled
from conformance.coverage import coverage
from conformance.levels import published
from conformance.verdicts import Outcome, Verdict


def seen(*answers: str) -> list[Outcome]:
    return [Outcome("*", Verdict.PASS, answer, count=2) for answer in answers]


def test_pairs_are_counted_and_strangers_are_not() -> None:
    found = coverage(bundled(), seen("get_me 200", "get_me 418", " 404"), why_unseen="why")
    assert found.seen == 1
    (pair,) = (pair for pair in found.pairs if pair.seen)
    assert (pair.operation, pair.status, pair.seen, pair.reason) == ("get_me", "200", 2, "")


def test_what_nobody_can_provoke_does_not_count_even_when_seen() -> None:
    found = coverage(bundled(), seen("get_me 429"), why_unseen="why")
    assert found.seen == 0
    assert {pair.status for pair in found.pairs if pair.barrier} == {"429", "503"}
    assert found.line().endswith(f"{len(found.pairs) - len(found.provocable)} cannot be provoked")


def test_any_refusal_is_the_published_one() -> None:
    contract = published(bundled())
    found = coverage(contract, seen("create_room 422", "create_room 403"), why_unseen="why")
    (pair,) = (pair for pair in found.pairs if pair.seen)
    assert (pair.operation, pair.status, pair.seen) == ("create_room", "4XX", 4)

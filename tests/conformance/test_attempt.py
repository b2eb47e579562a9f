from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from conformance import attempt
from conformance.attempt import confirmed, tried
from conformance.errors import Blocked, Mismatch, ReadOnly
from conformance.plugin import MARK
from conformance.redaction import Secrets
from conformance.rule import Rule
from conformance.verdicts import Failure, Outcome, Verdict

RULE = Rule("own.rule", "published", "It MUST be so", "#/paths")
OTHER = Rule("response.other", "published", "It MUST be so too", "#/paths")


class Part:
    """A run, or one rule's part of it, that finds what it is told to find."""

    def __init__(self, *found: Outcome, selects: bool = True) -> None:
        self.found = list(found)
        self.parts: list[Part] = []
        self.cleaned = 0
        self.world = SimpleNamespace(part=self)
        self.options = SimpleNamespace(selects=lambda _: selects)
        self.secrets = Secrets()
        self.selects = selects

    def scoped(self) -> Part:
        self.parts.append(Part(*self.found, selects=self.selects))
        return self.parts[-1]

    def drain(self) -> list[Outcome]:
        found, self.found = self.found, []
        return found

    def clean(self) -> None:
        self.cleaned += 1

    def failure(self, subject: str, expected: str, received: str, _: object) -> Failure:
        return Failure(subject, expected, received)


def item(test: Any, **parameters: object) -> Any:
    mark = SimpleNamespace(args=(RULE,))
    return SimpleNamespace(
        name="test_own",
        obj=test,
        get_closest_marker={MARK: mark}.get,
        callspec=SimpleNamespace(params=parameters),
        _fixtureinfo=SimpleNamespace(argnames=test.__code__.co_varnames),
    )


def one(part: Part, test: Any, **parameters: object) -> Outcome:
    found = tried(item(test, **parameters), part)
    return found.outcomes[0]


def raising(error: BaseException) -> Any:
    def test() -> None:
        raise error

    return test


def test_a_rule_gets_its_part_of_the_run_and_its_parameters_and_is_cleaned_up_after() -> None:
    whole, given = Part(), []

    def test(world: Any, case: Any) -> None:
        given.append((world.part, case))

    assert one(whole, test, case=7, unused=8).verdict is Verdict.PASS
    assert given == [(whole.parts[0], 7)]
    assert (whole.cleaned, whole.parts[0].cleaned) == (0, 1)


@pytest.mark.parametrize(
    ("error", "verdict", "reason"),
    [
        (pytest.skip.Exception("needs a clock"), Verdict.UNSUPPORTED, "needs a clock"),
        (ReadOnly("needs `POST`"), Verdict.UNSUPPORTED, "needs `POST`"),
        (Blocked("create_room", "500"), Verdict.BLOCKED, "waits for `create_room`: 500"),
        (ValueError("odd"), Verdict.ERROR, "ValueError: odd"),
        (pytest.fail.Exception("no"), Verdict.ERROR, "Failed: no"),
    ],
)
def test_what_a_rule_raises_says_what_came_of_it(
    error: BaseException, verdict: Verdict, reason: str
) -> None:
    whole = Part()
    outcome = one(whole, raising(error))
    assert (outcome.verdict, outcome.reason) == (verdict, reason)
    assert whole.parts[0].cleaned == 1


def test_a_mismatch_is_a_failure_in_its_own_words() -> None:
    outcome = one(Part(), raising(Mismatch("this", "that")))
    assert (outcome.verdict, outcome.failure) == (Verdict.FAIL, Failure("own", "this", "that"))


def test_an_interrupt_is_nobodys_verdict() -> None:
    with pytest.raises(KeyboardInterrupt):
        tried(item(raising(KeyboardInterrupt())), Part())


def test_what_every_answer_broke_counts_also_where_the_rule_itself_was_not_asked_for() -> None:
    broken = Outcome(OTHER.id, Verdict.FAIL, "x", failure=Failure("x", "this", "that"))
    found = tried(item(lambda: None), Part(broken, selects=False))
    assert found.outcomes == [broken]
    assert found.broken == {OTHER.id}


def shaky(fails: int) -> Any:
    left = [True] * fails

    def test() -> None:
        if left and left.pop():
            raise Mismatch("this", "that")

    return test


@pytest.mark.parametrize(
    ("fails", "verdict", "reason"),
    [
        (1, Verdict.FLAKY, "failed 1 of 3"),
        (2, Verdict.FLAKY, "failed 2 of 3"),
        (3, Verdict.FAIL, ""),
    ],
)
def test_what_does_not_fail_each_of_three_times_is_flaky(
    fails: int, verdict: Verdict, reason: str
) -> None:
    whole, test = Part(), item(shaky(fails))
    (outcome,) = confirmed(test, tried(test, whole), whole).outcomes
    assert (outcome.verdict, outcome.reason) == (verdict, reason)
    assert [part.cleaned for part in whole.parts] == [1] * (1 + attempt.AGAIN)


def test_a_try_that_cannot_be_judged_does_not_take_a_failure_back() -> None:
    left = [Blocked("removal of a room", "60 are there")] * 2 + [Mismatch("this", "that")]

    def test() -> None:
        raise left.pop()

    whole, wrapped = Part(), item(test)
    (outcome,) = confirmed(wrapped, tried(wrapped, whole), whole).outcomes
    assert (outcome.verdict, left) == (Verdict.FAIL, [])


def test_each_rule_is_settled_for_itself() -> None:
    steady = Outcome(OTHER.id, Verdict.FAIL, "x", failure=Failure("x", "this", "that"))
    passed = Outcome("*", Verdict.PASS, "list_rooms 200", count=3)
    whole, test = Part(steady, passed), item(shaky(1))
    own, other, counted = confirmed(test, tried(test, whole), whole).outcomes
    assert (own.verdict, other.verdict, counted) == (Verdict.FLAKY, Verdict.FAIL, passed)


def test_a_race_that_was_lost_once_has_failed_and_is_not_run_again() -> None:
    race = Rule("concurrency.start", "decided", "One MUST win", "#/paths")
    whole, test = Part(), item(shaky(1))
    test.get_closest_marker = {MARK: SimpleNamespace(args=(race,))}.get
    (outcome,) = confirmed(test, tried(test, whole), whole).outcomes
    assert (outcome.rule, outcome.verdict) == (race.id, Verdict.FAIL)
    assert len(whole.parts) == 1

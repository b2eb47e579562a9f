"""One try of one rule's test: its part of the run, what it raised, and what that says."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from conformance.errors import Blocked, Mismatch, ReadOnly
from conformance.plugin import ALONE, MARK
from conformance.rule import Rule
from conformance.suite import Suite
from conformance.verdicts import Outcome, Verdict, subject_of

AGAIN = 2
# What two requests at one moment must not both do, they have done if they did it once.
PROVEN_ONCE = "concurrency"


def rule_of(item: pytest.Item) -> Rule | None:
    """Return the rule a test item tries, None for other people's tests."""
    mark = item.get_closest_marker(MARK)
    return mark.args[0] if mark else None


@dataclass(slots=True)
class Attempt:
    """A rule's test, about to be tried or tried. Times in seconds since the epoch."""

    suite: Suite
    tried: bool = False
    error: BaseException | None = None
    begun: float = 0.0
    seconds: float = 0.0
    outcomes: list[Outcome] = field(default_factory=list)

    def clean(self) -> None:
        """Remove what the test created, unless that was done."""
        self.suite.clean()

    def judge(self, item: pytest.Item, error: BaseException | None, *, called: bool) -> None:
        """Say what came of it: of the test's own rule, and of those that judge every answer."""
        found = rule_of(item)
        if found is None:
            return
        extra = self.suite.drain()
        if self.suite.options.selects(found):
            own = _own(self.suite, found, item, error, called=called)
            self.outcomes.append(replace(own, seconds=self.seconds))
        self.outcomes += extra

    @property
    def decided(self) -> bool:
        """Tell whether the test came to an end, a good one or a bad one."""
        return self.error is None or isinstance(self.error, Mismatch)

    @property
    def broken(self) -> set[str]:
        """Return the ids of the rules that failed."""
        return {each.rule for each in self.outcomes if each.verdict is Verdict.FAIL}


def given_to(item: pytest.Function, suite: Suite) -> dict[str, Any]:
    """Return what a rule's test may ask for: its part of the run, and its parameters."""
    parameters = (getattr(item, "callspec", None) and item.callspec.params) or {}
    return {"world": suite.world, "suite": suite, **parameters}


def tried(item: pytest.Function, suite: Suite) -> Attempt:
    """Try a rule's test without pytest's help, clean up after it, and judge it."""
    attempt = Attempt(suite.scoped(), tried=True, begun=time.time())
    with _placed(item, attempt.suite):
        _try(item, attempt)
    return attempt


@contextmanager
def _placed(item: pytest.Item, suite: Suite) -> Iterator[None]:
    """Give a rule that needs stillness one place for all of its changes."""
    if item.get_closest_marker(ALONE) is None:
        yield
        return
    with suite.client.gate.quiet.staying() as suite.client.stay:
        yield


def _try(item: pytest.Function, attempt: Attempt) -> None:
    given = given_to(item, attempt.suite)
    arguments = item._fixtureinfo.argnames  # noqa: SLF001 - pytest tells it nowhere else
    begun = time.perf_counter()
    try:
        item.obj(**{name: given[name] for name in arguments})
    except (Exception, pytest.skip.Exception, pytest.fail.Exception) as error:  # noqa: BLE001
        attempt.error = error
    attempt.seconds = time.perf_counter() - begun
    attempt.judge(item, attempt.error, called=True)
    attempt.clean()


def confirmed(item: pytest.Function, first: Attempt, suite: Suite) -> Attempt:
    """Try a failed test again, twice: what then passes is flaky, not failed.

    A race that was lost once is no less lost when it is won the next time: it is not tried again.
    A try that could not be judged says nothing of the first.
    """
    found = rule_of(item)
    if found is not None and found.family == PROVEN_ONCE:
        return first
    failed, passed = Counter(first.broken), Counter[str]()
    for _ in range(AGAIN):
        again = tried(item, suite)
        failed.update(again.broken)
        passed.update(first.broken - again.broken if again.decided else ())
    first.outcomes = list(_settled(first.outcomes, failed, passed))
    return first


def _settled(
    outcomes: Iterable[Outcome], failed: Counter[str], passed: Counter[str]
) -> Iterable[Outcome]:
    for outcome in outcomes:
        rule = outcome.rule
        if outcome.verdict is Verdict.FAIL and passed[rule]:
            reason = f"failed {failed[rule]} of {failed[rule] + passed[rule]}"
            yield replace(outcome, verdict=Verdict.FLAKY, reason=reason)
        else:
            yield outcome


def _own(
    suite: Suite, found: Rule, item: pytest.Item, error: BaseException | None, *, called: bool
) -> Outcome:
    if error is None:
        return Outcome(found.id, Verdict.PASS, item.name)
    if isinstance(error, pytest.skip.Exception):
        return Outcome(found.id, Verdict.UNSUPPORTED, item.name, reason=str(error.msg))
    if isinstance(error, ReadOnly):
        return Outcome(found.id, Verdict.UNSUPPORTED, item.name, reason=str(error))
    if isinstance(error, Blocked):
        return Outcome(found.id, Verdict.BLOCKED, item.name, reason=suite.secrets.hide(str(error)))
    if isinstance(error, Mismatch) and called:
        subject = subject_of(item.name)
        failure = suite.failure(subject, error.expected, error.received, error.reply)
        return Outcome(found.id, Verdict.FAIL, item.name, failure=failure)
    reason = suite.secrets.hide(f"{type(error).__name__}: {error}")
    return Outcome(found.id, Verdict.ERROR, item.name, reason=reason)

"""What became of each rule: outcomes of single tries, and their sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from conformance.rule import Rule

Json = Any


class Verdict(StrEnum):
    """What one try says about its rule."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "FAIL"
    ERROR = "error"
    BLOCKED = "blocked"
    UNSUPPORTED = "unsupported"


JUDGE_ANSWERS = ("response", "invariant")
ANY_ANSWER = "*"
WORST_FIRST = (
    Verdict.FAIL,
    Verdict.ERROR,
    Verdict.BLOCKED,
    Verdict.PASS,
    Verdict.UNSUPPORTED,
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a try failed, in the words a report prints."""

    subject: str
    expected: str
    received: str
    curl: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One try of one rule, or a count of passed answers."""

    rule: str
    verdict: Verdict
    item: str
    count: int = 1
    failure: Failure | None = None
    reason: str = ""

    def as_json(self) -> Json:
        """Return the outcome as JSON, to travel with a test report."""
        return {**asdict(self), "verdict": self.verdict.value}


def outcome_from_json(document: Json) -> Outcome:
    """Return the outcome that `as_json` made."""
    failure = document["failure"]
    return Outcome(
        **{
            **document,
            "verdict": Verdict(document["verdict"]),
            "failure": Failure(**failure) if failure else None,
        }
    )


@dataclass(slots=True)
class Tally:
    """Everything known of one rule after a run."""

    rule: Rule
    counts: Counter[Verdict] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Count one outcome; of failures of the same subject only the first is kept."""
        self.counts[outcome.verdict] += outcome.count
        if outcome.failure and all(
            outcome.failure.subject != kept.subject for kept in self.failures
        ):
            self.failures.append(outcome.failure)
        if outcome.reason:
            self.reasons[outcome.reason] += outcome.count

    @property
    def verdict(self) -> Verdict:
        """Return the rule's verdict: the worst of its tries, unsupported only when all are."""
        return next((v for v in WORST_FIRST if self.counts[v]), Verdict.UNSUPPORTED)

    @property
    def judges_answers(self) -> bool:
        """Tell whether the rule judges every answer rather than tries of its own."""
        return self.rule.family in JUDGE_ANSWERS

    @property
    def tried(self) -> int:
        """Return how often the rule was tried."""
        return sum(self.counts.values())


def tallies(outcomes: Iterable[Outcome], known: Mapping[str, Rule]) -> dict[str, Tally]:
    """Sum outcomes by rule.

    Outcomes of the rule `*` count answers: each is a pass for every known rule that judges
    answers and was not broken by it.
    """
    found: dict[str, Tally] = {}
    answers = 0
    for outcome in outcomes:
        if outcome.rule == ANY_ANSWER:
            answers += outcome.count
        elif outcome.rule in known:
            found.setdefault(outcome.rule, Tally(known[outcome.rule])).add(outcome)
    for rule in known.values():
        if answers and rule.family in JUDGE_ANSWERS:
            tally = found.setdefault(rule.id, Tally(rule))
            tally.counts[Verdict.PASS] = max(0, answers - tally.counts[Verdict.FAIL])
    return found


def exit_status(found: Iterable[Tally]) -> int:
    """Return 0 when all is well, 1 when a rule fails, 2 when the suite could not decide."""
    verdicts = {tally.verdict for tally in found}
    if Verdict.FAIL in verdicts:
        return 1
    undecided = verdicts & {Verdict.ERROR, Verdict.BLOCKED} or Verdict.PASS not in verdicts
    return 2 if undecided else 0

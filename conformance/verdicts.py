"""What became of each rule: outcomes of single tries, and their sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from conformance.exchange import Exchange, exchange_from_json
from conformance.rule import Rule

Json = Any


class Verdict(StrEnum):
    """What one try says about its rule."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "fail"
    STALE = "stale"
    ERROR = "error"
    BLOCKED = "blocked"
    FLAKY = "flaky"
    KNOWN = "known"
    UNSUPPORTED = "unsupported"
    DISABLED = "disabled"


JUDGE_ANSWERS = ("response", "invariant")
ANY_ANSWER = "*"
WORST_FIRST = (
    Verdict.FAIL,
    Verdict.STALE,
    Verdict.ERROR,
    Verdict.BLOCKED,
    Verdict.FLAKY,
    Verdict.KNOWN,
    Verdict.PASS,
    Verdict.UNSUPPORTED,
    Verdict.DISABLED,
)
RED = frozenset((Verdict.FAIL, Verdict.STALE))
UNDECIDED = frozenset((Verdict.ERROR, Verdict.BLOCKED, Verdict.FLAKY))
NOT_TRIED = frozenset((Verdict.UNSUPPORTED, Verdict.DISABLED))
MOST_KEPT = 100  # failures of one rule, each of another subject


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a try failed, in the words a report prints."""

    subject: str
    expected: str
    received: str
    curl: str = ""
    operation: str = ""
    exchange: Exchange | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One try of one rule and how long it took, or a count of passed answers."""

    rule: str
    verdict: Verdict
    item: str
    count: int = 1
    failure: Failure | None = None
    reason: str = ""
    seconds: float = 0.0

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
            "failure": _failure_from_json(failure) if failure else None,
        }
    )


def _failure_from_json(document: Json) -> Failure:
    exchange = document["exchange"]
    return Failure(**{**document, "exchange": exchange_from_json(exchange) if exchange else None})


def subject_of(item: str) -> str:
    """Return what a test tries: its parameters, else its name as the sentence it is."""
    if not item.startswith("test_"):
        return item
    return item.partition("[")[2].removesuffix("]") or item.removeprefix("test_").replace("_", " ")


@dataclass(slots=True)
class Tally:
    """Everything known of one rule after a run."""

    rule: Rule
    counts: Counter[Verdict] = field(default_factory=Counter)
    broken: dict[tuple[Verdict, str], Outcome] = field(default_factory=dict)
    reasons: Counter[tuple[Verdict, str]] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count one outcome; of failures of the same subject one is kept, the first shown.

        Only one of them bears its exchange, and tries that run together may end in any order.
        """
        self.counts[outcome.verdict] += outcome.count
        self.seconds += outcome.seconds
        if outcome.failure:
            key = outcome.verdict, outcome.failure.subject
            if key not in self.broken:
                if len(self.broken) < MOST_KEPT:
                    self.broken[key] = outcome
            elif outcome.failure.exchange and not _shows(self.broken[key]):
                self.broken[key] = outcome
        if outcome.reason:
            self.reasons[outcome.verdict, outcome.reason] += outcome.count

    def why(self, verdict: Verdict, most: int) -> list[str]:
        """Return the most frequent reasons for tries of that verdict."""
        found = [reason for (of, reason), _ in self.reasons.most_common() if of is verdict]
        return found[:most]

    @property
    def failures(self) -> list[Failure]:
        """Return how the rule was broken, one failure a subject, without what was expected."""
        return [failure for failure in map(_unexpected, self.broken.values()) if failure]

    @property
    def verdict(self) -> Verdict:
        """Return the rule's verdict: the worst of its tries, unsupported only when all are."""
        return next((v for v in WORST_FIRST if self.counts[v]), Verdict.UNSUPPORTED)

    @property
    def judged(self) -> int:
        """Return how many tries came to a verdict about the target."""
        return self.tried - sum(self.counts[verdict] for verdict in NOT_TRIED)

    @property
    def judges_answers(self) -> bool:
        """Tell whether the rule judges every answer rather than tries of its own."""
        return self.rule.family in JUDGE_ANSWERS

    @property
    def tried(self) -> int:
        """Return how often the rule was tried."""
        return sum(self.counts.values())


def _shows(outcome: Outcome) -> bool:
    return bool(outcome.failure and outcome.failure.exchange)


def _unexpected(outcome: Outcome) -> Failure | None:
    return outcome.failure if outcome.verdict is Verdict.FAIL else None


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
            tally.counts[Verdict.PASS] = max(0, answers - tally.judged)
    return found


def exit_status(found: Iterable[Tally]) -> int:
    """Return 0 when all is well, 1 when a rule fails, 2 when the suite could not decide.

    A failure that does not come again decides nothing; a list of known ones that is not true
    any more is as red as a failure.
    """
    verdicts = {tally.verdict for tally in found}
    if verdicts & RED:
        return 1
    decided = verdicts & {Verdict.PASS, Verdict.KNOWN}
    return 0 if decided and not verdicts & UNDECIDED else 2

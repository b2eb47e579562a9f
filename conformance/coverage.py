"""How much of the contract a run has seen: (operation, status) pairs, the unseen with a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from conformance.contract import Contract
from conformance.verdicts import ANY_ANSWER, Outcome

Json = Any

NOT_PROVOCABLE = {
    "429": "only when a caller asks too often, which a guest on a shared system must not do",
    "503": "only while the server is overloaded",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A status the contract documents for an operation, and how often it was answered.

    `barrier` says why nobody can provoke it at will; `reason` why it was not seen.
    """

    operation: str
    status: str
    seen: int
    barrier: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """All documented pairs, in the contract's order."""

    pairs: tuple[Pair, ...]

    @property
    def provocable(self) -> tuple[Pair, ...]:
        """Return the pairs that a suite can provoke."""
        return tuple(pair for pair in self.pairs if not pair.barrier)

    @property
    def seen(self) -> int:
        """Return how many of the provocable pairs were seen."""
        return sum(pair.seen > 0 for pair in self.provocable)

    def line(self) -> str:
        """Return what a report says of it in one line."""
        of = len(self.provocable)
        share = f"{100 * self.seen // of} %" if of else "none"
        rest = len(self.pairs) - of
        return (
            f"coverage: {self.seen} of {of} provocable (operation, status) pairs seen, {share}"
            f" · {rest} cannot be provoked"
        )

    def as_json(self) -> Json:
        """Return the coverage as a report stores it."""
        return {
            "provocable": len(self.provocable),
            "seen": self.seen,
            "pairs": [
                {
                    "operation": pair.operation,
                    "status": pair.status,
                    "seen": pair.seen,
                    "provocable": not pair.barrier,
                    "reason": pair.barrier or pair.reason,
                }
                for pair in self.pairs
            ],
        }


def answers(outcomes: Iterable[Outcome]) -> Counter[tuple[str, str]]:
    """Return how often each operation gave each status."""
    found: Counter[tuple[str, str]] = Counter()
    for outcome in outcomes:
        if outcome.rule == ANY_ANSWER:
            operation, _, status = outcome.item.rpartition(" ")
            found[operation, status] += outcome.count
    return found


def coverage(contract: Contract, outcomes: Iterable[Outcome], *, why_unseen: str) -> Coverage:
    """Return which documented pairs a run's answers show; `4XX` is seen with any of its kind."""
    counted = answers(outcomes)
    return Coverage(tuple(_pairs(contract, counted, why_unseen)))


def _pairs(
    contract: Contract, counted: Counter[tuple[str, str]], why_unseen: str
) -> Iterator[Pair]:
    for operation in contract.operations.values():
        for status in operation.statuses:
            seen = sum(
                count
                for (asked, answered), count in counted.items()
                if asked == operation.id and _is(answered, status)
            )
            barrier = NOT_PROVOCABLE.get(status, "")
            yield Pair(operation.id, status, seen, barrier, "" if seen else why_unseen)


def _is(answered: str, status: str) -> bool:
    return answered == status or (status.upper().endswith("XX") and answered[0] == status[0])

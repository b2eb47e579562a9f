"""The killing matrix: which fault each rule sees, and what follows from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mock_server.faults import Fault
from mock_server.power.named import NAMED
from mock_server.power.trials import Trial

# Rules that no fault of this mock can break, and why.
NEVER: Mapping[str, str] = {
    "response.retry_after": "429 and 503 come from the control plane's faults, which carry the "
    "header",
    "session.expiry": "without a control plane nobody can wait for a day; what is seen of it is "
    "`invariant.session.expiry`",
}


@dataclass(frozen=True, slots=True)
class Matrix:
    """The trials of faults, and the trial of the mock without any."""

    true: Trial
    trials: tuple[Trial, ...]
    faults: Mapping[str, Fault]
    whole: bool

    @property
    def survivors(self) -> list[str]:
        """Return the faults that no rule saw."""
        return [str(each.fault) for each in self.trials if not each.killed]

    @property
    def killers(self) -> Counter[str]:
        """Return how many faults each rule saw."""
        return Counter(rule for each in self.trials for rule in each.failed)

    @property
    def never_failed(self) -> list[str]:
        """Return the rules that no fault broke, without those that none can; of a part: none."""
        if not self.whole:
            return []
        seen = self.killers
        return [rule for rule in sorted(self.true.passed) if not seen[rule] and rule not in NEVER]

    @property
    def named_first(self) -> list[str]:
        """Return the faults whose own rule is the first that the report names."""
        return [
            str(each.fault)
            for each in self.trials
            if each.failed and each.failed[0].startswith(NAMED[str(each.fault)])
        ]

    @property
    def alarms(self) -> tuple[str, ...]:
        """Return the rules that fail, or cannot decide, on the mock without a fault."""
        return (*self.true.failed, *self.true.undecided)

    @property
    def good(self) -> bool:
        """Tell whether every fault was seen, every rule can fail, and no alarm was false."""
        return not (self.survivors or self.never_failed or self.alarms)

    def as_json(self) -> dict[str, Any]:
        """Return the matrix as JSON: by fault, what it breaks and which rules failed."""
        faults = {
            str(each.fault): {
                "family": self.faults[str(each.fault)].family,
                "breaks": self.faults[str(each.fault)].breaks,
                "killed": each.killed,
                "failed": list(each.failed),
                "undecided": list(each.undecided),
                "own": list(NAMED[str(each.fault)]),
                "seconds": each.seconds,
            }
            for each in self.trials
        }
        return {
            "rules": sorted({*self.true.passed, *self.true.untried}),
            "survivors": self.survivors,
            "never_failed": self.never_failed,
            "cannot_fail_here": dict(NEVER),
            "false_alarms": list(self.alarms),
            "named_first": len(self.named_first),
            "faults": faults,
        }


def summary(matrix: Matrix) -> Iterator[str]:
    """Yield what the matrix comes to, in words."""
    count, killed = len(matrix.trials), len(matrix.trials) - len(matrix.survivors)
    yield f"{killed} of {count} faults are seen, {len(matrix.named_first)} by their own rule first"
    for name in matrix.survivors:
        yield f"survived: {name} — {matrix.faults[name].breaks}"
    for rule in matrix.never_failed:
        yield f"no fault breaks: {rule}"
    for rule in matrix.alarms:
        yield f"false alarm on the true mock: {rule}"


def markdown(matrix: Matrix) -> str:
    """Return the matrix for reading: by family, by fault, by rule."""
    parts = ["# What the suite sees", "", *(f"- {line}" for line in summary(matrix)), ""]
    parts += ["| family | faults | seen | own rule first |", "|---|---|---|---|"]
    first = set(matrix.named_first)
    for family, members in _families(matrix).items():
        seen = sum(each.killed for each in members)
        own = sum(str(each.fault) in first for each in members)
        parts.append(f"| {family} | {len(members)} | {seen} | {own} |")
    parts += ["", "| fault | breaks | rules that fail, first named first |", "|---|---|---|"]
    for each in matrix.trials:
        rules = ", ".join(f"`{rule}`" for rule in each.failed[:6])
        more = f" and {len(each.failed) - 6} more" if len(each.failed) > 6 else ""  # noqa: PLR2004
        name = str(each.fault)
        parts.append(f"| `{name}` | {matrix.faults[name].breaks} | {rules}{more} |")
    parts += ["", "| rule | faults it sees |", "|---|---|"]
    seen_by = matrix.killers
    for rule in sorted({*matrix.true.passed, *matrix.true.untried}):
        why = f"{seen_by[rule]}" if seen_by[rule] else NEVER.get(rule, "0")
        parts.append(f"| `{rule}` | {why} |")
    return "\n".join(parts) + "\n"


def _families(matrix: Matrix) -> dict[str, list[Trial]]:
    found: dict[str, list[Trial]] = {}
    for each in matrix.trials:
        found.setdefault(matrix.faults[str(each.fault)].family, []).append(each)
    return found


def chosen(
    faults: Sequence[Fault], *, names: Sequence[str], families: Sequence[str], sample: int | None
) -> list[Fault]:
    """Return the faults that were asked for; of a sample, as many of each family."""
    found = [
        fault
        for fault in faults
        if (not names or fault.name in names) and (not families or fault.family in families)
    ]
    if sample is None:
        return found
    taken: Counter[str] = Counter()
    kept = []
    for fault in found:
        taken[fault.family] += 1
        if taken[fault.family] <= sample:
            kept.append(fault)
    return kept

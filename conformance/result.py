"""A run's result: what every report, for people and for programs, is made from."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.coverage import Coverage
from conformance.header import Header
from conformance.verdicts import Tally, exit_status

CANNOT_DECIDE = 2


@dataclass(frozen=True, slots=True)
class Result:
    """Everything a report tells of a run."""

    tallies: tuple[Tally, ...]
    coverage: Coverage
    header: Header | None
    narrowed: bool = False
    reason: str = ""
    unfinished: bool = False

    @property
    def status(self) -> int:
        """Return the exit status the verdicts come to."""
        found = exit_status(self.tallies)
        return CANNOT_DECIDE if self.unfinished and not found else found

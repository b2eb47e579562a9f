"""What can be wrong with a scenario: how it is written, or how it goes.

A mistake at a line is a `SeedMistake`, as in seed files; a file can have several.
"""

from __future__ import annotations

from collections.abc import Iterable

from mock_server.errors import OperatorError
from mock_server.seeds import SeedError


class ScenarioMistakes(OperatorError):
    """Say all that is wrong in a file, a line each: `show.yaml:41: what is, what must be`."""

    def __init__(self, mistakes: Iterable[SeedError]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: mistake.line or 0))
        super().__init__("\n".join(map(str, self.mistakes)))


class ScenarioFailed(OperatorError):
    """Say which step of a scenario was answered otherwise than it says."""

"""A scenario as values: what its author wrote, checked, nothing asked yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mock_server.seeds import SeedFile

# Who sends a request without credentials, and who sends one where the author names nobody.
NOBODY = "nobody"
USUAL_CALLER = "host"
# A value of JSON in which some texts are references.
Value = Any


@dataclass(frozen=True, slots=True)
class Reference:
    """Stand for what an earlier step saved under a name; written `$name`."""

    name: str
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStep:
    """Hold a change of the clock: forward by a length, to a time, or to a stop when all is over."""

    line: int
    by: timedelta | None = None
    to: datetime | None = None
    freeze: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AskStep:
    """Hold a request and what must be answered.

    `caller` is a persona, `nobody`, or a reference to an access token. `status` None is the
    operation's own success. `data` and `error` are what must be in the answer, None for anything;
    in `data` a null stands for a field that is absent. `save` maps names to paths in the answer's
    `data`. `lines` tells where each part is written.
    """

    line: int
    operation: str
    caller: str | Reference
    id: Value
    query: Mapping[str, Value]
    body: Mapping[str, Value] | None
    status: int | None
    data: Mapping[str, Value] | None
    error: str | None
    save: Mapping[str, tuple[str, ...]]
    lines: Mapping[str, int]

    def line_of(self, *parts: str) -> int:
        """Return the line of a part such as `body`, `title`, or of the nearest around it."""
        for length in range(len(parts), 0, -1):
            found = self.lines.get(".".join(parts[:length]))
            if found is not None:
                return found
        return self.line


Step = ClockStep | AskStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Hold a world's beginning: a seed file, and what happens then.

    `seed` and `now` are None where whoever plays it may choose.
    """

    name: str
    file: str
    description: str
    seed_file: SeedFile
    seed: int | None
    now: datetime | None
    steps: tuple[Step, ...]


def references(value: Value) -> Iterator[Reference]:
    """Yield the references in a value."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def references_of(step: AskStep) -> Iterator[Reference]:
    """Yield every reference a step makes."""
    for value in (step.caller, step.id, step.query, step.body, step.data):
        yield from references(value)

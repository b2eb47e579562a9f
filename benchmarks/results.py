"""What a run found, as values that go into a JSON file and come back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Sample:
    """Hold one load: requests a second, 99th percentile in ms, processor time a request in us."""

    speed: float
    p99_ms: float
    cpu_us: float


@dataclass(frozen=True, slots=True)
class Subject:
    """Hold a server that was measured: its name, version, and what it does of a mock's work."""

    name: str
    version: str = ""
    does: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """Hold a server that was not measured, and what to do about it."""

    name: str
    how: str


@dataclass(frozen=True, slots=True)
class Results:
    """Hold a whole run.

    `samples` are by request and server, as are those of `heated` servers; `moves` are by store,
    `ready` in seconds by server, `memory` as (requests answered, MiB), `sizes` in bytes by request,
    `foreign` the cores that other programs kept busy during each load.
    """

    provenance: Sequence[str]
    subjects: Sequence[Subject]
    missing: Sequence[Missing]
    sizes: Mapping[str, int]
    samples: Mapping[str, Mapping[str, Sequence[Sample]]]
    heated: Mapping[str, Mapping[str, Sequence[Sample]]]
    ready: Mapping[str, Sequence[float]]
    moves: Mapping[str, Sequence[Sample]]
    memory: Sequence[tuple[int, float]]
    foreign: Sequence[float]

    def speed(self, request: str, server: str) -> float:
        """Return the median of requests a second."""
        return middle(self.samples[request][server], lambda each: each.speed)

    def tail(self, request: str, server: str) -> float:
        """Return the median of the 99th percentiles in ms."""
        return middle(self.samples[request][server], lambda each: each.p99_ms)


def middle(samples: Sequence[Sample], value: Callable[[Sample], float]) -> float:
    """Return the median of a figure over samples."""
    return median(value(each) for each in samples)


def save(results: Results, path: Path) -> None:
    """Write a JSON file."""
    path.write_text(json.dumps(_rounded(asdict(results)), indent=1) + "\n")


def read(path: Path) -> Results:
    """Read what `save` wrote."""
    found = json.loads(path.read_text())
    return Results(
        provenance=found["provenance"],
        subjects=[Subject(**each) for each in found["subjects"]],
        missing=[Missing(**each) for each in found["missing"]],
        sizes=found["sizes"],
        samples={request: _samples(each) for request, each in found["samples"].items()},
        heated={request: _samples(each) for request, each in found["heated"].items()},
        ready=found["ready"],
        moves=_samples(found["moves"]),
        memory=[(count, mib) for count, mib in found["memory"]],
        foreign=found["foreign"],
    )


def _samples(found: Mapping[str, Any]) -> dict[str, list[Sample]]:
    return {name: [Sample(**each) for each in samples] for name, samples in found.items()}


def _rounded(value: Any) -> Any:
    """Cut figures to what they are good for, so that the file can be read."""
    if isinstance(value, float):
        return round(value, 1 if value >= 100 else 3)
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(each) for each in value]
    return value

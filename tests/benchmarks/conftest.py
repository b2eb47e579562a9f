from __future__ import annotations

import pytest

from benchmarks.report import FLOOR, KEPT, OURS
from benchmarks.results import Missing, Results, Sample, Subject

READ, MAKE = "GET /sessions/{id}", "POST /rooms"


def samples(*speeds: float) -> list[Sample]:
    return [Sample(speed, p99_ms=2.0, cpu_us=1e6 / speed) for speed in speeds]


@pytest.fixture
def results() -> Results:
    """A run of two rounds: WireMock is the fastest peer, json-server makes no rooms."""
    read = {
        OURS: samples(20_000, 24_000),
        KEPT: samples(10_000, 12_000),
        FLOOR: samples(40_000, 48_000),
        "json-server": samples(4_000, 4_400),
        "WireMock": samples(8_000, 12_000),
    }
    make = {name: seen for name, seen in read.items() if name != "json-server"}
    return Results(
        provenance=["greenroom 1.0, commit abcdef0"],
        subjects=[Subject(name, "1.0", "answers") for name in read],
        missing=[Missing("Prism, static", "install it")],
        sizes={READ: 2402, MAKE: 608},
        samples={READ: read, MAKE: make},
        heated={READ: {OURS: samples(20_000), "WireMock": samples(25_000)}},
        ready={OURS: [0.5, 0.4, 0.9], "WireMock": [1.7, 1.8, 1.9]},
        moves={"memory": samples(10_000, 8_000), "SQLite": samples(4_000, 3_200)},
        memory=[(0, 70.0), (60_000, 80.0), (100_000, 80.4)],
        foreign=[0.0, 0.1, 0.5],
    )

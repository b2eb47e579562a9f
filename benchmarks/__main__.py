"""Measure greenroom beside other mock servers: `python -m benchmarks [--json FILE]`.

Throughput of four requests, readiness, starts on both stores, memory; with medians of rounds in
which all servers take turns. Peers are those installed in the folder that PEERS names.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import CONNECTIONS, Load, require_wrk
from benchmarks.memory import measure_memory
from benchmarks.moves import measure_moves
from benchmarks.peers.compared import Absent, compared
from benchmarks.provenance import provenance, tell
from benchmarks.report import KEPT, OURS, report
from benchmarks.requests import REQUESTS, record
from benchmarks.results import Missing, Results, Sample, Subject, save
from benchmarks.rounds import every, measure_ready, measure_speed
from benchmarks.servers import Server, greenroom, raw_asgi, running


@dataclass(frozen=True, slots=True)
class Extent:
    """Hold how much is measured: rounds, seconds a load, starts of us and of peers, and so on."""

    rounds: int = 5
    seconds: int = 2
    starts: int = 7
    starts_of_peers: int = 3
    moves: int = 3000
    requests: int = 200_000


QUICK = Extent(rounds=1, seconds=1, starts=1, starts_of_peers=1, moves=500, requests=20_000)
A_MILLION = 1_000_000


def main() -> None:
    """Measure, print what was found, and write it to a file if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round, for a first look")
    parser.add_argument("--million", action="store_true", help="memory over a million requests")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found, too")
    given = parser.parse_args()
    require_wrk()
    results = measure(QUICK if given.quick else Extent(), million=given.million)
    if given.json:
        save(results, given.json)
    sys.stdout.write(f"{report(results)}\n")


def measure(extent: Extent, *, million: bool = False) -> Results:
    """Run every part and return what was found."""
    began = time.monotonic()

    def step(name: str) -> None:
        tell(f"{time.monotonic() - began:4.0f} s  {name}")

    lines = provenance()
    for line in lines:
        tell(line)
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        with running(greenroom()) as ours:
            recorded = record(ours)
        peers, absent = compared(recorded, folder)
        servers = [*_ours(folder), *peers]
        step("ready: from the command to the first answer")
        ready = measure_ready(
            [servers[0], *peers],
            lambda s: extent.starts if s.name == OURS else extent.starts_of_peers,
        )
        step(f"speed: {len(servers)} servers take turns")
        loads = measure_speed(servers, recorded, rounds=extent.rounds, seconds=extent.seconds)
    step("starts that move a session, on both stores")
    moved = measure_moves(rounds=extent.rounds, count=extent.moves)
    step("memory")
    memory = measure_memory(A_MILLION if million else extent.requests)
    step("done")
    return Results(
        provenance=[*lines, *_conditions(extent)],
        subjects=[Subject(each.name, each.version, each.does) for each in servers],
        missing=[_missing(each) for each in absent],
        sizes={request.name: len(recorded.answers[request]) for request in REQUESTS},
        samples={
            request: {name: _samples(seen) for name, seen in found.items()}
            for request, found in loads.items()
        },
        ready=ready,
        moves={store: _samples(seen) for store, seen in moved.items()},
        memory=memory,
        foreign=[each.foreign for each in every(loads)],
    )


def _ours(folder: Path) -> list[Server]:
    kept = greenroom(KEPT, "--store", f"sqlite:///{folder / 'bench.db'}")
    return [greenroom(OURS), kept, raw_asgi()]


def _conditions(extent: Extent) -> Sequence[str]:
    return [
        f"each server pinned to one core, wrk to another, {CONNECTIONS} connections on loopback,",
        f"medians of {extent.rounds} rounds of {extent.seconds} s in turn after one to warm up,",
        "CPU us: the least processor time a request of all rounds",
    ]


def _missing(absent: Absent) -> Missing:
    return Missing(absent.name, absent.how)


def _samples(loads: Sequence[Load]) -> list[Sample]:
    return [Sample(each.speed, each.p99_ms, each.cpu_us) for each in loads]


if __name__ == "__main__":
    main()

"""Measure greenroom beside other mock servers: `python -m benchmarks [--json FILE]`.

Throughput of four requests, readiness, starts on both stores, memory; with medians of rounds in
which all servers take turns. Peers are those installed in the folder that PEERS names.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import CONNECTIONS, Load, require_wrk
from benchmarks.memory import measure_memory
from benchmarks.moves import measure_moves
from benchmarks.peers.compared import compared
from benchmarks.provenance import provenance, tell
from benchmarks.report import KEPT, OURS, report
from benchmarks.requests import REQUESTS, record
from benchmarks.results import Results, Sample, Subject, save
from benchmarks.rounds import WARM, Loads, every, measure_heated, measure_rounds
from benchmarks.servers import greenroom, on_sqlite, raw_asgi, running


@dataclass(frozen=True, slots=True)
class Extent:
    """Hold how much is measured.

    Rounds, requests of each kind that heat a server, moves a round, and requests for memory.
    """

    rounds: int = 5
    heat: int = 40_000
    moves: int = 3000
    requests: int = 200_000


QUICK = Extent(rounds=1, heat=2_000, moves=500, requests=20_000)
# What gets several times as fast while it runs, and would be wronged by a short warm-up alone.
HEATED = ("WireMock",)
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
    """Run every part and return what was found; the short parts first, so mistakes show early."""
    began = time.monotonic()

    def step(name: str) -> None:
        tell(f"{time.monotonic() - began:4.0f} s  {name}")

    lines = provenance()
    tell("\n".join(lines))
    step("starts that move a session, on both stores")
    moved = measure_moves(rounds=extent.rounds, count=extent.moves)
    step("memory")
    memory = measure_memory(A_MILLION if million else extent.requests)
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        with running(greenroom()) as ours:
            recorded = record(ours)
        peers, absent = compared(recorded, folder)
        servers = [greenroom(OURS), on_sqlite(KEPT, folder), raw_asgi(), *peers]
        step(f"rounds: {len(servers)} servers take turns")
        found = measure_rounds(servers, recorded, rounds=extent.rounds)
        step("once more after a long warm-up")
        hot = [servers[0], *(each for each in peers if each.name in HEATED)]
        heated = measure_heated(hot, recorded, rounds=extent.rounds, wanted=extent.heat)
    step("done")
    return Results(
        provenance=[*lines, *_conditions(extent)],
        subjects=[Subject(each.name, each.version, each.does) for each in servers],
        missing=absent,
        sizes={request.name: len(recorded.answers[request]) for request in REQUESTS},
        samples=_by_request(found.loads),
        heated=_by_request(heated),
        ready=found.ready,
        moves=_by_name(moved),
        memory=memory,
        foreign=[each.foreign for each in every(found.loads)],
    )


def _conditions(extent: Extent) -> Sequence[str]:
    return [
        f"each server pinned to one core, wrk to another, {CONNECTIONS} connections on loopback,",
        f"medians of {extent.rounds} rounds, in each every server is started anew,",
        f"warms up for 1 s of each request, on Node and Java for {WARM:,} requests of each if that",
        "takes longer (3 s at most), and is measured for 1 s of each;",
        "CPU us is the least processor time a request of all rounds",
    ]


def _by_request(loads: Loads) -> dict[str, dict[str, list[Sample]]]:
    return {request: _by_name(by_server) for request, by_server in loads.items()}


def _by_name(loads: Mapping[str, Sequence[Load]]) -> dict[str, list[Sample]]:
    return {
        name: [Sample(each.speed, each.p99_ms, each.cpu_us) for each in seen]
        for name, seen in loads.items()
    }


if __name__ == "__main__":
    main()

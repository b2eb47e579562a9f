"""Resident memory while requests are answered that leave nothing behind."""

from __future__ import annotations

from benchmarks.load import load
from benchmarks.provenance import tell
from benchmarks.requests import READS_AND_MOVES, record
from benchmarks.servers import greenroom, running


def measure_memory(requests: int) -> list[tuple[int, float]]:
    """Return pairs of requests answered so far and MiB, once a second until there are enough."""
    server = greenroom()
    with running(server) as run:
        recorded = record(run)
        seen = [(0, run.resident_mib())]
        while seen[-1][0] < requests:
            request = READS_AND_MOVES[len(seen) % len(READS_AND_MOVES)]
            done = load(run, request, recorded.url(run, server, request), seconds=1).total
            seen.append((seen[-1][0] + done, run.resident_mib()))
            if len(seen) % 20 == 0:
                tell(f"  {seen[-1][0]:,} requests, {seen[-1][1]:.0f} MiB")
    return seen

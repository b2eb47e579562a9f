"""Measure readiness, throughput beside peers, and memory: `python -m benchmarks [--quick]`."""

from __future__ import annotations

import argparse
import json
import platform
import sqlite3
import statistics
import sys
import tempfile
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.load import CONNECTIONS, Load, load, require_wrk
from benchmarks.servers import Peer, Running, greenroom, prism, running, stock_connexion
from mock_server import __version__

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """Hold a request that is measured; `path` has `{id}` for a session's id."""

    name: str
    method: str
    path: str


REQUESTS = (
    Request("GET /sessions/{id}", "GET", "/sessions/{id}"),
    Request("POST /sessions/{id}/start", "POST", "/sessions/{id}/start"),
)


def main() -> None:
    """Run everything and print what was found, with where it was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round, for a first look")
    quick = parser.parse_args().quick
    require_wrk()
    say(f"greenroom {__version__}, {platform.python_implementation()} {platform.python_version()}")
    say(f"{platform.system()} {platform.machine()}, SQLite {sqlite3.sqlite_version}")
    say(f"server on one core, wrk on another, {CONNECTIONS} connections, all on loopback\n")
    measure_readiness(1 if quick else 5)
    measure_throughput(1 if quick else 5, 1 if quick else 3)
    measure_memory(20_000 if quick else 100_000)


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def measure_readiness(rounds: int) -> None:
    """Time from the command to the first answer."""
    seconds = []
    for round_ in range(rounds + 1):
        with running(greenroom()) as server:
            # The first start compiles the modules, as on the day of the installation.
            seconds += [server.ready_seconds] if round_ else []
    say(f"ready     {statistics.median(seconds):.2f} s after the command (median of {rounds})\n")


def measure_throughput(rounds: int, seconds: int) -> None:
    """Compare ourselves with the peers, alternating, and print medians and ratios."""
    with tempfile.TemporaryDirectory() as folder:
        kept = greenroom("--store", f"sqlite:///{Path(folder) / 'bench.db'}")
        ours, on_disk = greenroom(), Peer("greenroom, SQLite", kept.command)
        peers = [peer for peer in (ours, on_disk, stock_connexion(), prism()) if peer is not None]
        found: dict[tuple[str, str], list[Load]] = {}
        for _ in range(rounds):
            for peer in peers:
                with running(peer) as server:
                    for request in REQUESTS:
                        key = (request.name, peer.name)
                        found.setdefault(key, []).append(measured(server, peer, request, seconds))
    if prism() is None:
        say("Prism is not compared: set PRISM to the path of `prism` (npm @stoplight/prism-cli)")
    for request in REQUESTS:
        say(f"{request.name:<28} {'req/s':>8} {'p99 ms':>8} {'ours / theirs':>14}")
        ours_median = middle(load_.requests_per_second for load_ in found[request.name, ours.name])
        for peer in peers:
            loads = found[request.name, peer.name]
            speed = middle(load_.requests_per_second for load_ in loads)
            tail = middle(load_.p99_ms for load_ in loads)
            ratio = ours_median / speed
            say(f"  {peer.name:<26} {speed:>8.0f} {tail:>8.1f} {ratio:>13.2f}x")
        say("")


def measured(server: Running, peer: Peer, request: Request, seconds: int) -> Load:
    """Load one server with one request; refuses to count refusals as answers."""
    headers = {"X-API-Key": "greenroom-host-key"}
    path = request.path.replace("{id}", session_id(server, peer, headers))
    url = f"{server.url}{path}"
    load(url, method=request.method, headers=headers, seconds=1)
    result = load(url, method=request.method, headers=headers, seconds=seconds)
    if result.failed:
        raise RuntimeError(f"{peer.name} refused {result.failed} of {result.total} at {url}")
    return result


def session_id(server: Running, peer: Peer, headers: Mapping[str, str]) -> str:
    """Return a session of the host's that is live; a static mock takes any uuid."""
    if peer.name.startswith("Prism"):
        return "3f1c2a9e-6b7d-4a52-9c1e-0d8e5b7a4f10"
    rooms = get(f"{server.url}/rooms/my?limit=100", headers)["rooms"]
    return next(str(room["active_session_id"]) for room in rooms if "active_session_id" in room)


def get(url: str, headers: Mapping[str, str]) -> Any:
    """Return the `data` of an answer."""
    request = urllib.request.Request(url, headers=dict(headers))
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)["data"]


def measure_memory(requests: int) -> None:
    """Watch resident memory while requests are answered."""
    ours = greenroom()
    with running(ours) as server:
        process = psutil.Process(server.pid)
        seen = [(0, process.memory_info().rss / MIB)]
        while seen[-1][0] < requests:
            done = measured(server, ours, REQUESTS[len(seen) % 2], 1).total
            seen.append((seen[-1][0] + done, process.memory_info().rss / MIB))
    half = next(rss for count, rss in seen if count >= requests / 2)
    say(f"memory    {seen[0][1]:.0f} MiB at the start, {half:.0f} MiB half-way, ")
    say(f"          {seen[-1][1]:.0f} MiB after {seen[-1][0]:,} requests")


def middle(values: Iterable[float]) -> float:
    """Return the median."""
    return statistics.median(list(values))


if __name__ == "__main__":
    main()

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
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from benchmarks.load import CONNECTIONS, Load, load, require_wrk
from benchmarks.servers import (
    Peer,
    Running,
    greenroom,
    prism,
    raw_asgi,
    running,
    stock_connexion,
)
from mock_server import __version__

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """Hold a request that is measured; `path` has `{id}` for the id of a live session."""

    method: str
    path: str
    body: str = ""

    @property
    def name(self) -> str:
        """Return what the tables call it."""
        return f"{self.method} {self.path}"


REQUESTS = (
    Request("GET", "/sessions/{id}"),
    Request("GET", "/rooms?limit=10"),
    Request("POST", "/sessions/{id}/start"),
    Request("POST", "/rooms", '{"title": "Launch week"}'),
)
# What can be asked without end: creating rooms would grow the store, and memory with it.
READS_AND_MOVES = REQUESTS[:3]
KEY = {"X-API-Key": "greenroom-host-key"}
# What a static mock takes for an id.
ANY_ID = "3f1c2a9e-6b7d-4a52-9c1e-0d8e5b7a4f10"


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
    measure_throughput(1 if quick else 5, 1 if quick else 2)
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
        static = prism()
        peers = [ours, on_disk, raw_asgi(), stock_connexion(), *([static] if static else [])]
        with running(ours) as server:
            sizes = {request: answer_size(server, request) for request in REQUESTS}
        found: dict[tuple[Request, str], list[Load]] = {}
        for _ in range(rounds):
            for peer in peers:
                with running(peer) as server:
                    for request in REQUESTS:
                        url = url_for(server, peer, request, sizes[request])
                        result = measured(url, peer, request, seconds)
                        found.setdefault((request, peer.name), []).append(result)
    if static is None:
        say("Prism is not compared: set PRISM to the path of `prism` (npm @stoplight/prism-cli)")
    for request in REQUESTS:
        say(f"{request.name:<28} {'req/s':>8} {'p99 ms':>8} {'ours / theirs':>14}")
        ours_median = middle(each.requests_per_second for each in found[request, ours.name])
        for peer in peers:
            loads = found[request, peer.name]
            speed = middle(each.requests_per_second for each in loads)
            tail = middle(each.p99_ms for each in loads)
            say(f"  {peer.name:<26} {speed:>8.0f} {tail:>8.1f} {ours_median / speed:>13.2f}x")
        say("")


def measured(url: str, peer: Peer, request: Request, seconds: int) -> Load:
    """Load one server with one request; refuses to count refusals as answers."""
    headers = KEY | ({"Content-Type": "application/json"} if request.body else {})
    once = partial(load, url, method=request.method, headers=headers, body=request.body)
    once(seconds=1)
    result = once(seconds=seconds)
    if result.failed:
        raise RuntimeError(f"{peer.name} refused {result.failed} of {result.total} at {url}")
    return result


def url_for(server: Running, peer: Peer, request: Request, size: int) -> str:
    """Return where a peer answers a request; raw bytes are asked for by their number."""
    if peer.name.startswith("raw"):
        return f"{server.url}/{size}"
    if peer.name.startswith("Prism"):
        return server.url + request.path.replace("{id}", ANY_ID)
    return server.url + request.path.replace("{id}", live_session(server))


def answer_size(server: Running, request: Request) -> int:
    """Return how many bytes our answer to a request has."""
    url = server.url + request.path.replace("{id}", live_session(server))
    data = request.body.encode() if request.body else None
    headers = KEY | {"Content-Type": "application/json"}
    asked = urllib.request.Request(url, data=data, headers=headers, method=request.method)
    with urllib.request.urlopen(asked, timeout=5) as answer:
        return len(answer.read())


def live_session(server: Running) -> str:
    """Return the id of a session of the host's that is live."""
    host = get(f"{server.url}/auth/me", KEY)["id"]
    sessions = get(f"{server.url}/sessions/live?limit=100", KEY)["sessions"]
    return next(str(each["id"]) for each in sessions if each["room"]["host_id"] == host)


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
            request = READS_AND_MOVES[len(seen) % len(READS_AND_MOVES)]
            done = measured(url_for(server, ours, request, 0), ours, request, 1).total
            seen.append((seen[-1][0] + done, process.memory_info().rss / MIB))
    half = next(rss for count, rss in seen if count >= requests / 2)
    say(f"memory    {seen[0][1]:.0f} MiB at the start, {half:.0f} MiB half-way, ")
    say(f"          {seen[-1][1]:.0f} MiB after {seen[-1][0]:,} requests")


def middle(values: Iterable[float]) -> float:
    """Return the median."""
    return statistics.median(list(values))


if __name__ == "__main__":
    main()

"""Load by wrk, pinned to the other core; bounded in connections and in time."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from typing import Self

import psutil

from benchmarks.requests import Request, headers_of
from benchmarks.servers import LOAD_CORE, Running, pinned_to

CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Load:
    """Hold what wrk saw, and the processor time that the server used for it.

    Requests a second, 99th percentile in ms, requests in all, those that were not 2xx or got no
    answer, microseconds of the server's processor a request, and how many cores other programs
    kept busy meanwhile.
    """

    speed: float
    p99_ms: float
    total: int
    failed: int
    cpu_us: float
    foreign: float


def require_wrk() -> None:
    """Refuse to measure without wrk, which no Python program replaces."""
    if shutil.which("wrk") is None:
        raise SystemExit("benchmarks need `wrk`, install it with: apt-get install wrk")


def load(run: Running, request: Request, url: str, *, seconds: int) -> Load:
    """Send one request over 32 connections for some seconds; refuses to count refusals."""
    script = f"wrk.method = {json.dumps(request.method)}\nwrk.body = {json.dumps(request.body)}\n"
    return load_with(run, script, url, seconds=seconds, body=request.body)[0]


def load_with(
    run: Running, script: str, url: str, *, seconds: int, body: str = ""
) -> tuple[Load, str]:
    """Run wrk with a Lua script, and return what was found and all that wrk said."""
    # An answer that takes longer than its default of 2 s is slow, not lost.
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "--timeout", "20s"]
    for name, value in headers_of(body).items():
        command += ["-H", f"{name}: {value}"]
    # wrk reads its script once a thread, so it must be a real file.
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        before = _Clocks.read(run)
        said = subprocess.run(
            [*pinned_to(LOAD_CORE), *command, "-s", file.name, url],
            capture_output=True,
            text=True,
            check=True,
            timeout=seconds + 60,
        ).stdout
        after = _Clocks.read(run)
    found = parse(said, cpu_seconds=after.server - before.server, foreign=after.foreign(before))
    if found.failed or not found.total:
        raise RuntimeError(f"{found.failed} of {found.total} requests failed at {url}: {said}")
    return found, said


@dataclass(frozen=True, slots=True)
class _Clocks:
    """Hold seconds: of the day, of all processors while busy, of the server, and of wrk."""

    wall: float
    busy: float
    server: float
    wrk: float

    @classmethod
    def read(cls, run: Running) -> Self:
        used = psutil.cpu_times()
        idle = used.idle + getattr(used, "iowait", 0.0)
        children = os.times()
        return cls(
            wall=children.elapsed,
            busy=sum(used) - idle - getattr(used, "guest", 0.0),
            server=run.cpu_seconds(),
            wrk=children.children_user + children.children_system,
        )

    def foreign(self, before: Self) -> float:
        """Return how many cores programs kept busy that are neither the server nor wrk."""
        ours = self.server - before.server + self.wrk - before.wrk
        return max(0.0, self.busy - before.busy - ours) / (self.wall - before.wall)


def parse(said: str, *, cpu_seconds: float, foreign: float = 0.0) -> Load:
    """Read what wrk printed; raises RuntimeError where a figure is missing."""
    total = int(_found(r"(\d+) requests in", said))
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    lost = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    return Load(
        speed=float(_found(r"Requests/sec:\s+([\d.]+)", said)),
        p99_ms=_milliseconds(_found(r"\n\s+99%\s+(\S+)", said)),
        total=total,
        failed=sum(int(number) for each in (refused, lost) if each for number in each.groups()),
        cpu_us=cpu_seconds / max(1, total) * 1e6,
        foreign=foreign,
    )


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"wrk said nothing like `{pattern}`: {text}")
    return match[1]


def _milliseconds(text: str) -> float:
    match = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    if match is None:
        raise RuntimeError(f"wrk gave a time as `{text}`, must be like 1.20ms")
    return float(match[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}[match[2]]

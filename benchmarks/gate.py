"""Refuse a slower greenroom: `python -m benchmarks.gate [--record]`.

Nothing is compared with a clock on the wall: each figure is a ratio of two things measured in the
same run, in turn, and of processor time where that tells all, for neighbours on a shared machine
take much of the time and little of the processor time. The best of the rounds counts, since others
only ever make a round worse. What fails is measured once more before it is called red.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from benchmarks.load import Load, load, require_wrk
from benchmarks.provenance import foreign_cores, say
from benchmarks.requests import GET_SESSION, REQUESTS, START_SESSION, Request, record
from benchmarks.servers import (
    SERVER_CORE,
    Running,
    Server,
    greenroom,
    on_sqlite,
    pinned_to,
    raw_asgi,
    running,
)

TABLE = Path(__file__).with_name("gate.toml")
ROUNDS = 3
RAW, OURS, KEPT = "raw ASGI, bytes", "memory", "SQLite"
# What the start is compared with: a Python that imports what any server of this kind needs.
_BARE = "import uvicorn, uvloop, starlette.applications, orjson, jsonschema_rs, yaml"
_ADVICE = (
    "make it fast again; if it must be slower, run `python -m benchmarks.gate --record` and say "
    "why in the commit"
)


@dataclass(frozen=True, slots=True)
class Bound:
    """Hold a ratio as it was measured, and the share of it that must remain."""

    name: str
    measured: float
    share: float

    @property
    def least(self) -> float:
        """Return the smallest ratio that passes."""
        return self.measured * self.share


@dataclass(frozen=True, slots=True)
class Row:
    """Hold a ratio that was found, and what is demanded of it."""

    found: float
    bound: Bound

    @property
    def passes(self) -> bool:
        """Return whether the ratio is as large as it must be."""
        return self.found >= self.bound.least


@dataclass(frozen=True, slots=True)
class Found:
    """Hold what a run measured.

    The best load of each server and request, the processor seconds of a start and of the imports
    it is compared with, and our memory before and after the loads in MiB.
    """

    loads: Mapping[tuple[str, Request], Load]
    ready_cpu: float
    bare_cpu: float
    memory: tuple[float, float]

    def cpu(self, server: str, request: Request) -> float:
        """Return the processor time a request, in us."""
        return self.loads[server, request].cpu_us

    def speed(self, server: str, request: Request) -> float:
        """Return requests a second."""
        return self.loads[server, request].speed


def _beside_raw(request: Request) -> Callable[[Found], float]:
    return lambda found: found.cpu(RAW, request) / found.cpu(OURS, request)


# Every ratio is the larger the better.
RATIOS: dict[str, Callable[[Found], float]] = {
    **{f"{request.name} to raw ASGI": _beside_raw(request) for request in REQUESTS},
    "start to GET": lambda f: f.cpu(OURS, GET_SESSION) / f.cpu(OURS, START_SESSION),
    "start, SQLite to memory": lambda f: f.cpu(OURS, START_SESSION) / f.cpu(KEPT, START_SESSION),
    "start, SQLite to memory, by the clock": lambda f: (
        f.speed(KEPT, START_SESSION) / f.speed(OURS, START_SESSION)
    ),
    "imports to first answer": lambda f: f.bare_cpu / f.ready_cpu,
    "memory before to after": lambda f: f.memory[0] / f.memory[1],
}


def main() -> int:
    """Measure, print the table, and return 1 where a ratio is too small twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="write what is measured as expected")
    given = parser.parse_args()
    require_wrk()
    bounds = read_bounds(TABLE.read_text())
    rows = judge(measure(), bounds)
    say(table(rows))
    if given.record:
        TABLE.write_text(rewritten(TABLE.read_text(), rows))
        return 0
    failed = [row.bound for row in rows if not row.passes]
    if failed:
        say(f"\nonce more; other programs use {foreign_cores(1.0):.2f} of a core:\n")
        rows = judge(measure(), failed)
        say(table(rows))
    slow = complaints(rows)
    if slow:
        say("\n".join(["", *slow, _ADVICE]))
    return 1 if slow else 0


def read_bounds(text: str) -> list[Bound]:
    """Read the table; raises SystemExit where it does not name each ratio once."""
    content = tomllib.loads(text)
    bounds = [
        Bound(each["name"], each["measured"], each.get("share", content["share"]))
        for each in content["ratio"]
    ]
    if sorted(each.name for each in bounds) != sorted(RATIOS):
        raise SystemExit(f"{TABLE.name} must name these ratios, once each: {', '.join(RATIOS)}")
    return bounds


def rewritten(text: str, rows: Sequence[Row]) -> str:
    """Return the table with what was measured now; comments and shares stay as they are."""
    found = {row.bound.name: row.found for row in rows}
    lines, name = [], ""
    for line in text.splitlines():
        key = line.partition(" = ")[0]
        name = tomllib.loads(line)["name"] if key == "name" else name
        lines.append(f"measured = {found[name]:.3f}" if key == "measured" else line)
    return "\n".join(lines) + "\n"


def judge(found: Found, bounds: Sequence[Bound]) -> list[Row]:
    """Return a row for each bound."""
    return [Row(RATIOS[bound.name](found), bound) for bound in bounds]


def table(rows: Sequence[Row]) -> str:
    """Return what was found as text."""
    lines = [f"{'ratio (larger is better)':<40} {'found':>6} {'least':>6} {'measured':>9}"]
    for row in rows:
        said = "" if row.passes else "  too small"
        figures = f"{row.found:>6.2f} {row.bound.least:>6.2f} {row.bound.measured:>9.2f}"
        lines.append(f"  {row.bound.name:<38} {figures}{said}")
    return "\n".join(lines)


def complaints(rows: Sequence[Row]) -> list[str]:
    """Return a sentence for each ratio that is too small."""
    return [
        f"`{row.bound.name}` is {row.found:.2f}, must be {row.bound.least:.2f} or more "
        f"({row.bound.share:.0%} of the {row.bound.measured:.2f} that was measured)"
        for row in rows
        if not row.passes
    ]


def measure() -> Found:
    """Load the three servers in turn and return the best of the rounds."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        kept = on_sqlite(KEPT, Path(folder))
        servers = [raw_asgi(), greenroom(OURS), kept]
        started = {server: stack.enter_context(running(server)) for server in servers}
        ours = next(run for server, run in started.items() if server.name == OURS)
        _fill(ours)
        before = ours.resident_mib()
        loads = _loads(started, GET_SESSION, *REQUESTS[1:3])
        after = ours.resident_mib()
        # Rooms come last: each is one more in the store, and in memory.
        loads |= _loads(started, REQUESTS[3])
    ready, bare = _start_cpu()
    return Found(loads, ready, bare, (before, after))


def _fill(ours: Running) -> None:
    """Send changes until what is bounded, such as the journal, is full: growth after it counts."""
    load(ours, START_SESSION, record(ours).url(ours, greenroom(OURS), START_SESSION), seconds=3)


def _loads(
    started: Mapping[Server, Running], *requests: Request
) -> dict[tuple[str, Request], Load]:
    ours = next(run for server, run in started.items() if server.name == OURS)
    known = record(ours)
    best: dict[tuple[str, Request], Load] = {}
    for _ in range(ROUNDS):
        for request in requests:
            for server, run in started.items():
                if server.name == KEPT and request is not START_SESSION:
                    continue
                seen = load(run, request, known.url(run, server, request), seconds=1)
                key = server.name, request
                best[key] = _better(best.get(key, seen), seen)
    return best


def _better(one: Load, other: Load) -> Load:
    """Return the best of each figure that counts."""
    return replace(one, speed=max(one.speed, other.speed), cpu_us=min(one.cpu_us, other.cpu_us))


def _start_cpu() -> tuple[float, float]:
    """Return processor seconds of our start until the first answer, and of bare imports."""
    ready, bare = [], []
    for _ in range(ROUNDS):
        with running(greenroom()) as run:
            ready.append(run.cpu_seconds())
        before = psutil.Process().cpu_times()
        command = [*pinned_to(SERVER_CORE), sys.executable, "-W", "ignore", "-c", _BARE]
        subprocess.run(command, check=True)
        used = psutil.Process().cpu_times()
        bare.append(
            used.children_user
            + used.children_system
            - before.children_user
            - before.children_system
        )
    return min(ready), min(bare)


if __name__ == "__main__":
    sys.exit(main())

"""What the control plane costs: `python -m benchmarks.control_plane [--before CHECKOUT]`.

Three questions, each bounded in time. How much longer a plain request takes: with the journal and
without, in a world by header and by path, and beside a checkout of a commit that had no control
plane. How long the copy of a world with 1,000 sessions takes. And whether memory stays as it is
while 100 worlds answer 200,000 requests. Loads are alternated, and compared within one run only.

A load of one kind of reading is a rush, in which the journal leaves most of them out
(`mock_server.journal.Journal`); the rows of the writing operation have each of them noted.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.load import load_with, require_wrk
from benchmarks.moves import plan_sessions
from benchmarks.provenance import provenance, say
from benchmarks.requests import GET_SESSION, LIST_ROOMS, START_SESSION, Request, ask, data_of
from benchmarks.requests import live_session as find_live_session
from benchmarks.servers import BASE, Running, Server, greenroom, on_sqlite, running

REQUESTS = (GET_SESSION, LIST_ROOMS, START_SESSION)
ROUNDS = 7
SESSIONS = 1000
FORKS = 20
WORLDS = 100
ASKED = 200_000
# Memory is read so many times on the way.
READINGS = 10
_WORLD = "measured"


@dataclass(frozen=True, slots=True)
class Way:
    """Hold a way to ask: which server, in which world, and by what."""

    name: str
    server: Server
    header: bool = False
    prefix: bool = False

    def script(self, request: Request) -> str:
        """Return the Lua that sends a request this way."""
        lines = [f"wrk.method = {json.dumps(request.method)}"]
        if self.header:
            lines.append(f'wrk.headers["X-Mock-World"] = "{_WORLD}"')
        return "\n".join(lines)

    def url(self, run: Running, request: Request, session: str) -> str:
        """Return where a request goes this way."""
        base = run.url
        if self.prefix:
            base = base.replace(BASE, f"/_mock/worlds/{_WORLD}{BASE}")
        return base + request.path.replace("{id}", session)


def main() -> None:
    """Measure what is asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path, help="a checkout of a commit to compare with")
    parser.add_argument("--only", choices=("overhead", "fork", "memory"))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    require_wrk()
    for line in provenance():
        say(line)
    if given.only in (None, "overhead"):
        measure_overhead(given.rounds, given.before)
    if given.only in (None, "fork"):
        measure_forks()
    if given.only in (None, "memory"):
        measure_memory()


def measure_overhead(rounds: int, before: Path | None) -> None:
    """Print the processor time of a request each way, and its ratio to the cheapest of ours."""
    ours, quiet = greenroom("as it is"), greenroom("without journal", "--journal", "0")
    ways = [
        Way("without journal", quiet),
        Way("as it is", ours),
        Way("in a world by header", ours, header=True),
        Way("in a world by path", ours, prefix=True),
    ]
    if before is not None:
        ways.insert(0, Way("before the control plane", of_checkout(before)))
    with ExitStack() as stack:
        servers = {way.server.name: way.server for way in ways}
        runs = {name: stack.enter_context(running(each)) for name, each in servers.items()}
        # Each world of one seed has the same sessions.
        session = find_live_session(runs[ours.name].url)
        for request in REQUESTS:
            used: dict[str, list[float]] = {way.name: [] for way in ways}
            for round_ in range(rounds):
                for way in ways if round_ % 2 else reversed(ways):
                    run = runs[way.server.name]
                    url = way.url(run, request, session)
                    load, _ = load_with(run, way.script(request), url, seconds=1)
                    used[way.name].append(load.cpu_us)
            _print_overhead(request, used)


def _print_overhead(request: Request, used: dict[str, list[float]]) -> None:
    say(f"\n{request.name}: us of the processor a request, best and median, and to the first line")
    first = next(iter(used.values()))
    for name, times in used.items():
        best = f"{min(times):7.1f} {min(times) / min(first) - 1:+7.1%}"
        middle = statistics.median(times)
        say(f"  {name:<26} {best}   {middle:7.1f} {middle / statistics.median(first) - 1:+7.1%}")


def of_checkout(folder: Path) -> Server:
    """Return the server of another checkout; its packages stand before the installed ones."""
    serve = [sys.executable, "-P", "-m", "mock_server", "serve", "--quiet"]
    where = ["env", f"PYTHONPATH={folder.resolve()}"]
    return Server("before", lambda port: [*where, *serve, "--port", str(port)])


def measure_forks() -> None:
    """Print how long the copy of a world with 1,000 sessions takes inside the mock."""
    say(f"\ncopy of a world with {SESSIONS:,} sessions and as many rooms, {FORKS} times, in ms")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        for server in (greenroom("memory"), on_sqlite("SQLite", Path(folder))):
            run = stack.enter_context(running(server))
            plan_sessions(run, SESSIONS)
            took = sorted(_forks(run))
            say(
                f"  {server.name:<10} best {took[0]:.2f}, median {statistics.median(took):.2f}, "
                f"slowest {took[-1]:.2f}"
            )


def _forks(run: Running) -> Iterator[float]:
    """Copy the default world again and again; gives what the journal says each took."""
    control = run.url.replace(BASE, "/_mock")
    for number in range(FORKS):
        body = json.dumps({"name": f"copy-{number}", "from": "default"})
        ask(f"{control}/worlds", "POST", body)
        (noted,) = data_of(ask(f"{control}/exchanges?limit=1"))["exchanges"]
        if noted["operation"] != "make_world" or noted["status"] != 201:
            raise RuntimeError(f"a world was not copied: {noted}")
        yield float(noted["took_ms"])
        _delete(f"{control}/worlds/copy-{number}")


def _delete(url: str) -> Any:
    request = urllib.request.Request(url, method="DELETE")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return data_of(answer.read())


# Three in four read; none makes anything that stays.
_AMONG_WORLDS = """
local asked = 0
function request()
  asked = asked + 1
  wrk.headers["X-Mock-World"] = "world-" .. asked %% %(worlds)d
  if asked %% 4 == 0 then return wrk.format("POST", "%(start)s") end
  return wrk.format("GET", "%(get)s")
end
"""


def measure_memory() -> None:
    """Print the memory of a mock while 100 worlds answer 200,000 requests."""
    say(f"\nmemory while {WORLDS} worlds answer {ASKED:,} requests, in MiB")
    with running(greenroom()) as run:
        before = run.resident_mib()
        session = find_live_session(run.url)
        path = f"{BASE}/sessions/{session}"
        script = _AMONG_WORLDS % {"worlds": WORLDS, "start": f"{path}/start", "get": path}
        asked, readings = 0, []
        while asked < ASKED:
            load, _ = load_with(run, script, run.url, seconds=1)
            asked += load.total
            readings.append((asked, run.resident_mib()))
        worlds = data_of(ask(run.url.replace(BASE, "/_mock") + "/worlds"))["worlds"]
        if len(worlds) != WORLDS + 1:
            raise RuntimeError(f"{len(worlds)} worlds are there, must be {WORLDS} and the default")
    say(f"  {0:>9,} {before:8.1f}")
    for count, mib in _some(readings):
        say(f"  {count:>9,} {mib:8.1f}")
    half = next(mib for count, mib in readings if count >= ASKED / 2)
    say(f"  the second half to the first: {readings[-1][1] / half:.3f}")


def _some(readings: Sequence[tuple[int, float]]) -> Iterator[tuple[int, float]]:
    step = max(1, len(readings) // READINGS)
    yield from readings[::-step][::-1]


if __name__ == "__main__":
    main()

"""Measure replicas on PostgreSQL behind a proxy: `python -m benchmarks.cluster [--quick]`.

It starts what it needs itself: a PostgreSQL and haproxy from the machine's packages.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.servers import ROOT
from mock_server import __version__

# The servers that the tests of replicas run are those that are measured.
sys.path[:0] = [str(ROOT / "tests" / name) for name in ("", "serving", "cluster")]

from cluster import proxy, start_at_once, stop  # noqa: E402
from database import Database  # noqa: E402
from relay import Relay  # noqa: E402

CONNECTIONS = 32
SESSIONS = 100
KEY = {"X-API-Key": "greenroom-host-key", "Content-Type": "application/json"}
# Each of these really changes a session: its limit is another one every time.
_MOVE = """
local paths, n = {%s}, 0
function request()
  n = n + 1
  local body = '{"max_join_limit": ' .. (n %% 1000) .. '}'
  return wrk.format("PATCH", paths[n %% #paths + 1], nil, body)
end
"""
_READ = """
local paths, n = {%s}, 0
function request()
  n = n + 1
  return wrk.format("GET", (paths[n %% #paths + 1]:gsub("/settings", "")))
end
"""
_MAKE = """
wrk.method, wrk.path, wrk.body = "POST", "/v1/webinar/rooms", '{"title": "A room"}'
"""


@dataclass(frozen=True, slots=True)
class Found:
    """Hold requests a second and the 99th percentile in ms."""

    speed: float
    tail: float


def main() -> None:
    """Measure and print, with where it was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round, for a first look")
    quick = parser.parse_args().quick
    with ExitStack() as stack:
        database = Database.begin(durable=True)
        stack.callback(database.end)
        version = database.sql("SHOW server_version")[0][0]
        print(f"greenroom {__version__}, {platform.python_implementation()}", end=" ")
        print(f"{platform.python_version()}, PostgreSQL {version}, {os.cpu_count()} cores for all:")
        print(f"replicas, database, haproxy and wrk with {CONNECTIONS} connections\n")
        count_round_trips(database)
        measure_throughput(database, rounds=1 if quick else 3, seconds=2 if quick else 5)


def count_round_trips(database: Database) -> None:
    """Print how often one request goes to the database and back, counted on the wire."""
    relay = Relay(database.port)
    name = database.empty().rpartition("/")[2]
    store = f"postgresql://greenroom@127.0.0.1:{relay.port}/{name}"
    with replicas(store, 1) as urls:
        path, *_ = sessions(urls[0], 1)
        session = path.removesuffix("/settings")
        requests = (
            ("GET", session, None),
            ("PATCH", path, {"max_join_limit": 7}),
            ("POST", f"{session}/start", None),
            ("POST", f"{session}/go_live", None),
            ("POST", f"{session}/join", None),
            ("POST", f"{session}/end", None),
            ("GET", "/v1/webinar/sessions?limit=100", None),
            ("POST", "/v1/webinar/rooms", {"title": "A room"}),
        )
        print(f"{'round trips to the database':<44}")
        for method, where, body in requests:
            with relay.counted() as trips:
                ask(urls[0], method, where, body)
            print(f"  {method:<6} {_nameless(where):<36} {trips[0]}")
    relay.close()
    print()


def measure_throughput(database: Database, *, rounds: int, seconds: int) -> None:
    """Print requests a second of 1, 2 and 4 replicas behind the proxy, medians of rounds."""
    kinds = (("change a session", _MOVE), ("read a session", _READ), ("make a room", _MAKE))
    found: dict[tuple[str, int], list[Found]] = {}
    for _ in range(rounds):
        for count in (1, 2, 4):
            with replicas(database.empty(), count) as urls:
                paths = ", ".join(json.dumps(path) for path in sessions(urls[0], SESSIONS))
                for name, script in kinds:
                    text = script % paths if "%s" in script else script
                    found.setdefault((name, count), []).append(load(urls[-1], text, seconds))
    print(f"{'requests a second (p99 in ms)':<30} {'1 replica':>16} {'2':>16} {'4':>16}")
    for name, _ in kinds:
        cells = [middle(found[name, count]) for count in (1, 2, 4)]
        print(f"  {name:<28}" + "".join(f"{f'{c.speed:.0f} ({c.tail:.0f})':>17}" for c in cells))


@contextmanager
def replicas(store: str, count: int) -> Iterator[list[str]]:
    """Start replicas and a proxy, and give the first one's address and the proxy's."""
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        started = start_at_once(count, "--store", store, "--scenario", "empty")
        stack.callback(stop, started)
        front = stack.enter_context(proxy(started, Path(folder)))
        yield [each.removesuffix("/v1/webinar") for each in (started[0].url, front)]


def sessions(url: str, count: int) -> list[str]:
    """Make rooms with a session each and return the paths of their settings."""
    preset = ask(url, "GET", "/v1/webinar/presets", None)["presets"][0]["id"]
    paths = []
    for _ in range(count):
        room = ask(url, "POST", "/v1/webinar/rooms", {"title": "A room"})["room"]["id"]
        body = {"title": "A session", "preset_id": preset}
        made = ask(url, "POST", f"/v1/webinar/rooms/{room}/sessions", body)["session"]["id"]
        paths.append(f"/v1/webinar/sessions/{made}/settings")
    return paths


def ask(url: str, method: str, path: str, body: Any) -> Any:
    """Return the `data` of an answer."""
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(f"{url}{path}", data=data, headers=KEY, method=method)
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return json.load(answer)["data"]


def load(url: str, script: str, seconds: int) -> Found:
    """Send requests over 32 connections for some seconds; refuses to count refusals."""
    headers = [f"-H{name}: {value}" for name, value in KEY.items()]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *headers]
        said = subprocess.run(
            [*command, "-s", file.name, url], capture_output=True, text=True, check=True
        ).stdout
    if "Non-2xx" in said:
        raise RuntimeError(said)
    speed = re.search(r"Requests/sec:\s+([\d.]+)", said)
    number, unit = re.search(r"\n\s+99%\s+([\d.]+)(us|ms|s)", said).groups()  # type: ignore[union-attr]
    tail = float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]
    return Found(float(speed[1]), tail)  # type: ignore[index]


def middle(found: list[Found]) -> Found:
    """Return the medians."""
    return Found(
        statistics.median(each.speed for each in found),
        statistics.median(each.tail for each in found),
    )


def _nameless(path: str) -> str:
    return re.sub(r"/[0-9a-f-]{36}", "/{id}", path.removeprefix("/v1/webinar"))


if __name__ == "__main__":
    main()

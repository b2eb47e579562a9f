"""Compare ASGI servers, with raw bytes and with our own application: what we should run on.

Usage: python -m benchmarks.asgi_servers [--rounds 5] [--probes]. Needs wrk, and
`pip install granian hypercorn` in the environment; what isn't installed is not compared.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from benchmarks.asgi_probes import probe
from benchmarks.load import Load, load, require_wrk
from benchmarks.provenance import provenance, say
from benchmarks.requests import GET_SESSION, START_SESSION, Recorded, Request, record
from benchmarks.servers import Running, Server, greenroom, running

_MODULE = [sys.executable, "-m"]
# What each server is told, so that all do the same: one process, uvloop, HTTP/1, no log.
COMMANDS: dict[str, Callable[[str, str], list[str]]] = {
    "uvicorn": lambda app, port: [
        *(*_MODULE, "uvicorn", app, "--port", port, "--lifespan", "off", "--http", "httptools"),
        *("--no-access-log", "--log-level", "error", "--no-server-header"),
        *("--timeout-graceful-shutdown", "3"),
    ],
    "uvicorn, as ours": lambda app, port: [*_MODULE, "benchmarks.served", app, port],
    "granian": lambda app, port: [
        *(*_MODULE, "granian", "--interface", "asginl", "--http", "1", "--no-ws", "--no-log"),
        *("--loop", "uvloop", "--runtime-mode", "st", "--workers-kill-timeout", "3"),
        *("--port", port, app),
    ],
    "hypercorn": lambda app, port: [
        *(*_MODULE, "hypercorn", "--worker-class", "uvloop", "--workers", "1"),
        *("--graceful-timeout", "3", "--log-level", "error", "--bind", f"127.0.0.1:{port}", app),
    ],
}
APPS = {"raw bytes": "benchmarks.raw_asgi:app", "greenroom": "benchmarks.asgi_app:app"}
MEASURED = (GET_SESSION, START_SESSION)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--probes", action="store_true", help="bad requests and stopping, too")
    given = parser.parse_args()
    require_wrk()
    names = [name for name in COMMANDS if find_spec(_package(name))]
    for name in COMMANDS.keys() - set(names):
        say(f"{name} is not compared: pip install {name}")
    for line in provenance():
        say(line)
    packages = [*dict.fromkeys(map(_package, names)), "uvloop", "httptools", "h11"]
    say(", ".join(f"{name} {_version(name)}" for name in packages))
    servers = [_server(name, kind) for kind in APPS for name in names]
    _print_speed(servers, _measure_speed(servers, given.rounds))
    _print_readiness(servers, given.rounds)
    if given.probes:
        _print_probes(names)


def _server(name: str, kind: str, app: str = "") -> Server:
    command = COMMANDS[name]
    # The requests look at the name to know what answers raw bytes.
    return Server(f"{kind} on {name}", lambda port: command(app or APPS[kind], str(port)))


def _measure_speed(servers: list[Server], rounds: int) -> dict[tuple[str, Request], list[Load]]:
    with running(greenroom()) as ours:
        recorded = record(ours)
    found: dict[tuple[str, Request], list[Load]] = {}
    with ExitStack() as stack:
        started = {server: stack.enter_context(running(server)) for server in servers}
        for round_ in range(rounds + 1):
            for request in MEASURED:
                for server, run in started.items():
                    seen = _one(server, run, request, recorded)
                    # The first round warms up.
                    found.setdefault((server.name, request), []).extend([seen] if round_ else [])
    return found


def _one(server: Server, run: Running, request: Request, recorded: Recorded) -> Load:
    return load(run, request, recorded.url(run, server, request), seconds=2)


def _print_speed(servers: list[Server], found: dict[tuple[str, Request], list[Load]]) -> None:
    for request in MEASURED:
        say(f"\n{request.name:<32} {'req/s':>8} {'min-max':>15} {'p99 ms':>8} {'least CPU us':>13}")
        for server in servers:
            loads = found[server.name, request]
            speeds = sorted(each.speed for each in loads)
            tail = statistics.median(each.p99_ms for each in loads)
            # Other programs only ever add to it.
            cpu = min(each.cpu_us for each in loads)
            span = f"{speeds[0]:.0f}-{speeds[-1]:.0f}"
            middle = statistics.median(speeds)
            say(f"  {server.name:<30} {middle:>8.0f} {span:>15} {tail:>8.1f} {cpu:>13.1f}")


def _print_readiness(servers: list[Server], rounds: int) -> None:
    ready: dict[str, list[float]] = {}
    memory: dict[str, list[float]] = {}
    for _ in range(rounds):
        for server in servers:
            with running(server) as run:
                ready.setdefault(server.name, []).append(run.ready_seconds)
                memory.setdefault(server.name, []).append(run.resident_mib())
    say(f"\n{'first answer and memory':<32} {'ready s':>8} {'MiB':>8}")
    for server in servers:
        seconds = statistics.median(ready[server.name])
        mib = statistics.median(memory[server.name])
        say(f"  {server.name:<30} {seconds:>8.2f} {mib:>8.0f}")


def _print_probes(names: list[str]) -> None:
    found = {name: probe(_server(name, "probes", "benchmarks.asgi_probes:app")) for name in names}
    say("")
    for case in found[names[0]]:
        say(case)
        for name in names:
            say(f"  {name:<18} {found[name][case]}")


def _package(name: str) -> str:
    return name.partition(",")[0]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    main()

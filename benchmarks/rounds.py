"""The rounds: every server answers every request in turn, so that all see the same hours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

from benchmarks.load import Load, load
from benchmarks.provenance import tell
from benchmarks.requests import REQUESTS, Recorded
from benchmarks.servers import Server, running


def measure_speed(
    servers: Sequence[Server], recorded: Recorded, *, rounds: int, seconds: int
) -> dict[str, dict[str, list[Load]]]:
    """Load each server with each request; return the loads by request and server.

    All servers run during all of it, so that those with a compiler of their own get warm; one
    that is not asked costs the others nothing. One round before the first is not counted.
    """
    found: dict[str, dict[str, list[Load]]] = {}
    with ExitStack() as stack:
        started = {server: stack.enter_context(running(server)) for server in servers}
        for request in REQUESTS:
            asked = [server for server in servers if request.name not in server.without]
            seen: dict[str, list[Load]] = {server.name: [] for server in asked}
            for round_ in range(rounds + 1):
                tell(f"  {request.name}: {f'round {round_} of {rounds}' if round_ else 'warm-up'}")
                for server in asked:
                    run = started[server]
                    url = recorded.url(run, server, request)
                    one = load(run, request, url, seconds=seconds)
                    if round_:
                        seen[server.name].append(one)
            found[request.name] = seen
    return found


def measure_ready(
    servers: Sequence[Server], times: Callable[[Server], int]
) -> dict[str, list[float]]:
    """Return seconds from the command to the first answer, so many times for each server."""
    found: dict[str, list[float]] = {}
    wanted = {server: times(server) for server in servers}
    for round_ in range(max(wanted.values()) + 1):
        for server, count in wanted.items():
            # The first start fills the system's caches, and compiles the modules of Python.
            if round_ <= count:
                with running(server) as run:
                    found.setdefault(server.name, []).extend([run.ready_seconds] if round_ else [])
    return found


def every(loads: Mapping[str, Mapping[str, Sequence[Load]]]) -> list[Load]:
    """Return all loads in one list."""
    return [one for servers in loads.values() for each in servers.values() for one in each]

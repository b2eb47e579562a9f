"""The rounds: in each, every server is started anew, warms up and answers every request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from benchmarks.load import Load, load
from benchmarks.provenance import tell
from benchmarks.requests import REQUESTS, Recorded, Request
from benchmarks.servers import Running, Server, running

# So many of each request warm up a server that compiles as it runs.
WARM = 4_000
# Loads by request and server.
Loads = Mapping[str, Mapping[str, Sequence[Load]]]


@dataclass(frozen=True, slots=True)
class Rounds:
    """Gather what the rounds find: loads by request and server, seconds until ready by server."""

    loads: dict[str, dict[str, list[Load]]] = field(default_factory=dict)
    ready: dict[str, list[float]] = field(default_factory=dict)


def measure_rounds(servers: Sequence[Server], recorded: Recorded, *, rounds: int) -> Rounds:
    """Let the servers take turns, so that all see the same hours of the machine.

    One round before the first is short and not counted: it fills the system's caches and compiles
    the modules of Python.
    """
    found = Rounds()
    for server in servers:
        with running(server):
            tell(f"  {server.name} starts")
    for round_ in range(rounds):
        tell(f"  round {round_ + 1} of {rounds}")
        for server in servers:
            with running(server) as run:
                found.ready.setdefault(server.name, []).append(run.ready_seconds)
                for request, seen in _asked_everything(server, run, recorded):
                    by_server = found.loads.setdefault(request.name, {})
                    by_server.setdefault(server.name, []).append(seen)
    return found


def _asked_everything(
    server: Server, run: Running, recorded: Recorded
) -> list[tuple[Request, Load]]:
    """Load a server with each request for a second, after it was warmed up with it."""
    wanted = WARM if server.compiles else 1
    *rest, create = (each for each in REQUESTS if each.name not in server.without)
    urls = {each: recorded.url(run, server, each) for each in (*rest, create)}
    for request in rest:
        _warm_up(run, request, urls[request], wanted, most=3)
    found = [(request, load(run, request, urls[request], seconds=1)) for request in rest]
    # Created rooms come first in the list of rooms, so nothing is created before.
    _warm_up(run, create, urls[create], wanted, most=3)
    return [*found, (create, load(run, create, urls[create], seconds=1))]


def _warm_up(run: Running, request: Request, url: str, wanted: int, *, most: int) -> None:
    """Load a server until so many requests were answered, for one second at least.

    Counted in requests, since a busy machine must not leave a compiler cold; `most` are seconds.
    """
    answered = 0
    for _ in range(most):
        answered += load(run, request, url, seconds=1).total
        if answered >= wanted:
            return


def measure_heated(
    servers: Sequence[Server], recorded: Recorded, *, rounds: int, wanted: int
) -> dict[str, dict[str, list[Load]]]:
    """Load servers after a long warm-up with every request; return the loads as the rounds do."""
    found: dict[str, dict[str, list[Load]]] = {}
    with ExitStack() as stack:
        started = {server: stack.enter_context(running(server)) for server in servers}
        for request in REQUESTS:
            for server, run in started.items():
                url = recorded.url(run, server, request)
                _warm_up(run, request, url, wanted if server.compiles else 1, most=15)
        for request in REQUESTS:
            by_server = found.setdefault(request.name, {})
            for _ in range(rounds):
                for server, run in started.items():
                    seen = load(run, request, recorded.url(run, server, request), seconds=1)
                    by_server.setdefault(server.name, []).append(seen)
    return found


def every(loads: Loads) -> list[Load]:
    """Return all loads in one list."""
    return [one for servers in loads.values() for each in servers.values() for one in each]

"""Measure whether an answer's cost grows with the store: `python -m benchmarks.scale [--quick]`.

Worlds of 10², 10⁴ and 10⁶ sessions (half of them live, each in a room of its own, a quarter
scheduled and half of these overdue, a quarter ended) get the same requests within this process, in
alternating rounds. Before every request something is written, so that no kept answer is given
again. Answers have equally many rows in every world: one that has no 1,000th page is asked for its
last one.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any

from benchmarks.servers import BASE, ROOT
from mock_server import __version__
from mock_server.app import build_app, build_env, prepare
from mock_server.contract.load import bundle_path, load_contract
from mock_server.domain.entities import ApiKey, Entity, Room, Session, State, User
from mock_server.env import Env
from mock_server.http.log import RequestLog
from mock_server.settings import Settings
from mock_server.storage.indexes import PRESETS_OF_USER
from mock_server.storage.protocol import Needs, Store

SIZES = (100, 10_000, 1_000_000)
QUICK_SIZES = (100, 1_000, 10_000)
STORES = ("memory", "sqlite", "postgres")
KEY = "greenroom-host-key"
ROWS = 10
DEEP = 1_000
# So many entities go into the store in one transaction.
BATCH = 2_000
BOUND = 1.5


@dataclass(frozen=True, slots=True)
class World:
    """Hold a world in this process; `sessions` is how many it has, half of them live."""

    sessions: int
    env: Env
    app: Any
    # From 0 to 19, and again.
    numbers: Iterator[int]

    def page_of(self, rows: int, page: int) -> int:
        """Return the number of a page with all its rows: this one, or the last there is."""
        return min(page, rows // ROWS)


@dataclass(frozen=True, slots=True)
class Question:
    """Hold what is asked of every world: the path and query of one request."""

    name: str
    path: Callable[[World], str]


QUESTIONS = (
    Question(
        "GET /sessions/{id}, always one", lambda world: f"/sessions/{id_of(world.sessions - 1)}"
    ),
    Question(
        "GET /sessions/{id}, one of 20",
        lambda world: f"/sessions/{id_of(next(world.numbers) * world.sessions // 20)}",
    ),
    Question("GET /sessions, page 1", lambda _: page("/sessions", 1)),
    Question(
        "GET /sessions, page 1,000",
        lambda world: page("/sessions", world.page_of(world.sessions, DEEP)),
    ),
    Question(
        "GET /sessions, the last page",
        lambda world: page("/sessions", world.page_of(world.sessions, world.sessions)),
    ),
    Question("GET /sessions/live, page 1", lambda _: page("/sessions/live", 1)),
    Question(
        "GET /sessions/live, page 1,000",
        lambda world: page("/sessions/live", world.page_of(world.sessions // 2, DEEP)),
    ),
    Question(
        "GET /sessions/live, the last",
        lambda world: page("/sessions/live", world.page_of(world.sessions // 2, world.sessions)),
    ),
    Question("GET /sessions/stats", lambda _: "/sessions/stats"),
)


def main() -> None:
    """Measure the stores that are asked for and print what was found, with where it was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", action="append", choices=STORES, help="default: all of them")
    parser.add_argument("--quick", action="store_true", help="at most 10⁴ sessions, few rounds")
    options = parser.parse_args()
    say(f"greenroom {__version__}, {platform.python_implementation()} {platform.python_version()}")
    say(f"{platform.system()} {platform.machine()}, SQLite {sqlite3.sqlite_version}")
    say("whole requests within one process, no socket; µs, medians\n")
    sizes, rounds = (QUICK_SIZES, 3) if options.quick else (SIZES, 9)
    for store in options.store or STORES:
        measure(store, sizes, rounds)


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def measure(store: str, sizes: tuple[int, ...], rounds: int) -> None:
    """Build a store's worlds, ask them all questions, and print the table."""
    loop = asyncio.new_event_loop()
    with ExitStack() as stack:
        address = stack.enter_context(addresses(store))
        if address is None:
            say(f"{store} is not measured: this machine has no PostgreSQL\n")
            return
        began = time.perf_counter()
        worlds = [stack.enter_context(world_of(address(), size, loop)) for size in sizes]
        say(f"{store}: worlds made in {time.perf_counter() - began:.0f} s")
        gc.collect()
        # As a server does when it starts: what there is stays.
        gc.freeze()
        asking = ask_all(worlds, 10 if store == "postgres" else 40, rounds)
        found = loop.run_until_complete(asking)
        gc.unfreeze()
    loop.close()
    say(f"  {'':<32}" + "".join(f"{size:>12,}" for size in sizes) + "  largest / smallest")
    for question in QUESTIONS:
        times = [statistics.median(found[question.name, size]) * 1e6 for size in sizes]
        ratio = max(times) / min(times)
        mark = "" if ratio <= BOUND else f"  above {BOUND}"
        say(
            f"  {question.name:<32}"
            + "".join(f"{each:>12.0f}" for each in times)
            + f"{ratio:>8.2f}x{mark}"
        )
    say("")


@contextmanager
def addresses(store: str) -> Iterator[Callable[[], str] | None]:
    """Give a function that returns the address of a new, empty store; None without a database."""
    if store == "memory":
        yield lambda: "memory"
    elif store == "sqlite":
        with tempfile.TemporaryDirectory(prefix="greenroom-scale-") as folder:
            numbers = iter(range(100))
            yield lambda: f"sqlite:///{folder}/{next(numbers)}.db"
    else:
        # The PostgreSQL that the tests start is the one that is measured.
        sys.path.insert(0, str(ROOT / "tests"))
        from database import Database, binaries  # noqa: PLC0415

        if binaries() is None:
            yield None
            return
        database = Database.begin()
        try:
            yield database.empty
        finally:
            database.end()


@contextmanager
def world_of(address: str, size: int, loop: asyncio.AbstractEventLoop) -> Iterator[World]:
    """Make a world with so many sessions, and the application that serves it."""
    contract = load_contract(bundle_path("openapi"))
    settings = replace(Settings(), scenario="empty", store=address, quiet=True)
    env = build_env(settings, contract)
    fill(env.store, size)
    control = load_contract(bundle_path("control"))
    app = build_app(env, contract, control, RequestLog(None, errors=sys.stderr))
    loop.run_until_complete(prepare(app))
    yield World(size, env, app, cycle(range(20)))
    env.store.close()


def fill(store: Store, size: int) -> None:
    """Put sessions into a store, oldest first."""
    with store.read() as tx:
        key = tx.get(ApiKey, KEY)
        assert key is not None, "the scenario `empty` has a host with a key"
        host = tx.get(User, key.user_id)
        preset = tx.first(PRESETS_OF_USER, key.user_id)
    assert host is not None, "a key has a user"
    assert preset is not None, "the host has a preset"
    made = entities(size, host, preset.id)

    def put_all(batch: list[Entity]) -> None:
        # Nobody else is there, so nothing needs to be locked.
        with store.write(Needs()) as tx:
            for entity in batch:
                tx.put(entity)

    # What waits for a database can do so for several batches at a time.
    with ThreadPoolExecutor(3 if store.blocking else 1) as threads:
        waiting: deque[Future[None]] = deque()
        while batch := list(islice(made, BATCH)):
            waiting.append(threads.submit(put_all, batch))
            if len(waiting) > 6:
                waiting.popleft().result()
        for each in waiting:
            each.result()


def entities(size: int, host: User, preset_id: str) -> Iterator[Entity]:
    """Make the rooms and sessions of a world: two sessions a room, one of them live."""
    now = datetime.now(UTC)
    for number in range(size):
        at = now - timedelta(days=60) + timedelta(seconds=number)
        room_id = f"a0000000-0000-4000-8000-{number // 2:012x}"
        if number % 2 == 0:
            yield Room(
                id=room_id, host_id=host.id, library_id=host.library_id, title="A room",
                created_at=at, updated_at=at,
            )  # fmt: skip
        state: State = "live" if number % 2 == 0 else "scheduled" if number % 4 == 1 else "ended"
        began = None if state == "scheduled" else at + timedelta(minutes=5)
        planned = timedelta(days=-2 if number % 8 == 1 else 2)
        yield Session(
            id=id_of(number), room_id=room_id, preset_id=preset_id, title="A session",
            description="What is shown, and to whom.", state=state, mode="webcam",
            scheduled_start_time=now + planned if state == "scheduled" else None,
            started_at=began, broadcast_at=began,
            ended_at=at + timedelta(hours=1) if state == "ended" else None,
            seats=0 if began is None else 100, stream_key=f"key-{number:024x}",
            ingress_id=f"IN_{number:012x}", created_at=at, updated_at=at,
        )  # fmt: skip


def id_of(number: int) -> str:
    """Return the id of a session; worlds are made in their order, which is soon done."""
    return f"{number:08x}-0000-4000-8000-{number:012x}"


def page(path: str, number: int) -> str:
    """Return the path and query of a page."""
    return f"{path}?page={number}&limit={ROWS}"


async def ask_all(
    worlds: list[World], times: int, rounds: int
) -> dict[tuple[str, int], list[float]]:
    """Return the seconds of every request, by question and size of the world."""
    found: dict[tuple[str, int], list[float]] = {}
    for number in range(rounds + 1):
        for question in QUESTIONS:
            for world in worlds if number % 2 else reversed(worlds):
                seconds = [await timed(world, question.path(world)) for _ in range(times)]
                # The first round is for warming up.
                found.setdefault((question.name, world.sessions), []).extend(
                    seconds if number else []
                )
    return found


async def timed(world: World, target: str) -> float:
    """Return the seconds that an answer takes; refuses one that is not an answer."""
    with world.env.store.write() as tx:
        tx.next_number()
    path, _, query = target.partition("?")
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": BASE + path, "raw_path": (BASE + path).encode(), "query_string": query.encode(),
        "root_path": "", "server": ("127.0.0.1", 4010), "client": ("127.0.0.1", 1),
        "headers": [(b"host", b"127.0.0.1:4010"), (b"x-api-key", KEY.encode())],
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    began = time.perf_counter()
    await world.app(scope, receive, send)
    seconds = time.perf_counter() - began
    status, body = sent[0]["status"], sent[1]["body"]
    if status != 200 or (query and body.count(b'"room_id"') != ROWS):
        raise RuntimeError(f"{target} was answered with {status} and {body[:200]!r}")
    return seconds


if __name__ == "__main__":
    main()

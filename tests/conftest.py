from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import HealthCheck, settings

from mock_server.app import build_app, build_env, prepare
from mock_server.contract.load import bundle_path, load_contract
from mock_server.env import Env
from mock_server.http.log import RequestLog
from mock_server.seeds import plant
from mock_server.settings import Settings

sys.path.insert(0, str(Path(__file__).parent))

from browser import chromium
from database import Database

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A project of somebody else's: tests/test_outside.py runs it as such.
collect_ignore = ["outside"]

# The same examples in every run, and no clock of the machine's in any verdict.
settings.register_profile(
    "steady",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
API = "/v1/webinar"
CONTRACT = load_contract(bundle_path("openapi"))
CONTROL = load_contract(bundle_path("control"))


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **how: float) -> None:
        self.now += timedelta(**how)


@dataclass
class Mock:
    """The mock in this process: requests without a socket, under a clock of the test's."""

    env: Env
    clock: Clock
    app: Any
    log: io.StringIO
    loop: asyncio.AbstractEventLoop

    def send(self, method: str, path: str, *, by: str | None = None, **how: Any) -> httpx.Response:
        headers = [*httpx.Headers(how.pop("headers", {})).raw]
        if by is not None:
            headers.append((b"X-API-Key", f"greenroom-{by.replace('_', '-')}-key".encode()))
        url = path if path.startswith(("/_mock", "/hls", "/whip", "/x")) else f"{API}{path}"

        async def request() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://mock:4010") as each:
                return await each.request(method, url, headers=headers, **how)

        return self.loop.run_until_complete(request())

    def data(self, method: str, path: str, **how: Any) -> Any:
        answer = self.send(method, path, **how)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def room(self, by: str = "host", **body: Any) -> str:
        made = self.data("POST", "/rooms", by=by, json={"title": "Launch room", **body})
        return str(made["room"]["id"])

    def preset(self, by: str = "host", **body: Any) -> str:
        wanted = {"name": "Webinar", "type": "whip", "primary_color": "#123abc", **body}
        return str(self.data("POST", "/presets", by=by, json=wanted)["id"])

    def session(self, by: str = "host", room: str | None = None, **body: Any) -> str:
        preset = body.pop("preset_id", None) or self.preset(by)
        wanted = {"title": "Launch", "preset_id": preset, **body}
        path = f"/rooms/{room or self.room(by)}/sessions"
        return str(self.data("POST", path, by=by, json=wanted)["session"]["id"])


def build_mock(loop: asyncio.AbstractEventLoop, **settings: Any) -> Mock:
    clock = Clock()
    env = build_env(replace(Settings(allow_hosts=("mock",)), **settings), CONTRACT, clock=clock)
    log = io.StringIO()
    app = build_app(env, CONTRACT, CONTROL, RequestLog(log, errors=log))
    loop.run_until_complete(prepare(app))
    return Mock(env, clock, app, log, loop)


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def database() -> Iterator[Database]:
    """A PostgreSQL server; tests that ask for it are skipped where the machine has none."""
    pytest.importorskip("psycopg")
    database = Database.begin()
    yield database
    database.end()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for one module of tests: `with browser.new_context() as context`, a page in it."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session", params=["memory", "sqlite", "postgres"])
def built(request, loop, tmp_path_factory) -> Iterator[Mock]:
    """One app for each store: compiling the contract for every test would take minutes."""
    store = "memory"
    if request.param == "sqlite":
        store = f"sqlite:///{tmp_path_factory.mktemp('world') / 'world.db'}"
    elif request.param == "postgres":
        store = request.getfixturevalue("database").empty()
    built = build_mock(loop, scenario="empty", store=store)
    yield built
    built.env.store.close()


@pytest.fixture
def mock(built) -> Mock:
    """An empty world (personas, a preset each, no rooms), on each store."""
    built.clock.now = START
    env = built.env
    env.counters.requests = env.counters.contract_breaches = 0
    with env.store.write() as tx:
        tx.clear()
        for entity in plant(env.seed_file, seed=env.seed, now=START):
            tx.put(entity)
    built.log.seek(0)
    built.log.truncate()
    return built


@pytest.fixture(scope="session")
def mock_with(loop) -> Callable[..., AbstractContextManager[Mock]]:
    """A function that gives a mock with settings of the test's, and closes it."""

    @contextmanager
    def running(**settings: Any) -> Iterator[Mock]:
        built = build_mock(loop, **settings)
        yield built
        built.env.store.close()

    return running


@pytest.fixture
def demo(loop) -> Iterator[Mock]:
    """The demo world in memory."""
    built = build_mock(loop)
    yield built
    built.env.store.close()

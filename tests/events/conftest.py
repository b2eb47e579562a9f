from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from receiver import Receiver

from mock_server.events import lane
from mock_server.events.beside import beside_requests

if TYPE_CHECKING:
    from conftest import Mock

PATIENCE = 10
# What the webhooks of these tests are signed with.
SECRET = "a secret of thirty-two bytes and more"


class Listener:
    """A client of a stream, without a socket; the loop runs while it reads and in each request."""

    def __init__(self, mock: Mock, path: str, headers: dict[str, str], method: str = "GET") -> None:
        self.loop = mock.loop
        self.status = 0
        self.headers: dict[str, str] = {}
        self.chunks: list[str] = []
        self.complete = False
        # A client that takes nothing, while this is clear.
        self.takes = asyncio.Event()
        self.takes.set()
        self._left = asyncio.Event()
        where, _, query = path.partition("?")
        scope = {
            "type": "http", "method": method, "path": where, "raw_path": where.encode(),
            "query_string": query.encode(), "scheme": "http", "http_version": "1.1",
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
            "server": ("mock", 4010), "client": ("127.0.0.1", 1), "root_path": "", "asgi": {},
        }  # fmt: skip
        self.task = self.loop.create_task(mock.app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        if not self.status:
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        await self.takes.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            self.chunks.append(message["body"].decode())
            self.complete = not message.get("more_body")

    @property
    def text(self) -> str:
        return "".join(self.chunks)

    @property
    def messages(self) -> list[dict[str, str]]:
        whole = self.text.rpartition("\n\n")[0]
        return [
            dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            for block in whole.split("\n\n")
        ]

    @property
    def told(self) -> list[tuple[str, Any]]:
        """The messages with data: their event's name and the data."""
        return [
            (each["event"], json.loads(each["data"])) for each in self.messages if "data" in each
        ]

    def until(self, reached: Callable[[], Any]) -> None:
        """Let the loop run until something holds."""

        async def wait() -> None:
            async with asyncio.timeout(PATIENCE):
                while not reached():  # noqa: ASYNC110 - what holds has no event for it
                    await asyncio.sleep(0.001)

        try:
            self.loop.run_until_complete(wait())
        except TimeoutError:
            raise AssertionError(f"so far: {self.status} {self.text}") from None

    def read(self, count: int) -> list[tuple[str, Any]]:
        """Wait for so many messages with data, and return them all."""
        self.until(lambda: len(self.told) >= count)
        return self.told

    def opened(self) -> Listener:
        self.until(lambda: "\n\n" in self.text)
        return self

    def leave(self) -> None:
        self._left.set()
        self.loop.run_until_complete(asyncio.wait_for(self.task, PATIENCE))


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    """Listen to a mock's events; everybody leaves in the end."""
    listeners: list[Listener] = []

    def begin(mock: Mock, query: str = "", *, method: str = "GET", **headers: str) -> Listener:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        path = query if query.startswith("/") else f"/_mock/events{query}"
        listeners.append(Listener(mock, path, named, method))
        return listeners[-1]

    yield begin
    for listener in listeners:
        listener.takes.set()
        if not listener.task.done():
            listener.leave()


@pytest.fixture
def told(mock: Mock) -> Callable[..., list[dict[str, Any]]]:
    """What a world's feed has from now on, as the control plane lists it."""
    begin = mock.data("GET", "/_mock/events/past?limit=1")["newest"]

    def past(**how: Any) -> list[dict[str, Any]]:
        page = mock.data("GET", f"/_mock/events/past?after={begin}&limit=1000", **how)
        return list(page["events"])

    return past


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(lane, "BACKOFF", (0.01, 0.01, 0.01))
    monkeypatch.setattr(lane, "HOLD", 0.1)


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def address(request, tmp_path):
    if request.param == "memory":
        return "memory"
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'world.db'}"
    return request.getfixturevalue("database").empty()


class Served:
    """A mock with what runs beside its requests."""

    def __init__(self, mock) -> None:
        self.mock = mock
        self.beside = beside_requests(mock.env.common)
        mock.loop.run_until_complete(self.beside.__aenter__())

    def stop(self):
        self.mock.loop.run_until_complete(self.beside.__aexit__(None, None, None))

    def until(self, reached):
        """Let the loop run until something holds, which may itself ask the mock."""
        deadline = time.monotonic() + 10
        while not reached():
            assert time.monotonic() < deadline, self.log()
            self.mock.loop.run_until_complete(asyncio.sleep(0.005))

    def live(self, **how):
        session = self.mock.session(**how)
        self.mock.data("POST", f"/sessions/{session}/go_live", by="host")
        return session

    def log(self, **how):
        return self.mock.data("GET", "/_mock/deliveries?limit=100", **how)["deliveries"][::-1]


@pytest.fixture
def serve(mock_with, impatient):
    """Run mocks with webhooks, and stop them."""
    running = []

    def begin(*urls: str, **settings: object):
        context = mock_with(scenario="empty", webhooks=urls, livekit_secret=SECRET, **settings)
        running.append((context, Served(context.__enter__())))
        return running[-1][1]

    yield begin
    for context, served in running[::-1]:
        served.stop()
        context.__exit__(None, None, None)

"""A server in a thread, with limits of the test's, and a client that sends what it likes."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

import uvloop

from mock_server.http.answer import Answer, refused, send_answer
from mock_server.http.body import ClientGone, read_body
from mock_server.http.errors import Refusal
from mock_server.http.limits import Limits
from mock_server.http.protocol import ABORT
from mock_server.serve import bind, server_of

PATIENCE = 10.0


@dataclass
class App:
    """An application that does what a path says, and remembers what it did."""

    done: list[str] = field(default_factory=list)
    refused: list[tuple[str, str, int]] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope, receive, send) -> None:
        path = scope["path"]
        try:
            answer = await self.answer(path, scope, receive, send)
        except ClientGone:
            path, answer = "gone", None
        except Refusal as refusal:
            answer = refused(refusal, datetime.now(UTC))
        self.done.append(path)
        if answer is not None:
            await send_answer(scope, send, answer)

    async def answer(self, path, scope, receive, send) -> Answer | None:
        match path:
            case "/wait":
                await self.released.wait()
            case "/body":
                return Answer(200, b"%d" % len(await read_body(receive)))
            case "/large":
                return Answer(200, b"x" * 50_000_000)
            case "/abort":
                scope["extensions"][ABORT]()
                return None
            case "/part":
                headers = [(b"content-length", b"100")]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                await send({"type": "http.response.body", "body": b"x" * 10, "more_body": True})
                scope["extensions"][ABORT]()
                return None
        return Answer(200, b"{}")

    def on_refusal(self, method: str, path: str, answer: Answer) -> None:
        self.refused.append((method, path, answer.status))


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def sentence(self) -> str:
        envelope = json.loads(self.body)
        assert envelope["success"] is False
        assert isinstance(envelope["timestamp"], int)
        return str(envelope["error"])


class Wire:
    """One connection of a client."""

    def __init__(self, address: Any) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self.stream = self.socket.makefile("rb")

    def send(self, data: bytes) -> Self:
        self.socket.sendall(data)
        return self

    def get(self, path: str = "/", headers: bytes = b"") -> Self:
        return self.send(b"GET %s HTTP/1.1\r\nHost: mock\r\n%s\r\n" % (path.encode(), headers))

    def reply(self) -> Reply | None:
        """Read one answer, None where the connection ends instead."""
        line = self.stream.readline()
        if not line:
            return None
        headers = {}
        while (each := self.stream.readline().decode().strip()) != "":
            name, _, value = each.partition(": ")
            headers[name] = value
        body = self.stream.read(int(headers["content-length"]))
        return Reply(int(line.split()[1]), headers, body)

    def ended(self) -> bool:
        """Wait until the server ends the connection; nothing else may come."""
        return self.stream.read() == b""

    def close(self) -> None:
        self.stream.close()
        self.socket.close()


class Limited:
    """The running server, and the connections made to it."""

    def __init__(self, app: App, server: Any, loop: Any, address: Any) -> None:
        self.app, self.server, self.loop, self.address = app, server, loop, address
        self.wires: list[Wire] = []

    def connect(self) -> Wire:
        wire = Wire(self.address)
        self.wires.append(wire)
        return wire

    def open(self) -> int:
        """Return how many connections the server has."""
        return len(self.server.server_state.connections)

    def release(self) -> None:
        self.loop.call_soon_threadsafe(self.app.released.set)


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.01)


@contextmanager
def limited(app: App | None = None, **limits: Any) -> Iterator[Limited]:
    app = app or App()
    bound = bind("127.0.0.1", 0)
    server = server_of(app, Limits(**limits), app.on_refusal)
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=[server.serve([bound])])
    running = Limited(app, server, loop, bound.getsockname())
    thread.start()
    try:
        yield running
    finally:
        for wire in running.wires:
            wire.close()
        running.release()
        server.should_exit = True
        thread.join(PATIENCE)
        loop.close()

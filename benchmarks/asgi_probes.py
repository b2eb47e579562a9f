"""What ASGI servers do with requests that no good client sends, and when they are told to stop."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import psutil
from starlette.types import Receive, Scope, Send

from benchmarks.servers import Running, Server, running

# So long a connection that does nothing is watched, in seconds.
_WATCHED = 70.0
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_GET = b"GET /v1/webinar/x HTTP/1.1\r\nHost: a\r\n"
_POST = b"POST /v1/webinar/x HTTP/1.1\r\nHost: a\r\n"
# What is sent at once, and what the table calls it.
SENT: tuple[tuple[str, bytes], ...] = (
    ("no request line", b"NONSENSE\r\n\r\n"),
    ("a header without a colon", _GET + b"nonsense\r\n\r\n"),
    ("a control character in a header", _GET + b"X-A: a\x00b\r\n\r\n"),
    ("two lengths that differ", _POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    (
        "a length and chunks",
        _POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    ("no Host", b"GET /v1/webinar/x HTTP/1.1\r\n\r\n"),
    ("a header of 64 kB", _GET + b"X-A: " + b"a" * 65_536 + b"\r\n\r\n"),
    ("a header of 1 MB", _GET + b"X-A: " + b"a" * 1_048_576 + b"\r\n\r\n"),
    ("1,000 headers", _GET + b"X-A: a\r\n" * 1_000 + b"\r\n"),
    ("20,000 headers", _GET + b"X-A: a\r\n" * 20_000 + b"\r\n"),
    ("a path of 1 MB", b"GET /" + b"a" * 1_048_576 + b" HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("%00 and %2F in the path", b"GET /a%00b%2Fc HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("HEAD", b"HEAD /v1/webinar/x HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("a body in chunks", _POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"),
    ("Expect: 100-continue", _POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
    ("two requests at once", (_GET + b"\r\n") * 2),
    ("HTTP/1.0", b"GET /v1/webinar/x HTTP/1.0\r\n\r\n"),
)
# What is left open, for the server to close.
LEFT_OPEN: tuple[tuple[str, bytes], ...] = (
    ("a connection that says nothing", b""),
    ("headers that do not end", _GET),
    ("a body that does not end", _POST + b"Content-Length: 9\r\n\r\na"),
    ("idle after an answer", _GET + b"\r\n"),
)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what arrived; /slow takes a second."""
    if scope["type"] != "http":
        return
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    if scope["path"] == "/slow":
        await asyncio.sleep(1)
    body = f"{scope['method']} {scope['path'][:40]!r} {size}".encode()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def probe(server: Server) -> dict[str, str]:
    """Return what a server does in each case, in a few words."""
    with running(server, pinned=False) as started:
        found = {name: answer_to(started, sent) for name, sent in SENT}
        with ThreadPoolExecutor(len(LEFT_OPEN)) as threads:
            waits = threads.map(lambda each: seconds_open(started, each[1]), LEFT_OPEN)
        found |= {name: waited for (name, _), waited in zip(LEFT_OPEN, waits, strict=True)}
    found["SIGTERM, a request running"] = _stopped(server, b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
    found["SIGTERM, a connection idle"] = _stopped(server, _GET + b"\r\n", read_first=True)
    return found


def answer_to(started: Running, sent: bytes) -> str:
    """Return the statuses that come back, and how the connection ends."""
    with _connected(started) as connection:
        try:
            connection.sendall(sent)
            return summary(_read(connection, 1.0))
        except ConnectionError:
            return "reset"


def summary(received: tuple[bytes, bool]) -> str:
    """Say in a few words what was received: statuses, size of the last body, how it ended."""
    content, closed = received
    statuses = " ".join(each.decode() for each in _STATUS.findall(content)) or "nothing"
    body = len(content.rpartition(b"\r\n\r\n")[2])
    return f"{statuses}, {body} B{', closed' if closed else ''}"


def seconds_open(started: Running, sent: bytes) -> str:
    """Return how long a server lets a connection be open that does no more."""
    with _connected(started) as connection:
        connection.sendall(sent)
        began = time.monotonic()
        while (left := began + _WATCHED - time.monotonic()) > 0:
            connection.settimeout(left)
            try:
                if not connection.recv(65_536):
                    return f"closed after {time.monotonic() - began:.0f} s"
            except TimeoutError:
                break
            except ConnectionError:
                return f"reset after {time.monotonic() - began:.0f} s"
        return f"open after {_WATCHED:.0f} s"


def _stopped(server: Server, sent: bytes, *, read_first: bool = False) -> str:
    """Return what becomes of a request when SIGTERM comes, and how the process ends."""
    with running(server, pinned=False) as started, _connected(started) as connection:
        connection.sendall(sent)
        if read_first:
            connection.recv(65_536)
        time.sleep(0.2)
        process = psutil.Process(started.pid)
        began = time.monotonic()
        os.kill(started.pid, signal.SIGTERM)
        answered = summary(_read(connection, 15.0))
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > began + 15:
                return f"{answered}; runs on after 15 s"
            time.sleep(0.01)
        return f"{answered}; ended after {time.monotonic() - began:.1f} s"


def _read(connection: socket.socket, patience: float) -> tuple[bytes, bool]:
    """Read until the other side closes or is silent for so many seconds."""
    content = b""
    connection.settimeout(patience)
    try:
        while chunk := connection.recv(65_536):
            content += chunk
    except TimeoutError:
        return content, False
    except ConnectionError:
        return content, True
    return content, True


def _connected(started: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(started.url).port or 0), timeout=5)

"""An answer without an end, on its way to the client for as long as that stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from starlette.types import Receive, Scope, Send

from mock_server.http.answer import Answer

_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # nginx would keep events back until it has some thousand bytes of them.
    (b"x-accel-buffering", b"no"),
)


async def send_stream(
    scope: Scope,
    receive: Receive,
    send: Send,
    answer: Answer,
    stream: AsyncGenerator[bytes, None],
) -> None:
    """Send a stream until it ends or the client has left; HEAD gets its headers alone."""
    headers = [*answer.headers, *_HEADERS, (b"x-mock-operation", (answer.operation or "").encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if scope["method"] == "HEAD":
        await stream.aclose()
        await send({"type": "http.response.body", "body": b""})
        return
    sending = asyncio.create_task(_send_all(send, stream))
    leaving = asyncio.create_task(_left(receive))
    try:
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, leaving):
            task.cancel()
        ended, _ = await asyncio.gather(sending, leaving, return_exceptions=True)
        await stream.aclose()
    if isinstance(ended, Exception):
        raise ended


async def _send_all(send: Send, stream: AsyncGenerator[bytes, None]) -> None:
    # It waits while the client takes nothing, which the server lets it do for so long.
    async for chunk in stream:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

"""What becomes of an answer on its way: it may be late, cut short, or never arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from starlette.types import Message, Receive, Scope, Send

from mock_server.http.answer import Answer, Wire, send_answer
from mock_server.http.errors import Refusal

# In `scope["extensions"]`: a function that ends the connection with what was sent so far.
ABORT = "greenroom.abort"
MAX_DELAY = 60.0


def aborter(scope: Scope) -> Callable[[], None]:
    """Return what closes the request's connection; raises Refusal 501 under another server."""
    abort: Callable[[], None] | None = scope.get("extensions", {}).get(ABORT)
    if abort is None:
        raise Refusal(
            501, "the server in front of the mock can't close connections, `greenroom serve` can"
        )
    return abort


async def send_on(wire: Wire, scope: Scope, receive: Receive, send: Send, answer: Answer) -> None:
    """Send an answer as the wire lets it through, after a minute at most."""
    if wire.delay > 0:
        try:
            if not await wait(min(wire.delay, MAX_DELAY), receive):
                return
        except asyncio.CancelledError:
            # The server stops: it is owed an end of this request, and not an error.
            aborter(scope)()
            return
    if wire.lost:
        aborter(scope)()
    elif wire.truncate is not None:
        await send_answer(scope, partial(_send_part, send, wire.truncate), answer)
        aborter(scope)()
    else:
        await send_answer(scope, send, answer)


async def wait(seconds: float, receive: Receive) -> bool:
    """Wait for so long, or until the client goes; tell whether it is still there."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                # What is left of a body that nobody asked for.
                continue
    except TimeoutError:
        return True
    return False


async def _send_part(send: Send, most: int, message: Message) -> None:
    if message["type"] == "http.response.body":
        body = message["body"]
        message = {**message, "body": body[: max(0, min(most, len(body) - 1))], "more_body": True}
    await send(message)

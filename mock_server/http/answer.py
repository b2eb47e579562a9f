"""An answer as a value, and its way to the client."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import NamedTuple

import orjson
from starlette.types import Scope, Send

from mock_server.http.errors import Headers, Refusal

_JSON = (b"content-type", b"application/json")
_NO_STORE = (b"cache-control", b"no-store")
_EMPTY = 204


class Wire(NamedTuple):
    """Hold what becomes of an answer on its way: seconds of delay, whether it is lost, and after
    how many bytes of its body the connection is closed.
    """

    delay: float = 0
    lost: bool = False
    truncate: int | None = None


class Answer(NamedTuple):
    """Hold status, body, extra headers, and for the log the operation and a refusal's reason.

    With a `wire` it is sent by `http.wire`; a status of 0 is that of no answer at all.
    """

    status: int
    body: bytes
    headers: Headers = ()
    operation: str | None = None
    reason: str | None = None
    wire: Wire | None = None
    # What comes instead of the body, for as long as the client stays (`http.stream`).
    stream: AsyncGenerator[bytes, None] | None = None


def refused(refusal: Refusal, now: datetime, *, operation: str | None = None) -> Answer:
    """Return a refusal in the error envelope: `{success: false, error, message?, timestamp}`."""
    body: dict[str, object] = {"success": False, "error": refusal.sentence}
    if refusal.detail is not None:
        body["message"] = refusal.detail
    body["timestamp"] = int(now.timestamp())
    return Answer(
        refusal.status,
        orjson.dumps(body),
        headers=refusal.headers,
        operation=operation,
        reason=refusal.sentence,
    )


def headers_of(answer: Answer) -> list[tuple[bytes, bytes]]:
    """Return all headers of an answer."""
    headers = [*answer.headers]
    if answer.status != _EMPTY:
        headers += (_JSON, _NO_STORE, (b"content-length", b"%d" % len(answer.body)))
    if answer.operation is not None:
        headers.append((b"x-mock-operation", answer.operation.encode()))
    return headers


async def send_answer(scope: Scope, send: Send, answer: Answer) -> None:
    """Send an answer; HEAD gets the headers of GET and no body."""
    headers = headers_of(answer)
    body = b"" if scope["method"] == "HEAD" else answer.body
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

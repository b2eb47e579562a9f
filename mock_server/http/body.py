"""Request bodies: read within limits, then parsed; every refusal in the contract's order."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from starlette.types import Receive

from mock_server.http.errors import Refusal

MAX_BODY = 1024 * 1024
MAX_DISCARDED = 8 * MAX_BODY
BODY_TIMEOUT = 30.0


class ClientGone(Exception):
    """Report that the client closed the connection before its body was complete."""


async def read_body(receive: Receive) -> bytes:
    """Return the whole body, at most 1 MiB.

    Raises Refusal 413 for a longer one, 400 when it does not arrive within 30 s, ClientGone.
    """
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        chunk: bytes = message.get("body", b"")
        if len(chunk) > MAX_BODY:
            raise _too_large()
        return chunk
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            return await _read_chunks(receive, message)
    except TimeoutError:
        raise Refusal(
            400, f"the body was not complete after {BODY_TIMEOUT:.0f} s, must arrive sooner"
        ) from None


async def _read_chunks(receive: Receive, message: Any) -> bytes:
    kept = bytearray()
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= MAX_BODY:
            kept += chunk
        # A client that is still sending would not see an answer: hear it out, within reason.
        if size > MAX_DISCARDED or (size > MAX_BODY and not message.get("more_body")):
            raise _too_large()
        if not message.get("more_body"):
            return bytes(kept)
        message = await receive()


def _too_large() -> Refusal:
    return Refusal(413, f"the body is larger than {MAX_BODY:,} bytes, must be at most that")


def parse_body(raw: bytes, content_type: bytes | None) -> Any:
    """Parse a body that is there; raises Refusal 415 or 400."""
    media_type = (content_type or b"").split(b";", 1)[0].strip().lower()
    if media_type != b"application/json":
        shown = f"`{media_type.decode('latin-1')}`" if media_type else "missing"
        raise Refusal(415, f"the Content-Type is {shown}, must be `application/json`")
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Refusal(
            400, "the body is not JSON (UTF-8)", detail=_without_document(error)
        ) from None


def _without_document(error: orjson.JSONDecodeError) -> str:
    return f"{error.msg} at line {error.lineno}, column {error.colno}"

"""The floor: bytes of the size the path names, answered by a bare ASGI function.

Usage: python -m benchmarks.served benchmarks.raw_asgi:app PORT, then any request to
/v1/webinar/<size>. Served so, it runs on the server of the mock with the same settings.
"""

from __future__ import annotations

from functools import cache

from starlette.types import Receive, Scope, Send


@cache
def _body(path: str) -> bytes:
    size = path.rpartition("/")[2]
    return b"x" * (int(size) if size.isdigit() else 0)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer every request with 200 and so many bytes."""
    if scope["type"] != "http":
        return
    if scope["method"] not in {"GET", "HEAD"}:
        while (await receive()).get("more_body"):
            pass
    body = _body(scope["path"])
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})

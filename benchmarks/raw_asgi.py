"""The floor: bytes of the size the path names, answered by a bare ASGI function.

Usage: python -m benchmarks.raw_asgi PORT, then any request to /v1/webinar/<size>. It is served by
the function that serves the mock, so both always run on the same server with the same settings.
"""

from __future__ import annotations

import gc
import sys
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


def main(port: int) -> None:
    """Serve until a signal."""
    # Imported here: other servers load this module for `app` alone.
    from mock_server.serve import bind, run  # noqa: PLC0415

    # As `greenroom serve` does: collections need not look at what start-up made.
    gc.freeze()
    run(app, bind("127.0.0.1", port), lambda: None)


if __name__ == "__main__":
    main(int(sys.argv[1]))

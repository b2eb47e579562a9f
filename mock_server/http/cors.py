"""CORS for browsers: Starlette's, for the requests that are a browser's."""

from __future__ import annotations

from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_EXPOSED = (
    "Accept-Ranges",
    "Allow",
    "Content-Length",
    "Content-Range",
    "ETag",
    "Link",
    "Location",
    "Preference-Applied",
    "Retry-After",
    "WWW-Authenticate",
    "X-Mock-Fault",
    "X-Mock-Operation",
)


class Cors:
    """Let browsers of some origins in (`*`: of any), with credentials and our headers exposed."""

    def __init__(self, app: ASGIApp, *, origins: tuple[str, ...]) -> None:
        self._app = app
        self._cors = CORSMiddleware(app, **_options(origins))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; one without an Origin is no browser's and goes straight through."""
        if scope["type"] == "http":
            for name, _ in scope["headers"]:
                if name == b"origin":
                    if scope["method"] == "OPTIONS" and "/whip" in scope["path"]:
                        send = _with_accept_post(send)
                    await self._cors(scope, receive, send)
                    return
        await self._app(scope, receive, send)


def _with_accept_post(send: Send) -> Send:
    """Say in the answer to a preflight, too, what WHIP takes (RFC 9725, 4.2)."""

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [each for each in message["headers"] if each[0] != b"accept-post"]
            message = {**message, "headers": [*headers, (b"accept-post", b"application/sdp")]}
        await send(message)

    return told


def _options(origins: tuple[str, ...]) -> dict[str, Any]:
    # With credentials allowed a browser wants its own origin back, not `*`.
    anyone = "*" in origins
    return {
        "allow_origins": () if anyone else origins,
        "allow_origin_regex": ".*" if anyone else None,
        "allow_methods": ("GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"),
        "allow_headers": ("*",),
        "allow_credentials": True,
        "expose_headers": _EXPOSED,
        "max_age": 600,
    }

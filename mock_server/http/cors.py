"""CORS for browsers: Starlette's, for the requests that are a browser's."""

from __future__ import annotations

from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_EXPOSED = (
    "Accept-Ranges",
    "Allow",
    "Content-Length",
    "Content-Range",
    "ETag",
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
                    await self._cors(scope, receive, send)
                    return
        await self._app(scope, receive, send)


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

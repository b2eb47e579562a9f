"""The pages at `/_mock` and the files they are made of, from one table: no path opens a file."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.types import Scope

from mock_server.http.errors import Headers

_FOLDER = Path(__file__).resolve().parents[1] / "web"
_HTML = b"text/html; charset=utf-8"
_CSS = b"text/css; charset=utf-8"
_JS = b"text/javascript; charset=utf-8"
_TEXT = b"text/plain; charset=utf-8"
# What is at each path below `/_mock`: the type, and the file in `mock_server/web`.
FILES: Mapping[str, tuple[bytes, str]] = MappingProxyType(
    {
        "/_mock/player": (_HTML, "player.html"),
        "/_mock/web/base.css": (_CSS, "base.css"),
        "/_mock/web/player.css": (_CSS, "player.css"),
        "/_mock/web/calls.js": (_JS, "calls.js"),
        "/_mock/web/events.js": (_JS, "events.js"),
        "/_mock/web/playback.js": (_JS, "playback.js"),
        "/_mock/web/player.js": (_JS, "player.js"),
        "/_mock/web/words.js": (_JS, "words.js"),
        "/_mock/web/hls.js": (_JS, "vendor/hls.js/hls.light.min.mjs"),
        "/_mock/web/hls.js/LICENSE": (_TEXT, "vendor/hls.js/LICENSE"),
    }
)


class Page(NamedTuple):
    """Hold a file as it is sent, with its type and the tag of what is in it."""

    body: bytes
    headers: Headers
    tag: bytes


class Web:
    """Read the files when they are first asked for, and keep them: there are only so many."""

    def __init__(self, public_url: str | None) -> None:
        self._policy = _policy(public_url)
        self._read: dict[str, Page] = {}

    def find(self, path: str) -> Page | None:
        """Return what is at a path, None where nothing is."""
        if path not in FILES:
            return None
        page = self._read.get(path)
        if page is None:
            page = self._read[path] = self._page(*FILES[path])
        return page

    def _page(self, kind: bytes, name: str) -> Page:
        body = (_FOLDER / name).read_bytes()
        tag = b'"%s"' % sha256(body).hexdigest()[:32].encode()
        headers = (
            (b"content-type", kind),
            (b"etag", tag),
            # A browser asks each time whether it is still this: no old page meets a new mock.
            (b"cache-control", b"no-cache"),
            (b"content-security-policy", self._policy),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
        )
        return Page(body, headers, tag)


def has_it(scope: Scope, page: Page) -> bool:
    """Tell whether who asks has the file already (`If-None-Match`, RFC 9110, 13.1.2)."""
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            tags = {each.strip().removeprefix(b"W/") for each in value.split(b",")}
            return page.tag in tags or tags == {b"*"}
    return False


def _policy(public_url: str | None) -> bytes:
    """Return the Content-Security-Policy: nothing but what is the mock's own.

    Addresses of media may lead to its public address, and what hls.js has put together is a blob.
    """
    media = "'self'"
    if public_url is not None:
        parts = urlsplit(public_url)
        media += f" {parts.scheme}://{parts.netloc}"
    rules = (
        "default-src 'self'",
        f"connect-src {media}",
        f"media-src {media} blob:",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'self'",
        # A page of somebody else that shows this one in a frame could lead clicks to its buttons.
        "frame-ancestors 'self'",
        "object-src 'none'",
    )
    return "; ".join(rules).encode()

"""Which world a request is for: by its path, else by a header, else by a cookie."""

from __future__ import annotations

import re
from typing import NamedTuple

from mock_server.http.headers import RequestHeaders
from mock_server.storage.protocol import DEFAULT_WORLD

PREFIX = "/_mock/worlds/"
_COOKIE = b"mock_world"
# What comes after the prefix is a path of the whole server; others are the control plane's own.
_INNER = re.compile(r"/_mock/worlds/([^/]+)(/(?:v1/webinar|_mock|hls|whip)(?:/.*)?)", re.DOTALL)


class Selected(NamedTuple):
    """Hold a path without the world's prefix, and the world the path names, None for none."""

    path: str
    world: str | None


def select_by_path(path: str) -> Selected:
    """Take a world's prefix off a path, if it has one."""
    found = _INNER.fullmatch(path) if path.startswith(PREFIX) else None
    return Selected(path, None) if found is None else Selected(found[2], found[1])


def select_by_headers(headers: RequestHeaders) -> str:
    """Return the world that headers name: `X-Mock-World`, else the cookie `mock_world`."""
    if headers.world is not None:
        return headers.world.decode("latin-1")
    if headers.cookie is not None and _COOKIE in headers.cookie:
        for pair in headers.cookie.split(b";"):
            name, _, value = pair.strip().partition(b"=")
            if name == _COOKIE:
                return value.decode("latin-1")
    return DEFAULT_WORLD


def base_of(world: str) -> str:
    """Return what the addresses of a world's media begin with: players send no headers."""
    return "" if world == DEFAULT_WORLD else f"{PREFIX}{world}"

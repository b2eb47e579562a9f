"""The request headers the contract pass needs, found in one walk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Self


class RequestHeaders(NamedTuple):
    """Hold header values as sent; all credentials there are, since two of a kind are a mistake."""

    host: bytes | None = None
    content_type: bytes | None = None
    authorization: tuple[bytes, ...] = ()
    api_keys: tuple[bytes, ...] = ()
    world: bytes | None = None
    cookie: bytes | None = None
    prefer: tuple[bytes, ...] = ()

    @classmethod
    def read(cls, headers: Iterable[tuple[bytes, bytes]]) -> Self:
        """Read ASGI headers: pairs of a lower-case name and a value."""
        host = content_type = world = cookie = None
        authorization: tuple[bytes, ...] = ()
        api_keys: tuple[bytes, ...] = ()
        prefer: tuple[bytes, ...] = ()
        for name, value in headers:
            if name == b"host":
                host = value
            elif name == b"x-api-key":
                api_keys = (*api_keys, value)
            elif name == b"authorization":
                authorization = (*authorization, value)
            elif name == b"content-type":
                content_type = value
            elif name == b"x-mock-world":
                world = value
            elif name == b"cookie":
                cookie = value
            elif name == b"prefer":
                prefer = (*prefer, value)
        return cls(host, content_type, authorization, api_keys, world, cookie, prefer)

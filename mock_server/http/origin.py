"""The address the mock is reached at, from the Host header or the `--public-url` setting."""

from __future__ import annotations

import re

from starlette.types import Scope

from mock_server.http.selection import base_of
from mock_server.media.ingress import Addresses
from mock_server.settings import Settings

# Anything else in a Host header would end up in the addresses that answers carry.
_HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_MAX_REMEMBERED = 256


class OriginReader:
    """Tell the addresses of media for each request; remembers those of hosts seen before."""

    def __init__(self, settings: Settings) -> None:
        self._public = settings.public_url and settings.public_url.rstrip("/")
        self._known: dict[tuple[str, bytes, str], Addresses] = {}

    def addresses(self, scope: Scope, host: bytes | None, world: str) -> Addresses:
        """Return a world's addresses under the public URL, the Host header or the bound socket."""
        key = (scope.get("scheme", "http"), host or b"", world)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _MAX_REMEMBERED:
                self._known.clear()
            known = self._known[key] = Addresses.under(
                (self._public or _base_url(scope, host)) + base_of(world)
            )
        return known


def usual_addresses(settings: Settings, world: str) -> Addresses:
    """Return a world's addresses where no request tells how the mock is reached."""
    base = settings.public_url or f"http://{_bracketed(settings.host)}:{settings.port}"
    return Addresses.under(base.rstrip("/") + base_of(world))


def _base_url(scope: Scope, host: bytes | None) -> str:
    scheme = scope.get("scheme", "http")
    if host is not None and _HOST.fullmatch(host):
        return f"{scheme}://{host.decode()}"
    address, port = scope.get("server") or ("127.0.0.1", None)
    shown = _bracketed(address)
    return f"{scheme}://{shown}" if port is None else f"{scheme}://{shown}:{port}"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address

"""Who may use the control plane: it changes everything, so not every page a browser shows.

A program on this machine may, and so may a browser at a page of this machine. What must not:

- A page from anywhere, open in a developer's browser, that posts to `http://localhost:4010/_mock/…`.
  Browsers send it without asking first, and say whose page it is: `Origin` is checked.
- A page at `http://evil.test:4010` whose name is made to mean 127.0.0.1 once it is loaded (DNS
  rebinding). For the browser mock and page are then one origin, so `Origin` tells nothing, and is
  not even sent with a GET. But the browser believes the name, and sends it: `Host` is checked.
  Only a name can be bound anew, so a number for a host is good. The answer is 403 and not 421,
  which asks a browser to try again on another connection (RFC 9110, 15.5.20).
- Anybody else on the network, once the mock listens beyond this machine: a token is asked for. It
  is nothing a browser adds by itself, so a request that has it comes from who was told, and its
  `Host` is of no interest: a container may call the mock by any name.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, replace
from hmac import compare_digest
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.env import Clock
from mock_server.http.answer import refused, send_answer
from mock_server.http.cors import Cors
from mock_server.http.errors import Headers, Refusal
from mock_server.http.log import RequestLog
from mock_server.http.selection import select_by_path
from mock_server.settings import Settings

_BASE = "/_mock"
# They show what anybody can read in the repository, and whether the mock is well.
_OPEN = re.compile(r"/_mock/(?:health|openapi\.json|(?:ui|web)(?:/.*)?|player)", re.DOTALL)
_READING = ("GET", "HEAD")
_HOST = re.compile(r"(?P<name>[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII)
_ORIGIN = re.compile(r"https?://(?P<host>[^/]*)")
_CHALLENGE: Headers = ((b"www-authenticate", b'Bearer realm="greenroom\'s control plane"'),)
_TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class Hosts:
    """Hold the names the mock goes by, in lower case; one that begins with a dot is a suffix."""

    names: frozenset[str]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return those the operator gave."""
        given = (settings.host, _name_of(settings.public_url), *settings.allow_hosts)
        return cls(frozenset(name.lower() for name in given if name))

    def include(self, name: str) -> bool:
        """Tell whether a request to this name is meant for the mock."""
        return (
            is_local_name(name)
            or _is_number(name)
            or name in self.names
            or any(name.endswith(each) for each in self.names if each.startswith("."))
        )


class Guard:
    """Let the API's requests through, and those of the control plane that may be."""

    def __init__(self, app: ASGIApp, *, settings: Settings, clock: Clock, log: RequestLog) -> None:
        self._app = app
        self._clock = clock
        self._log = log
        self._hosts = Hosts.of(settings)
        self._origins = frozenset(each for each in settings.cors_origins if each != "*")
        self._own = _origin_of(settings.public_url)
        self._token = settings.control_token
        self._api = Cors(app, origins=settings.cors_origins)
        # The origins that come so far are good ones.
        self._control = Cors(self._pass_control, origins=("*",))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer a request."""
        # No coroutine of its own: every request comes through here.
        if scope["type"] != "http" or not scope["path"].startswith(_BASE):
            return self._api(scope, receive, send)
        path = select_by_path(scope["path"]).path
        if path != _BASE and not path.startswith(f"{_BASE}/"):
            return self._api(scope, receive, send)
        return self._check_origin(scope, receive, send)

    async def _check_origin(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = _values(scope, b"host")
        for origin in _values(scope, b"origin"):
            if not self._is_good_origin(origin, host):
                sentence = (
                    f"pages at `{origin[:100]}` may not use the control plane, "
                    "must be allowed (`--cors-origin`)"
                )
                await self._refuse(scope, send, Refusal(403, sentence))
                return
        await self._control(scope, receive, send)

    def _is_good_origin(self, origin: str, hosts: tuple[str, ...]) -> bool:
        if origin in self._origins or origin == self._own:
            return True
        found = _ORIGIN.fullmatch(origin.lower())
        if found is None:
            return False
        if tuple(map(str.lower, hosts)) == (found["host"],):
            return True
        return not self._origins and is_local_name(_name(found["host"]) or "")

    async def _pass_control(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await self._refuse(scope, send, refusal)

    def _refusal(self, scope: Scope) -> Refusal | None:
        path = select_by_path(scope["path"]).path
        if scope["method"] in _READING and _OPEN.fullmatch(path):
            return None
        if self._token is not None:
            return None if _has_token(scope, self._token.encode()) else _without_token()
        for host in _values(scope, b"host"):
            name = _name(host.lower())
            if name is None or not self._hosts.include(name):
                return _misdirected(host)
        return None

    async def _refuse(self, scope: Scope, send: Send, refusal: Refusal) -> None:
        answer = refused(refusal, self._clock())
        self._log.request(scope, answer)
        await send_answer(scope, send, answer)


def with_token(settings: Settings, address: str) -> Settings:
    """Return settings in which there is a control token if the mock can be reached by others.

    It can if it is bound beyond loopback or has a public address; `address` is a number.
    """
    public = _name_of(settings.public_url)
    alone = ip_address(address).is_loopback and (public is None or is_local_name(public))
    if alone or settings.control_token is not None:
        return settings
    return replace(settings, control_token=secrets.token_urlsafe(_TOKEN_BYTES))


def is_local_name(name: str) -> bool:
    """Tell whether a host in lower case can only be this machine: `localhost` or a loopback number.

    Browsers keep names below `localhost` on this machine, too (RFC 6761, 6.3).
    """
    bare = name.removesuffix(".")
    return bare == "localhost" or bare.endswith(".localhost") or _is_number(name, loopback=True)


def _is_number(name: str, *, loopback: bool = False) -> bool:
    try:
        address = ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return address.is_loopback or not loopback


def _name_of(url: str | None) -> str | None:
    return None if url is None else urlsplit(url).hostname


def _origin_of(url: str | None) -> str | None:
    parts = urlsplit(url or "")
    return f"{parts.scheme}://{parts.netloc}".lower() if url else None


def _name(host: str) -> str | None:
    """Return the name or number of a `Host` in lower case, None where it is malformed."""
    found = _HOST.fullmatch(host)
    return None if found is None else found["name"]


def _values(scope: Scope, wanted: bytes) -> tuple[str, ...]:
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    return tuple(value.decode("latin-1") for name, value in headers if name == wanted)


def _has_token(scope: Scope, token: bytes) -> bool:
    given = list(_values(scope, b"x-mock-token"))
    for value in _values(scope, b"authorization"):
        scheme, _, credentials = value.partition(" ")
        if scheme.lower() == "bearer":
            given.append(credentials.strip())
    return any(compare_digest(each.encode("latin-1"), token) for each in given)


def _without_token() -> Refusal:
    return Refusal(
        401,
        "the control plane asks for its token here, must send `X-Mock-Token: <token>` or "
        "`Authorization: Bearer <token>`; it was printed at the start or set by "
        "`GREENROOM_CONTROL_TOKEN`",
        headers=_CHALLENGE,
    )


def _misdirected(host: str) -> Refusal:
    return Refusal(
        403,
        f"the Host is `{host[:100]}`, which is no name of this machine, so a page of somebody else "
        "may have sent this: allow the name (`--allow-host`) if it is yours",
    )

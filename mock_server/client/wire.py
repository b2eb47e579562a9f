"""One way for everything the client asks: a request to the control plane, its envelope opened."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from mock_server.client.errors import NotAMock, Refused, Unreachable
from mock_server.client.routes import ROUTES

DEFAULT_WORLD = "default"
_CONTROL = "/_mock"
_PARAMETER = re.compile(r"\{\w+\}")


class SharedTransport(httpx.BaseTransport):
    """Let many clients use one pool of connections, which none of them closes."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request over the pool."""
        return self._transport.handle_request(request)

    def close(self) -> None:
        """Leave the pool open: it belongs to the `Mock`."""


@dataclass(frozen=True, slots=True)
class Wire:
    """Ask the control plane of one mock, in one world.

    `url` is the mock's without a slash at its end; `transport` is shared by all that asks it.
    """

    url: str
    client: httpx.Client
    transport: httpx.BaseTransport
    timeout: float
    world: str = DEFAULT_WORLD

    def within(self, world: str) -> Wire:
        """Return the same in another world."""
        return Wire(self.url, self.client, self.transport, self.timeout, world)

    @property
    def base(self) -> str:
        """Return the address of everything in the world."""
        prefix = "" if self.world == DEFAULT_WORLD else f"{_CONTROL}/worlds/{quote(self.world)}"
        return f"{self.url}{prefix}"

    def ask(
        self,
        operation: str,
        parameter: str = "",
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Any:
        """Return the `data` of an answer; raises Unreachable, NotAMock, Refused.

        An empty text in the query was not given.
        """
        request = self._request(operation, parameter, query=query, body=body)
        return self._opened(operation, self._send(request))

    def listen(
        self, operation: str, *, query: Mapping[str, str | int] | None, timeout: float | None
    ) -> httpx.Response:
        """Return an answer that goes on, to be read and closed; raises as `ask` does.

        `timeout` is how many seconds it may be silent.
        """
        request = self._request(operation, query=query)
        limits = httpx.Timeout(self.timeout, read=timeout)
        request.extensions = {**request.extensions, "timeout": limits.as_dict()}
        answer = self._send(request, stream=True)
        if not answer.is_success:
            answer.read()
            self._opened(operation, answer)
        return answer

    def _request(
        self,
        operation: str,
        parameter: str = "",
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> httpx.Request:
        method, template = ROUTES[operation]
        path = _PARAMETER.sub(quote(parameter, safe=""), template)
        given = {name: value for name, value in (query or {}).items() if value != ""}
        url = f"{self.base}{_CONTROL}{path}"
        return self.client.build_request(method, url, params=given, json=body)

    def _opened(self, operation: str, answer: httpx.Response) -> Any:
        try:
            envelope = answer.json()
            if envelope["success"] is True:
                return envelope["data"]
            raise Refused(operation, answer.status_code, envelope["error"])
        except (ValueError, KeyError, TypeError):
            raise NotAMock(
                f"{self.url} answered `{operation}` with {answer.status_code} and no envelope of "
                "the mock: the address must be greenroom's, without the path of the API"
            ) from None

    def _send(self, request: httpx.Request, *, stream: bool = False) -> httpx.Response:
        try:
            return self.client.send(request, stream=stream)
        except httpx.TransportError as error:
            raise Unreachable(
                f"nothing answers at {self.url} ({error or type(error).__name__}): "
                "start the mock with `greenroom serve`, or give the URL it prints"
            ) from error


def given(**values: object) -> dict[str, object]:
    """Return what is not None."""
    return {name: value for name, value in values.items() if value is not None}

"""A running mock, by remote control."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import httpx

from mock_server.client.values import Health, WorldState
from mock_server.client.wire import DEFAULT_WORLD, SharedTransport, Wire, given
from mock_server.client.world import World

_API = "/v1/webinar"


class Mock:
    """Control a running mock; close it, or use it in a `with`, to close its connections.

    `url` is the address the mock prints, with or without the path of the API; `token` is what its
    control plane asks for, where it does; `timeout` is in seconds. It may be used by many threads.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:4010",
        token: str | None = None,
        *,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = url.rstrip("/").removesuffix(_API)
        # A transport of our own also passes proxies by, which do not know this machine's mock.
        self._transport = transport or httpx.HTTPTransport()
        self._client = httpx.Client(
            headers={} if token is None else {"X-Mock-Token": token},
            timeout=timeout,
            transport=SharedTransport(self._transport),
        )
        self._wire = Wire(self.url, self._client, self._transport, timeout)

    def __repr__(self) -> str:
        """Show where it is, and no token."""
        return f"Mock({self.url!r})"

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections, those of its worlds too."""
        self._client.close()
        self._transport.close()

    def world(self, name: str = DEFAULT_WORLD) -> World:
        """Return a world, which is made when it is first asked for anything."""
        return World(self._wire.within(name))

    def make(
        self,
        name: str,
        *,
        copy_of: str | None = None,
        scenario: str | None = None,
        seed: int | None = None,
    ) -> World:
        """Make a world that begins differently; raises Refused where one has the name."""
        body = given(name=name, scenario=scenario, seed=seed)
        if copy_of is not None:
            body["from"] = copy_of
        self._wire.ask("make_world", body=body)
        return self.world(name)

    def worlds(self) -> tuple[WorldState, ...]:
        """Return the worlds there are, `default` first."""
        found = self._wire.ask("list_worlds")["worlds"]
        return tuple(WorldState.read(each) for each in found)

    def health(self) -> Health:
        """Return what runs there; raises Unreachable, NotAMock."""
        return Health.read(self._wire.ask("get_health"))

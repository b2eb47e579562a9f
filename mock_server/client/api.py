"""The API of a world: an `httpx.Client` that is in it, as one persona or as nobody."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from mock_server.client.values import Persona, Personas
from mock_server.client.wire import SharedTransport, Wire

BASE_PATH = "/v1/webinar"


class Api(httpx.Client):
    """Send requests to a world's API: `api.get("/rooms")`, `api.as_("host").post("/rooms", …)`.

    A path that begins with a slash is one of the API. `persona` is None for nobody. It needs no
    closing: its connections are the mock's.
    """

    def __init__(
        self, wire: Wire, personas: Callable[[], Personas], persona: Persona | None = None
    ) -> None:
        headers = {} if persona is None else {"Authorization": f"Bearer {persona.access_token}"}
        super().__init__(
            base_url=f"{wire.base}{BASE_PATH}",
            headers=headers,
            timeout=wire.timeout,
            transport=SharedTransport(wire.transport),
        )
        self.persona = persona
        self._wire = wire
        self._personas = personas

    def as_(self, persona: str) -> Api:
        """Return the same as a persona (`host`, `viewer`, …); raises NoSuchPersona."""
        return Api(self._wire, self._personas, self._personas()[persona])

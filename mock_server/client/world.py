"""A world of a mock, by remote control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mock_server.client.api import Api
from mock_server.client.clock import Clock, moment
from mock_server.client.events import Event, EventStream
from mock_server.client.exchanges import Exchange, ExchangeSummary, Verdict
from mock_server.client.faults import Faults
from mock_server.client.tokens import DecodedToken
from mock_server.client.values import (
    Audience,
    AudienceShape,
    EncoderAction,
    EncoderState,
    Invariants,
    Personas,
    WorldState,
)
from mock_server.client.wire import Wire, given


class World:
    """Control a world: state, clock, faults, seed and journal of its own.

    It is made when it is first asked for anything. `headers` put any other client into it.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.name = wire.world
        self.headers = {"X-Mock-World": wire.world}
        self.clock = Clock(wire)
        self.faults = Faults(wire)
        self.api = Api(wire, lambda: self.personas)

    def __repr__(self) -> str:
        """Show which world it is, and where."""
        return f"World({self.name!r}, {self.api_url!r})"

    @property
    def api_url(self) -> str:
        """Return the address of its API, which needs no header to be in the world."""
        return str(self.api.base_url).rstrip("/")

    @property
    def personas(self) -> Personas:
        """Return who can be signed in as, with credentials."""
        return Personas.read(self._wire.ask("list_personas"))

    def state(self) -> WorldState:
        """Return its seed, clock and snapshots."""
        return WorldState.read(self._wire.ask("get_world", self.name))

    def reset(
        self,
        *,
        scenario: str | None = None,
        seed: int | None = None,
        now: datetime | str | None = None,
        freeze: bool | None = None,
    ) -> World:
        """Plant it again, as it was or from another built-in scenario or seed, at a given time.

        Its clock and faults go too; the personas' credentials stay good, and snapshots stay.
        """
        begun = None if now is None else moment(now)
        body = given(scenario=scenario, seed=seed, now=begun, freeze=freeze)
        self._wire.ask("reset_world", body=body)
        return self

    def fork(self, name: str) -> World:
        """Make another world that begins as a copy of this one, clock and faults included."""
        self._wire.ask("make_world", body={"name": name, "from": self.name})
        return World(self._wire.within(name))

    def snapshot(self, label: str) -> World:
        """Keep it as it is now; a snapshot of the same label is replaced."""
        self._wire.ask("snapshot_world", self.name, body={"label": label})
        return self

    def restore(self, label: str) -> World:
        """Put it back to a snapshot; its journal begins anew. Raises Refused for an unknown one."""
        self._wire.ask("restore_world", self.name, body={"label": label})
        return self

    def delete_snapshots(self) -> World:
        """Remove its snapshots."""
        self._wire.ask("delete_snapshots", self.name)
        return self

    def save_seed(self) -> str:
        """Return it as the text of a seed file, for `greenroom serve --scenario FILE`."""
        text: str = self._wire.ask("save_seed", self.name)["text"]
        return text

    def delete(self) -> None:
        """Remove it and its snapshots; the default world can't be."""
        # Asked of the default world, so that asking does not make it anew.
        self._wire.within("default").ask("delete_world", self.name)

    def set_audience(
        self, session_id: str, size: int, shape: AudienceShape | None = None
    ) -> Audience:
        """Say how many come to watch a session besides those who join through the API, and how
        they come and go; left out, the seed decides.
        """
        body = given(size=size, shape=shape)
        return Audience.read(self._wire.ask("set_audience", session_id, body=body))

    def decode_token(self, token: str) -> DecodedToken:
        """Return what is in a token, and why it would be refused, if it would."""
        return DecodedToken.read(self._wire.ask("decode_token", body={"token": token}))

    def encoder(self, session_id: str) -> EncoderState:
        """Return what the virtual encoder of a session does, and is going to do."""
        return EncoderState.read(self._wire.ask("get_encoder", session_id))

    def set_encoder(
        self,
        session_id: str,
        action: EncoderAction,
        *,
        after: int | None = None,
        seconds: int | None = None,
        every: int | None = None,
        times: int | None = None,
    ) -> EncoderState:
        """Let the encoder of a session come, go, or send badly; lengths in seconds.

        Left out, `after` is at once and `seconds` until `connect`; `every` and `times` are a
        flap's. Raises Refused.
        """
        body = given(action=action, after=after, seconds=seconds, every=every, times=times)
        return EncoderState.read(self._wire.ask("set_encoder", session_id, body=body))

    def deliveries(self, *, page: int = 1, limit: int = 10) -> Mapping[str, Any]:
        """Return a page of what became of webhooks, newest first, as the control plane tells it."""
        found: Mapping[str, Any] = self._wire.ask(
            "list_deliveries", query={"page": page, "limit": limit}
        )
        return found

    def delivery_faults(self) -> list[Mapping[str, Any]]:
        """Return what is to go wrong with webhooks."""
        found: list[Mapping[str, Any]] = self._wire.ask("list_delivery_faults")["faults"]
        return found

    def add_delivery_fault(self, **fault: Any) -> list[Mapping[str, Any]]:
        """Let webhooks go wrong from now on; the fields are those of the control plane."""
        found: list[Mapping[str, Any]] = self._wire.ask("add_delivery_fault", body=fault)["faults"]
        return found

    def clear_delivery_faults(self) -> None:
        """Let webhooks come as they should again."""
        self._wire.ask("clear_delivery_faults")

    def events(
        self, *, after: int | str | None = None, timeout: float | None = 10.0
    ) -> EventStream:
        """Listen to what happens from now on, or after an event's `id` or `place` (0: all kept).

        It listens when this returns, and ends after `timeout` seconds of silence.
        """
        return EventStream(self._wire, after, timeout)

    def past_events(self, *, after: int = 0, limit: int = 100) -> tuple[Event, ...]:
        """Return the first events after an id, oldest first, as far as they are kept."""
        page = self._wire.ask("list_events", query={"after": after, "limit": limit})
        return tuple(Event.read(each, f"{page['feed']}-{each['id']}") for each in page["events"])

    def exchanges(
        self,
        *,
        operation: str = "",
        method: str = "",
        status: int | str = "",
        verdict: Verdict | None = None,
        text: str = "",
        since: int = 0,
        limit: int = 100,
    ) -> Sequence[ExchangeSummary]:
        """Return the last exchanges that match, newest first; `status` may be `4xx`."""
        query: dict[str, str | int] = {
            "operation": operation,
            "method": method,
            "status": str(status),
            "verdict": verdict or "",
            "text": text,
            "since": since,
            "limit": limit,
        }
        found = self._wire.ask("list_exchanges", query=query)["exchanges"]
        return tuple(ExchangeSummary.read(each) for each in found)

    def exchange(self, id: int) -> Exchange:  # noqa: A002 - the contract's name
        """Return a whole exchange, with its request as a command; raises Refused for none."""
        return Exchange.read(self._wire.ask("get_exchange", str(id)))

    def clear_exchanges(self) -> int:
        """Forget the exchanges and return how many there were."""
        cleared: int = self._wire.ask("clear_exchanges")["cleared"]
        return cleared

    def invariants(self, *, limit: int = 1000) -> Invariants:
        """Return whether the newest of it keeps what is always true."""
        return Invariants.read(self._wire.ask("get_invariants", query={"limit": limit}))

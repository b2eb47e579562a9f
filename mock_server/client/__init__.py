"""Control a running mock from Python: its worlds, their clocks, faults, personas and journals.

    from mock_server.client import Mock

    with Mock("http://127.0.0.1:4010") as mock:
        world = mock.world("checkout")
        world.reset(scenario="demo", now="2030-01-01T09:00:00Z", freeze=True)
        world.faults.add("join_session", status=409, example="full")
        world.clock.advance("2h")
        world.api.as_("host").get("/rooms/my").json()

It knows the mock by HTTP only, so it controls any mock anywhere. Errors are `MockError`s.
"""

from __future__ import annotations

from mock_server.client.api import Api
from mock_server.client.clock import Clock
from mock_server.client.errors import (
    EventsLost,
    MockError,
    NoSuchPersona,
    NotAMock,
    Refused,
    Unreachable,
)
from mock_server.client.events import Event, EventStream
from mock_server.client.exchanges import Exchange, ExchangeSummary, Message
from mock_server.client.faults import Faults
from mock_server.client.mock import Mock
from mock_server.client.tokens import DecodedToken
from mock_server.client.values import (
    Audience,
    BrokenInvariant,
    ClockState,
    ContractFault,
    EncoderState,
    Fault,
    Fired,
    Health,
    Invariants,
    Persona,
    Personas,
    Turn,
    WorldState,
)
from mock_server.client.world import World

__all__ = [
    "Api",
    "Audience",
    "BrokenInvariant",
    "Clock",
    "ClockState",
    "ContractFault",
    "DecodedToken",
    "EncoderState",
    "Event",
    "EventStream",
    "EventsLost",
    "Exchange",
    "ExchangeSummary",
    "Fault",
    "Faults",
    "Fired",
    "Health",
    "Invariants",
    "Message",
    "Mock",
    "MockError",
    "NoSuchPersona",
    "NotAMock",
    "Persona",
    "Personas",
    "Refused",
    "Turn",
    "Unreachable",
    "World",
    "WorldState",
]

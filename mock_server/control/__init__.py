"""The control plane `/_mock`: what a real server does not have; specified in control.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from mock_server.control.audience import set_audience
from mock_server.control.clock import get_clock, set_clock
from mock_server.control.health import get_health
from mock_server.control.personas import list_personas
from mock_server.control.saving import save_seed
from mock_server.control.worlds import (
    delete_snapshots,
    delete_world,
    get_world,
    list_worlds,
    make_world,
    reset_world,
    restore_world,
    snapshot_world,
)
from mock_server.env import Call
from mock_server.http.operation import Handler


def _later(topic: str, operation: str) -> Handler:
    """Return an operation whose module is imported when it is first asked."""

    def ask(call: Call) -> Any:
        return getattr(import_module(f"{__name__}.{topic}"), operation)(call)

    return ask


# These need no transaction, or begin their own since they make, copy and remove whole worlds.
ALONE = frozenset(
    {
        "clear_exchanges",
        "decode_token",
        "get_exchange",
        "list_events",
        "list_exchanges",
        "list_worlds",
        "make_world",
        "get_world",
        "save_seed",
        "delete_snapshots",
        "delete_world",
        "snapshot_world",
        "restore_world",
    }
)
HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        "add_delivery_fault": _later("deliveries", "add_delivery_fault"),
        "add_fault": _later("faults", "add_fault"),
        "clear_delivery_faults": _later("deliveries", "clear_delivery_faults"),
        "clear_exchanges": _later("journal", "clear_exchanges"),
        "clear_faults": _later("faults", "clear_faults"),
        "decode_token": _later("tokens", "decode_token"),
        "delete_snapshots": delete_snapshots,
        "delete_world": delete_world,
        "get_clock": get_clock,
        "get_encoder": _later("encoder", "get_encoder"),
        "get_exchange": _later("journal", "get_exchange"),
        "get_health": get_health,
        "get_invariants": _later("invariants", "get_invariants"),
        "get_world": get_world,
        "list_contract_faults": _later("faults", "list_contract_faults"),
        "list_deliveries": _later("deliveries", "list_deliveries"),
        "list_delivery_faults": _later("deliveries", "list_delivery_faults"),
        "list_events": _later("events", "list_events"),
        "list_exchanges": _later("journal", "list_exchanges"),
        "list_faults": _later("faults", "list_faults"),
        "list_personas": list_personas,
        "list_worlds": list_worlds,
        "make_world": make_world,
        "remove_fault": _later("faults", "remove_fault"),
        "reset_world": reset_world,
        "restore_world": restore_world,
        "set_audience": set_audience,
        "save_seed": save_seed,
        "set_clock": set_clock,
        "set_encoder": _later("encoder", "set_encoder"),
        "snapshot_world": snapshot_world,
        "stream_events": _later("events", "stream_events"),
    }
)

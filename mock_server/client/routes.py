"""Where each operation of the control plane is; a test compares it with the contract."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ROUTES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "get_health": ("GET", "/health"),
        "list_personas": ("GET", "/personas"),
        "reset_world": ("POST", "/reset"),
        "get_clock": ("GET", "/clock"),
        "set_clock": ("POST", "/clock"),
        "decode_token": ("POST", "/tokens"),
        "set_audience": ("POST", "/sessions/{id}/audience"),
        "get_encoder": ("GET", "/sessions/{id}/encoder"),
        "set_encoder": ("POST", "/sessions/{id}/encoder"),
        "stream_events": ("GET", "/events"),
        "list_events": ("GET", "/events/past"),
        "list_deliveries": ("GET", "/deliveries"),
        "list_delivery_faults": ("GET", "/deliveries/faults"),
        "add_delivery_fault": ("POST", "/deliveries/faults"),
        "clear_delivery_faults": ("DELETE", "/deliveries/faults"),
        "list_worlds": ("GET", "/worlds"),
        "make_world": ("POST", "/worlds"),
        "get_world": ("GET", "/worlds/{name}"),
        "delete_world": ("DELETE", "/worlds/{name}"),
        "snapshot_world": ("POST", "/worlds/{name}/snapshots"),
        "delete_snapshots": ("DELETE", "/worlds/{name}/snapshots"),
        "restore_world": ("POST", "/worlds/{name}/restore"),
        "save_seed": ("GET", "/worlds/{name}/seed"),
        "list_faults": ("GET", "/faults"),
        "add_fault": ("POST", "/faults"),
        "clear_faults": ("DELETE", "/faults"),
        "list_contract_faults": ("GET", "/faults/contract"),
        "remove_fault": ("DELETE", "/faults/{id}"),
        "list_exchanges": ("GET", "/exchanges"),
        "clear_exchanges": ("DELETE", "/exchanges"),
        "get_exchange": ("GET", "/exchanges/{id}"),
        "get_invariants": ("GET", "/invariants"),
    }
)

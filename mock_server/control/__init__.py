"""The control plane `/_mock`: what a real server does not have; specified in control.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mock_server.control.health import get_health
from mock_server.control.personas import list_personas
from mock_server.control.world import reset_world
from mock_server.http.operation import Handler

# These begin transactions of their own, since they make, copy and remove whole worlds.
ALONE = frozenset[str]()
HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        "get_health": get_health,
        "list_personas": list_personas,
        "reset_world": reset_world,
    }
)

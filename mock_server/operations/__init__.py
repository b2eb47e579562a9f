"""The operations of the contract: one function each, named by its operationId.

`HANDLERS` finds them by name; an operation without a function is refused at start.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mock_server.http.operation import Handler, ValueCheck
from mock_server.operations import auth, broadcast, presets, rooms, sessions
from mock_server.operations.needs import NEEDS
from mock_server.operations.times import require_future_start

__all__ = ["HANDLERS", "KEEPS", "NEEDS", "VALUE_CHECKS"]

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        name: function
        for module in (auth, broadcast, presets, rooms, sessions)
        for name, function in vars(module).items()
        if callable(function)
        and getattr(function, "__module__", "") == module.__name__
        and not name.startswith("_")
    }
)
# Those whose answers hold as long as the store and the second do: the health of what is really
# published changes with neither, in a world whose clock stands still for ever.
KEEPS = frozenset(HANDLERS) - {"stream_health"}
# Rules on values that need no lookup: the contract refuses them before it looks at the role.
VALUE_CHECKS: Mapping[str, ValueCheck] = MappingProxyType(
    {"create_session": require_future_start, "reschedule_session": require_future_start}
)

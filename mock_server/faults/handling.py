"""Put faults into operations: a store that hides something, a caller who is somebody else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, cast

from mock_server.domain.entities import Preset, Room, Session, User
from mock_server.env import Call
from mock_server.faults.fault import Handlers
from mock_server.http.operation import Handler
from mock_server.http.views import session_view
from mock_server.storage.indexes import LIVE_SESSION_OF_ROOM, Index
from mock_server.storage.protocol import Transaction

Around = Callable[[Handler, Call], Any]

ROOM_OPERATIONS = ("update_room", "delete_room", "list_room_sessions", "create_session")
SESSION_OPERATIONS = (
    "delete_session",
    "reschedule_session",
    "update_session_settings",
    "start_session",
    "go_live",
    "ensure_hls_egress",
    "start_webcam_hls",
    "end_session",
)
PRESET_OPERATIONS = ("get_preset", "update_preset", "delete_preset")
LISTS = (
    "list_rooms",
    "list_my_rooms",
    "list_room_sessions",
    "list_sessions",
    "list_live_sessions",
    "list_presets",
)


def around(operations: Iterable[str], change: Around) -> Callable[[Handlers], Handlers]:
    """Put `change` around operations: it is given the true function and the call."""
    names = tuple(operations)
    return lambda handlers: {
        **handlers,
        **{name: partial(change, handlers[name]) for name in names},
    }


def instead_of(operation: str, other: str) -> Callable[[Handlers], Handlers]:
    """Let one operation do what another does."""
    return lambda handlers: {**handlers, operation: handlers[other]}


class _Veil:
    def __init__(self, tx: Transaction, instead: dict[str, Callable[..., Any]]) -> None:
        self._tx = tx
        self._instead = instead

    def __getattr__(self, name: str) -> Any:
        return self._instead.get(name) or getattr(self._tx, name)


def veiled(call: Call, **instead: Callable[..., Any]) -> Call:
    """Return the call with other functions in place of some of its transaction's."""
    return call._replace(tx=cast("Transaction", _Veil(call.tx, instead)))


def keeping(*kinds: type) -> Around:
    """Let an operation delete nothing of these kinds."""

    def changed(handler: Handler, call: Call) -> Any:
        def delete(kind: type[Any], entity_id: str) -> None:
            if kind not in kinds:
                call.tx.delete(kind, entity_id)

        return handler(veiled(call, delete=delete))

    return changed


def with_body(change: Callable[[Call], dict[str, Any]]) -> Around:
    """Give an operation another body."""
    return lambda handler, call: handler(call._replace(body=change(call)))


def as_owner(handler: Handler, call: Call) -> Any:
    """Let anybody do what only the owner of the path's resource may."""
    return handler(call._replace(caller=_owner(call) or call.caller))


def _owner(call: Call) -> User | None:
    if call.operation in PRESET_OPERATIONS:
        preset = call.tx.get(Preset, call.id)
        return call.tx.get(User, preset.user_id) if preset else None
    room = room_at(call)
    return call.tx.get(User, room.host_id) if room else None


def room_at(call: Call) -> Room | None:
    """Return the room of the path, or the room of its session; None where there is none."""
    session = call.tx.get(Session, call.id)
    return call.tx.get(Room, session.room_id if session else call.id)


def beside_another(handler: Handler, call: Call) -> Any:
    """Open a session as if no other one of its room were live."""

    def first(index: Index[Any], key: str) -> Any:
        found = call.tx.first(index, key)
        other = index is LIVE_SESSION_OF_ROOM and found is not None and found.id != call.id
        return None if other else found

    data = handler(veiled(call, first=first))
    session = call.tx.get(Session, call.id)
    assert session is not None, "it has just been opened"
    return {**data, "session": session_view(call, session)}


def rewrites(change: Callable[[Call, Session], Session]) -> Around:
    """Change what is kept of the path's session before an operation sees it.

    Nothing is changed when the operation refuses: its transaction is undone.
    """

    def changed(handler: Handler, call: Call) -> Any:
        session = call.tx.get(Session, call.id)
        if session is not None:
            call.tx.put(change(call, session))
        return handler(call)

    return changed

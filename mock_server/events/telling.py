"""From a call that changed something to its event, in the transaction that changed it.

An event says which operation it was and whom it concerns; what has become of them is one request
away. Of an operation that changed nothing nothing is told, nor of signing in: nobody else can see
that, and a load test does little else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mock_server.domain.clock import read_clock
from mock_server.domain.entities import Encoder, Session, Status, World
from mock_server.domain.events import Event
from mock_server.domain.lifecycle import observe
from mock_server.events.notices import (
    notice_of_joining,
    notices_of_encoder,
    notices_of_move,
)
from mock_server.events.settling import (
    expired,
    expiry,
    is_told,
    settle_encoder,
    settle_within,
)
from mock_server.media.ingress import Addresses
from mock_server.storage.indexes import SESSIONS_OF_ROOM

if TYPE_CHECKING:
    from mock_server.env import Call

Handler = Callable[["Call"], Any]


def told(handler: Handler, call: Call) -> Any:
    """Return what a writing operation's handler returns, and tell of what it changed."""
    data = _TELLING.get(call.operation, _anything)(handler, call)
    call.env.common.feeds.wake()
    return data


def told_of_publisher(handler: Handler, call: Call) -> Any:
    """Return what a handler returns that lets an encoder follow who publishes, and tell of their
    coming or going, as `call.operation` says, whatever that did to the encoder.
    """
    return _encoder(handler, call, always=True)


def _nothing(handler: Handler, call: Call) -> Any:
    return handler(call)


def _anything(handler: Handler, call: Call) -> Any:
    data = handler(call)
    call.tx.emit(Event(call.operation, call.now, _caller_id(call)))
    return data


def _session(handler: Handler, call: Call) -> Any:
    tx, now = call.tx, call.now
    before = tx.get(Session, call.id)
    data = handler(call)
    after = tx.get(Session, call.id)
    if before is None or not _differ(before, after):
        return data
    was, status = observe(before, now), None if after is None else observe(after, now)
    if was == "expired":
        _tell_expired(call, before)
    ids = before.room_id, before.id, before.preset_id
    notices = notices_of_move(call, before, after) if call.env.settings.webhooks else ()
    tx.emit(Event(call.operation, now, _caller_id(call), *ids, was, status, notices=notices))
    return data


def _ending(handler: Handler, call: Call) -> Any:
    _tell_turns(call)
    return _session(handler, call)


def _differ(before: Session, after: Session | None) -> bool:
    # The same object is the same; what a store had to read again is an equal one.
    if after is before:
        return False
    # Most changes show here, and comparing all fields takes as long as the rest of the telling.
    if after is None or after.updated_at != before.updated_at:
        return True
    return after != before


def _joining(handler: Handler, call: Call) -> Any:
    data = handler(call)
    session = call.tx.get(Session, call.id)
    if session is not None:
        status = observe(session, call.now)
        telling = call.env.settings.webhooks and call.caller is not None
        notices = notice_of_joining(call, session) if telling else ()
        _tell_of_session(call, session, was=status, notices=notices)
    return data


def _encoder(handler: Handler, call: Call, *, always: bool = False) -> Any:
    _tell_turns(call)
    before = call.tx.get(Encoder, call.id)
    data = handler(call)
    session, after = call.tx.get(Session, call.id), call.tx.get(Encoder, call.id)
    if session is not None and (always or after != before):
        telling = call.env.settings.webhooks and session.state == "live"
        notices = notices_of_encoder(call, session, before, after) if telling else ()
        _tell_of_session(call, session, was=observe(session, call.now), notices=notices)
    return data


def _new_session(handler: Handler, call: Call) -> Any:
    data = handler(call)
    session = call.tx.get(Session, _id_in(data, "session") or "")
    if session is not None:
        _tell_of_session(call, session)
    return data


def _tell_of_session(
    call: Call, session: Session, *, was: Status | None = None, notices: tuple[str, ...] = ()
) -> None:
    status = observe(session, call.now)
    ids = session.room_id, session.id, session.preset_id
    call.tx.emit(
        Event(call.operation, call.now, _caller_id(call), *ids, was, status, notices=notices)
    )


def _new_room(handler: Handler, call: Call) -> Any:
    data = handler(call)
    event = Event(call.operation, call.now, _caller_id(call), room_id=_id_in(data, "room"))
    call.tx.emit(event)
    return data


def _room(handler: Handler, call: Call) -> Any:
    if call.operation == "delete_room":
        _tell_what_expired_in(call, call.id)
    data = handler(call)
    call.tx.emit(Event(call.operation, call.now, _caller_id(call), room_id=call.id))
    return data


def _preset(handler: Handler, call: Call) -> Any:
    data = handler(call)
    preset_id = call.id or _id_in(data)
    call.tx.emit(Event(call.operation, call.now, _caller_id(call), preset_id=preset_id))
    return data


def _clock(handler: Handler, call: Call) -> Any:
    data = _anything(handler, call)
    settle_within(call.tx, call.env.common.wall, _webhooked(call))
    return data


def _reset(handler: Handler, call: Call) -> Any:
    data = handler(call)
    world = call.tx.get(World, "world")
    # The clock begins anew, perhaps at another time.
    now = call.now if world is None else read_clock(world, call.env.common.wall())
    call.tx.emit(Event(call.operation, now))
    return data


def _tell_expired(call: Call, session: Session) -> None:
    """Tell of an expiry before its session is another: afterwards nobody could."""
    if not is_told(session, call.env.world):
        call.tx.emit(expired(session))


def _tell_turns(call: Call) -> None:
    """Tell what time did to a session's encoder before its course is another."""
    settle_encoder(call.tx, call.id, call.env.world, call.now, _webhooked(call))


def _webhooked(call: Call) -> Addresses | None:
    return call.addresses if call.env.settings.webhooks else None


def _tell_what_expired_in(call: Call, room_id: str) -> None:
    tx = call.tx
    whole = tx.count(SESSIONS_OF_ROOM, room_id)
    sessions = tx.page(SESSIONS_OF_ROOM, room_id, offset=0, limit=whole)
    gone = [session for session in sessions if observe(session, call.now) == "expired"]
    for session in sorted(gone, key=expiry):
        _tell_expired(call, session)


def _caller_id(call: Call) -> str | None:
    return None if call.caller is None else call.caller.id


def _id_in(data: Any, *path: str) -> str | None:
    # A handler that is wrong on purpose may return anything.
    for name in (*path, "id"):
        data = data.get(name) if isinstance(data, Mapping) else None
    return data if isinstance(data, str) else None


Telling = Callable[[Handler, "Call"], Any]
_TELLING: Mapping[str, Telling] = MappingProxyType(
    {
        "create_room": _new_room,
        "update_room": _room,
        "delete_room": _room,
        "create_session": _new_session,
        "join_session": _joining,
        "reset_world": _reset,
        "set_encoder": _encoder,
        "set_clock": _clock,
        "end_session": _ending,
        **dict.fromkeys(("create_preset", "update_preset", "delete_preset"), _preset),
        **dict.fromkeys(
            (
                "start_session",
                "go_live",
                "ensure_hls_egress",
                "start_webcam_hls",
                "host_video_state",
                "host_audio_state",
                "reschedule_session",
                "update_session_settings",
                "delete_session",
            ),
            _session,
        ),
        **dict.fromkeys(
            (
                "login",
                "register_viewer",
                "device_login",
                "refresh_tokens",
                "logout",
                "create_auth_code",
                "exchange_auth_code",
            ),
            _nothing,
        ),
    }
)

"""Faults of partial updates and deletions: what is kept, what is changed, what is gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from mock_server.domain.entities import Preset, Room, Session
from mock_server.env import Call
from mock_server.faults.editing import schema
from mock_server.faults.fault import Document, Fault
from mock_server.faults.handling import around, rewrites, veiled, with_body
from mock_server.faults.rewrite import Change, Json, Reply, Request, changed_within, remembering
from mock_server.http.operation import Handler
from mock_server.storage.indexes import LIVE_SESSION_OF_ROOM, Index

_fault = partial(Fault, family="changes")
_OK = 200
_MISSING = 404


def _merged_analytics(call: Call) -> dict[str, Any]:
    room = call.tx.get(Room, call.id)
    if room is None or room.analytics is None or "analytics" not in call.body:
        return dict(call.body)
    name = "google_tag_manager"
    manager = {**room.analytics.get(name, {}), **call.body["analytics"].get(name, {})}
    return {**call.body, "analytics": {name: manager}}


def _not_written(handler: Handler, call: Call) -> Any:
    return handler(veiled(call, put=lambda _: None))


def _overrides_gone(_: Call, session: Session) -> Session:
    return replace(
        session,
        chat_enabled_override=None,
        stage_enabled_override=None,
        max_join_limit_override=None,
    )


def _into_the_preset(handler: Handler, call: Call) -> Any:
    data = handler(call)
    session = call.tx.get(Session, call.id)
    preset = None if session is None else call.tx.get(Preset, session.preset_id)
    if preset is not None:
        written = {name: call.body[name] for name in preset.settings if name in call.body}
        call.tx.put(replace(preset, settings={**preset.settings, **written}))
    return data


def _not_empty(document: Document) -> None:
    schema(document, "UpdateRoomRequest")["minProperties"] = 1


def _never_live(handler: Handler, call: Call) -> Any:
    def first(index: Index[Any], key: str) -> Any:
        return None if index is LIVE_SESSION_OF_ROOM else call.tx.first(index, key)

    return handler(veiled(call, first=first))


def _ghosts(operation: str, key: str, *, but: int = 0) -> Callable[[], Change]:
    """Show sessions as they were last seen, after an operation on what `key` names.

    The newest `but` ones of those that share the key are gone as they should be.
    """

    def begin() -> Change:
        seen: dict[str, Json] = {}
        gone: set[str] = set()

        def see(session: Json) -> Json:
            seen[session["id"]] = session
            return session

        def change(request: Request, reply: Reply) -> Reply:
            if reply.succeeded and reply.body:
                changed_within(reply.json, "session", see)
                gone.update({request.id.lower()} if reply.operation == operation else ())
                return reply
            ghost = seen.get(request.id.lower())
            if reply.operation != "get_session" or ghost is None or ghost[key] not in gone:
                return reply
            alike = [each["id"] for each in seen.values() if each[key] == ghost[key]]
            if ghost["id"] not in alike[: len(alike) - but]:
                return reply
            shown = {"success": True, "data": ghost, "timestamp": reply.json["timestamp"]}
            return replace(reply, status=_OK).with_json(shown)

        return change

    return begin


def _gone_twice(handler: Handler, call: Call) -> Any:
    return handler(call) if call.tx.get(Session, call.id) else {"id": call.id}


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="change-clears-description",
        breaks="A change keeps what it does not give",
        handlers=around(
            ("update_room",), with_body(lambda call: {"description": None, **call.body})
        ),
    ),
    _fault(
        name="emptied-description-stays",
        breaks="A change to an empty text empties it",
        handlers=around(
            ("update_room",),
            with_body(lambda call: {k: v for k, v in call.body.items() if v != ""}),
        ),
    ),
    _fault(
        name="change-of-description-ignored",
        breaks="A change changes what it gives",
        handlers=around(
            ("update_room",),
            with_body(lambda call: {k: v for k, v in call.body.items() if k != "description"}),
        ),
    ),
    _fault(
        name="analytics-merged",
        breaks="Changing analytics replaces the whole object",
        handlers=around(("update_room",), with_body(_merged_analytics)),
    ),
    _fault(
        name="room-change-not-kept",
        breaks="What a change answers is what a later read gives",
        handlers=around(("update_room",), _not_written),
    ),
    _fault(
        name="reschedule-not-kept",
        breaks="Rescheduling gives the session its new time",
        handlers=around(("reschedule_session",), _not_written),
    ),
    _fault(
        name="settings-reset-others",
        breaks="Changing one setting keeps the overrides of the others",
        handlers=around(("update_session_settings",), rewrites(_overrides_gone)),
    ),
    _fault(
        name="settings-written-to-the-preset",
        breaks="The settings of a session are of this session alone",
        handlers=around(("update_session_settings",), _into_the_preset),
    ),
    _fault(
        name="empty-change-refused",
        breaks="An empty change is answered 200 and changes nothing",
        contract=_not_empty,
    ),
    _fault(
        name="room-with-live-session-deletable",
        breaks="A room with a live session is not deleted",
        handlers=around(("delete_room",), _never_live),
    ),
    _fault(
        name="sessions-outlive-their-room",
        breaks="The sessions of a deleted room go with it",
        wrap=remembering(_ghosts("delete_room", "room_id")),
    ),
    _fault(
        name="ten-sessions-go-with-the-room",
        breaks="All sessions of a deleted room go with it, however many",
        wrap=remembering(_ghosts("delete_room", "room_id", but=10)),
    ),
    _fault(
        name="deleted-session-still-answers",
        breaks="A session that was deleted is unknown",
        wrap=remembering(_ghosts("delete_session", "id")),
    ),
    _fault(
        name="deleting-twice-succeeds",
        breaks="Deleting what is gone is refused with 404",
        handlers=around(("delete_session",), _gone_twice),
    ),
)

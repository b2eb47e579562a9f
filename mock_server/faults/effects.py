"""Faults of what a move does: too much, too little, or to something else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from mock_server.domain.entities import Participant, Session
from mock_server.domain.errors import Conflict
from mock_server.domain.identity import derive_base57
from mock_server.env import Call
from mock_server.faults.fault import Fault, Handlers
from mock_server.faults.handling import (
    Around,
    around,
    instead_of,
    rewrites,
    room_at,
    veiled,
    with_body,
)
from mock_server.faults.rewrite import (
    Change,
    Json,
    Reply,
    Request,
    answers,
    changed_within,
    every,
    remembering,
)
from mock_server.http.operation import Handler
from mock_server.http.views import session_view
from mock_server.storage.indexes import PARTICIPANTS_OF_SESSION, Index

_fault = partial(Fault, family="effects")
_OPENING = ("start_session", "go_live")


def _without(resource: Json, names: Iterable[str]) -> Json:
    return {name: value for name, value in resource.items() if name not in names}


def _on_another_ingress(call: Call, session: Session) -> Session:
    if session.state != "live":
        return session
    number = call.tx.next_number()
    characters = derive_base57(call.env.seed, "other ingress", number, length=12)
    return replace(session, ingress_id=f"IN_{characters}")


def _started_now(call: Call, session: Session) -> Session:
    return replace(session, started_at=call.now) if session.state == "live" else session


def _touched_while_on_air(call: Call, session: Session) -> Session:
    return session if session.broadcast_at is None else replace(session, updated_at=call.now)


def _off_air_again(_: Call, session: Session) -> Session:
    return replace(session, broadcast_at=None)


def _as_it_was(handler: Handler, call: Call) -> Any:
    session = call.tx.get(Session, call.id)
    before = session_view(call, session) if session else None
    handler(call)
    return before


def _off_air(handler: Handler, call: Call) -> Any:
    data = handler(call)
    session = call.tx.get(Session, call.id)
    assert session is not None, "it has just been opened"
    silent = replace(session, broadcast_at=None)
    call.tx.put(silent)
    return {**data, "session": session_view(call, silent)}


def _unless_ended(*names: str) -> Any:
    return lambda session: _without(session, names) if session["status"] == "ended" else session


def _still_watching(session: Json) -> Json:
    ended = session["status"] == "ended"
    return {**session, "viewer_count": session["max_viewers"]} if ended else session


def _forgotten_crowd(session: Json) -> Json:
    return {**session, "max_viewers": 0} if session["status"] == "ended" else session


def _still_arriving(request: Request, reply: Reply) -> Reply:
    if not reply.succeeded or not reply.body:
        return reply
    now = request.env.clock()

    def more(session: Json) -> Json:
        if session["status"] != "ended":
            return session
        passed = now - datetime.fromisoformat(session["ended_at"])
        return {**session, "max_viewers": session["max_viewers"] + int(passed.total_seconds())}

    return reply.with_json(changed_within(reply.json, "session", more))


def _still_taken() -> Change:
    last: dict[str, str] = {}

    def taken(room: Json) -> Json:
        return {"active_session_id": last[room["id"]], **room} if room["id"] in last else room

    def change(_: Request, reply: Reply) -> Reply:
        if not reply.succeeded or not reply.body:
            return reply
        if reply.operation == "end_session":
            ended = reply.json["data"]
            last[ended["room_id"]] = ended["id"]
        return reply.with_json(changed_within(reply.json, "room", taken))

    return change


def _endless_room(handler: Handler, call: Call) -> Any:
    def count(index: Index[Any], key: str, **bounds: Any) -> int:
        return -1 if index is PARTICIPANTS_OF_SESSION else call.tx.count(index, key, **bounds)

    return handler(veiled(call, count=count))


def _host_counted(handler: Handler, call: Call) -> Any:
    data = handler(call)
    room = room_at(call)
    if room is not None and room.host_id == call.user.id:
        place = f"{call.id}/{call.user.id}"
        call.tx.put(
            Participant(id=place, session_id=call.id, user_id=call.user.id, created_at=call.now)
        )
    return data


def _refused_counted() -> Around:
    refused: dict[str, set[str]] = {}

    def joined(handler: Handler, call: Call) -> Any:
        others = refused.get(call.id, set()) - {call.user.id}

        def count(index: Index[Any], key: str, **bounds: Any) -> int:
            more = len(others) if index is PARTICIPANTS_OF_SESSION else 0
            return call.tx.count(index, key, **bounds) + more

        try:
            return handler(veiled(call, count=count))
        except Conflict:
            refused.setdefault(call.id, set()).add(call.user.id)
            raise

    return joined


def _counting_who_was_refused(handlers: Handlers) -> Handlers:
    # They are remembered by one server, not by all of a process.
    return around(("join_session",), _refused_counted())(handlers)


def _another_place(handler: Handler, call: Call) -> Any:
    def get(kind: type[Any], entity_id: str) -> Any:
        return None if kind is Participant else call.tx.get(kind, entity_id)

    def put(entity: Any) -> None:
        if isinstance(entity, Participant):
            entity = replace(entity, id=f"{entity.id}/{call.tx.next_number()}")
        call.tx.put(entity)

    return handler(veiled(call, get=get, put=put))


def _by_preset_only(session: Json) -> Json:
    names = ("chat_enabled", "stage_enabled", "max_join_limit")
    return {**session, **{f"effective_{name}": session["preset"][name] for name in names}}


def _switch_ignored(handler: Handler, call: Call) -> Any:
    return handler(call._replace(body={}))


def _off_is_a_toggle(handler: Handler, call: Call) -> Any:
    return handler(call if call.body.get("enabled") else call._replace(body={}))


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="start-begins-the-broadcast",
        breaks="The address of the broadcast is absent before it begins, a start begins none",
        handlers=instead_of("start_session", "go_live"),
    ),
    _fault(
        name="go-live-without-broadcast",
        breaks="Going live begins the broadcast: its address appears",
        handlers=around(("go_live",), _off_air),
    ),
    _fault(
        name="go-live-again-moves-updated-at",
        breaks="Going live while broadcasting changes nothing",
        handlers=around(("go_live",), rewrites(_touched_while_on_air)),
    ),
    _fault(
        name="egress-begins-anew",
        breaks="Making sure the broadcast runs leaves one that runs alone",
        handlers=around(("ensure_hls_egress",), rewrites(_off_air_again)),
    ),
    _fault(
        name="egress-answers-before-it-begins",
        breaks="Making sure the broadcast runs answers the session with its address",
        handlers=around(("ensure_hls_egress",), _as_it_was),
    ),
    _fault(
        name="restart-makes-another-ingress",
        breaks="Starting a live session keeps its ingress",
        handlers=around(_OPENING, rewrites(_on_another_ingress)),
    ),
    _fault(
        name="restart-resets-started-at",
        breaks="Starting a live session changes nothing but the token",
        handlers=around(_OPENING, rewrites(_started_now)),
    ),
    _fault(
        name="end-takes-the-broadcast-address",
        breaks="The address of the broadcast stays after the end",
        wrap=every("session", _unless_ended("hls_url")),
    ),
    _fault(
        name="end-without-ended-at",
        breaks="Ending a session sets its end and its duration",
        wrap=every("session", _unless_ended("ended_at", "duration")),
    ),
    _fault(
        name="end-keeps-the-room-busy",
        breaks="Ending a session frees its room",
        wrap=remembering(_still_taken),
    ),
    _fault(
        name="end-keeps-viewers",
        breaks="When a session ends its viewers are gone",
        wrap=every("session", _still_watching),
    ),
    _fault(
        name="end-forgets-max-viewers",
        breaks="When a session ends its highest number of viewers is kept",
        wrap=every("session", _forgotten_crowd),
    ),
    _fault(
        name="max-viewers-grows-after-the-end",
        breaks="When a session has ended its highest number of viewers stays",
        wrap=answers(_still_arriving),
    ),
    _fault(
        name="mode-always-webcam",
        breaks="The preset's type decides the mode where the body names none",
        handlers=around(
            ("create_session",), with_body(lambda call: {"mode": "webcam", **call.body})
        ),
    ),
    _fault(
        name="mode-of-body-ignored",
        breaks="A mode in the body wins over the preset's type",
        handlers=around(
            ("create_session",), with_body(lambda call: _without(dict(call.body), ("mode",)))
        ),
    ),
    _fault(
        name="join-limit-not-kept",
        breaks="Joining is refused when the effective limit of participants is in",
        handlers=around(("join_session",), _endless_room),
    ),
    _fault(
        name="host-takes-a-place",
        breaks="The room's host does not count against the join limit",
        handlers=around(("join_session",), _host_counted),
    ),
    _fault(
        name="refused-join-takes-a-place",
        breaks="Joining is refused while the places are taken by those who are in, not who was not",
        handlers=_counting_who_was_refused,
    ),
    _fault(
        name="joining-again-takes-a-place",
        breaks="Joining again takes no second place",
        handlers=around(("join_session",), _another_place),
    ),
    _fault(
        name="settings-without-effect",
        breaks="An effective setting is the override where there is one",
        wrap=every("session", _by_preset_only),
    ),
    _fault(
        name="host-switch-toggles-always",
        breaks="A host's camera is what the body says, and toggles only where it says nothing",
        handlers=around(("host_video_state", "host_audio_state"), _switch_ignored),
    ),
    _fault(
        name="host-state-false-toggles",
        breaks="A host's camera that is told to be off is off, however often it is told",
        handlers=around(("host_video_state", "host_audio_state"), _off_is_a_toggle),
    ),
)

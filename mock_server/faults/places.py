"""Faults of places: who is let in, who takes a place, and what is told inside."""

from __future__ import annotations

from functools import partial
from typing import Any

from mock_server.domain import sessions
from mock_server.domain.entities import Participant, Session
from mock_server.domain.errors import Conflict, Forbidden
from mock_server.env import Call
from mock_server.faults import tokens
from mock_server.faults.fault import Fault
from mock_server.faults.handling import around, room_at, veiled
from mock_server.faults.rewrite import Change, Reply, Request, answers, refusal, remembering
from mock_server.http.operation import Handler
from mock_server.storage.indexes import PARTICIPANTS_OF_SESSION, SESSIONS_OF_ROOM, Index

_fault = partial(Fault, family="places")


def _seated(request: Request, reply: Reply) -> Reply:
    """Let who monitors take a place, once the mock has answered."""
    if reply.operation == "monitor_session" and reply.succeeded:
        found = tokens.read(reply.json["data"]["livekit_token"])
        user, session = (found[1]["sub"] if found else ""), request.id.lower()
        with request.env.store.write() as tx:
            place, now = f"{session}/{user}", request.env.clock()
            tx.put(Participant(id=place, session_id=session, user_id=user, created_at=now))
    return reply


def _emptied(handler: Handler, call: Call) -> Any:
    data = handler(call)
    limit = call.body.get("max_join_limit")
    seated = call.tx.count(PARTICIPANTS_OF_SESSION, call.id)
    if limit is not None and seated > limit:
        for each in call.tx.page(PARTICIPANTS_OF_SESSION, call.id, offset=0, limit=seated):
            call.tx.delete(Participant, each.id)
    return data


def _own_limit_only(handler: Handler, call: Call) -> Any:
    session = call.tx.get(Session, call.id)
    if session is None or session.max_join_limit_override is not None:
        return handler(call)

    def count(index: Index[Any], key: str, **bounds: Any) -> int:
        return -1 if index is PARTICIPANTS_OF_SESSION else call.tx.count(index, key, **bounds)

    return handler(veiled(call, count=count))


def _one_session_each() -> Change:
    places: dict[str, str] = {}

    def change(request: Request, reply: Reply) -> Reply:
        if reply.operation != "join_session" or not reply.succeeded:
            return reply
        found = tokens.read(reply.json["data"]["livekit_token"])
        video = found[1]["video"] if found else {}
        if not found or video.get("canPublish"):
            return reply
        if places.setdefault(found[1]["sub"], request.id.lower()) == request.id.lower():
            return reply
        return refusal(reply, 409, "the caller is in another session, must leave it first")

    return change


def _seated_for_good(handler: Handler, call: Call) -> Any:
    """Give no place to who had one in another session of the room."""
    data, room = handler(call), room_at(call)
    assert room is not None, "its session was just joined"
    earlier = call.tx.page(SESSIONS_OF_ROOM, room.id, offset=0, limit=100)
    places = [f"{each.id}/{call.user.id}" for each in earlier if each.id != call.id]
    if any(call.tx.get(Participant, place) for place in places):
        call.tx.delete(Participant, f"{call.id}/{call.user.id}")
    return data


def _both(handler: Handler, call: Call) -> Any:
    data = handler(call)
    session = call.tx.get(Session, call.id)
    assert session is not None, "its camera has just been switched"
    on = data["enabled"]
    call.tx.put(sessions.set_host_device(session, "host_audio_enabled", enabled=on))
    return data


def _after_the_broadcast(handler: Handler, call: Call) -> Any:
    session, room = call.tx.get(Session, call.id), room_at(call)
    viewer = room is not None and room.host_id != call.user.id
    if viewer and session is not None and session.state == "live" and not session.broadcast_at:
        raise Conflict("`join_session`: session is not on air, must be")
    return handler(call)


def _for_its_host(handler: Handler, call: Call) -> Any:
    room = room_at(call)
    if room is not None and room.host_id != call.user.id:
        raise Forbidden(f"`{call.operation}`: caller must be the room's host")
    return handler(call)


def _for_no_other_host(handler: Handler, call: Call) -> Any:
    return _for_its_host(handler, call) if call.user.role == "host" else handler(call)


def _any_host_publishes(handler: Handler, call: Call) -> Any:
    data = handler(call)
    if call.user.role != "host":
        return data
    token = tokens.changed(
        call.env.settings.livekit_secret,
        data["livekit_token"],
        lambda claims: {**claims, "video": {**claims["video"], "canPublish": True}},
    )
    return {**data, "livekit_token": token}


def _half_open(handler: Handler, call: Call) -> Any:
    """Refuse the last place there is."""

    def count(index: Index[Any], key: str, **bounds: Any) -> int:
        more = 1 if index is PARTICIPANTS_OF_SESSION else 0
        return call.tx.count(index, key, **bounds) + more

    return handler(veiled(call, count=count))


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="monitor-takes-a-place",
        breaks="Who monitors is in no count",
        wrap=answers(_seated),
    ),
    _fault(
        name="lower-limit-empties-the-room",
        breaks="A lower join limit sends nobody away",
        handlers=around(("update_session_settings",), _emptied),
    ),
    _fault(
        name="presets-limit-not-kept",
        breaks="The join limit of the preset holds where a session has none of its own",
        handlers=around(("join_session",), _own_limit_only),
    ),
    _fault(
        name="last-place-refused",
        breaks="As many as the join limit says may be in",
        handlers=around(("join_session",), _half_open),
    ),
    _fault(
        name="one-session-a-viewer",
        breaks="A place in one session takes none from who joins another",
        wrap=remembering(_one_session_each),
    ),
    _fault(
        name="place-kept-in-the-room",
        breaks="A place in one session of a room is none in its next one",
        handlers=around(("join_session",), _seated_for_good),
    ),
    _fault(
        name="camera-switches-microphone",
        breaks="The states of camera and microphone are told apart",
        handlers=around(("host_video_state",), _both),
    ),
    _fault(
        name="join-needs-broadcast",
        breaks="Viewers can join a live session before anything is broadcast",
        handlers=around(("join_session",), _after_the_broadcast),
    ),
    _fault(
        name="host-state-for-the-host",
        breaks="Any signed-in caller may tell the state of the host's camera",
        handlers=around(("host_video_state",), _for_its_host),
    ),
    _fault(
        name="monitor-for-no-other-host",
        breaks="Any signed-in caller may monitor a live session, another host too",
        handlers=around(("monitor_session",), _for_no_other_host),
    ),
    _fault(
        name="any-host-publishes",
        breaks="Another host who joins is audience",
        handlers=around(("join_session",), _any_host_publishes),
    ),
)

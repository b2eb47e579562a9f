"""Faults of media as the API tells of them: LiveKit tokens, addresses, keys, a stream's health."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from mock_server.domain.entities import Session
from mock_server.domain.errors import Conflict
from mock_server.domain.lifecycle import require_move
from mock_server.env import Call
from mock_server.faults import tokens
from mock_server.faults.fault import Fault
from mock_server.faults.handling import Around, around, room_at, veiled
from mock_server.faults.rewrite import (
    Change,
    Json,
    Reply,
    Request,
    answers,
    changed_within,
    data_of,
    every,
    remembering,
)
from mock_server.http.operation import Handler
from mock_server.operations.lookup import find_session
from mock_server.storage.indexes import SESSIONS_OF_ROOM

_fault = partial(Fault, family="media")
_OPENING = ("start_session", "go_live")
_TOKENS = (*_OPENING, "join_session", "monitor_session")
_IDLE_RATE = 2_500_000


def _claims(change: Callable[[Call, Json], Json]) -> Around:
    """Change the claims of the LiveKit token an operation gives."""

    def changed(handler: Handler, call: Call) -> Any:
        data = handler(call)
        secret = call.env.settings.livekit_secret
        token = tokens.changed(secret, data["livekit_token"], lambda had: change(call, had))
        return {**data, "livekit_token": token}

    return changed


def _granting(**grants: bool) -> Callable[[Call, Json], Json]:
    return lambda _, claims: {**claims, "video": {**claims["video"], **grants}}


def _may_publish(_: Call, claims: Json) -> Json:
    return {**claims, "video": {**claims["video"], "canPublish": True}}


def _unsaid(_: Call, claims: Json) -> Json:
    said = claims["video"].items()
    kept = {name: value for name, value in said if not name.startswith("canPublish")}
    return {**claims, "video": kept}


def _admin_of_their_own(call: Call, claims: Json) -> Json:
    room = room_at(call)
    if room is None or room.host_id != call.user.id:
        return claims
    return {**claims, "video": {**claims["video"], "canPublish": True, "roomAdmin": True}}


def _in_the_rooms_name(call: Call, claims: Json) -> Json:
    room = room_at(call)
    assert room is not None, "its session was just found"
    return {**claims, "video": {**claims["video"], "room": room.id}}


def _over_already(call: Call, claims: Json) -> Json:
    now = int(call.now.timestamp())
    return {**claims, "nbf": now - 7200, "iat": now - 7200, "exp": now - 3600}


def _of_nobody(_: Call, claims: Json) -> Json:
    return {**claims, "sub": "participant"}


def _other_server(data: Json) -> Json:
    return {**data, "rtmp": {**data["rtmp"], "url": f"{data['rtmp']['url']}/"}}


def _other_setup_key(data: Json) -> Json:
    key = data["rtmp"]["stream_key"]
    return {**data, "rtmp_setup": {**data["rtmp_setup"], "stream_key": key[::-1]}}


def _other_created_key(data: Json) -> Json:
    return {**data, "stream_key": data["stream_key"][::-1]}


def _one_whip_address(data: Json) -> Json:
    base, _, _ = data["whip_url"].rpartition("/")
    return {**data, "whip_url": f"{base}/everybody"}


def _one_playlist(session: Json) -> Json:
    if "hls_url" not in session:
        return session
    return {**session, "hls_url": session["hls_url"].replace(session["id"], "live")}


def _key_for_id(request: Request, reply: Reply) -> Reply:
    if not reply.succeeded or not reply.body:
        return reply

    def told(session: Json) -> Json:
        if "hls_url" not in session:
            return session
        with request.env.store.read() as tx:
            kept = tx.get(Session, session["id"])
        key = kept.stream_key if kept else session["id"]
        return {**session, "hls_url": session["hls_url"].replace(session["id"], key)}

    return reply.with_json(changed_within(reply.json, "session", told))


def _plain(call: Call, claims: Json) -> Json:
    """Give a host who starts again what the audience gets."""
    session = call.tx.get(Session, call.id)
    again = session is not None and session.started_at != call.now
    fewer = {"canPublish": False, "roomAdmin": False}
    return {**claims, "video": {**claims["video"], **fewer}} if again else claims


def _first_token() -> Change:
    given: dict[tuple[str, str], str] = {}

    def change(request: Request, reply: Reply) -> Reply:
        if reply.operation != "join_session" or not reply.succeeded:
            return reply
        data = reply.json["data"]
        found = tokens.read(data["livekit_token"])
        caller = str(found[1]["sub"]) if found else ""
        first = given.setdefault((caller, request.id.lower()), data["livekit_token"])
        return reply.with_json({**reply.json, "data": {**data, "livekit_token": first}})

    return change


def _keyed_by_room(handler: Handler, call: Call) -> Any:
    data = handler(call)
    made = call.tx.get(Session, data["session"]["id"])
    assert made is not None, "it has just been made"
    for each in call.tx.page(SESSIONS_OF_ROOM, made.room_id, offset=0, limit=2):
        if each.id != made.id:
            call.tx.put(replace(made, stream_key=each.stream_key))
            return {**data, "stream_key": each.stream_key}
    return data


def _humming(health: Json) -> Json:
    if health["video"]["average_bitrate"]:
        return health
    return {**health, "video": {**health["video"], "average_bitrate": _IDLE_RATE}}


def _begun(health: Json) -> Json:
    return {"started_at": health["updated_at"], **health}


def _never_over(handler: Handler, call: Call) -> Any:
    def get(kind: type[Any], entity_id: str) -> Any:
        found = call.tx.get(kind, entity_id)
        if not isinstance(found, Session) or found.broadcast_at is None:
            return found
        return replace(found, state="live", ended_at=None)

    return handler(veiled(call, get=get))


def _only_when_live(handler: Handler, call: Call) -> Any:
    session = find_session(call)
    try:
        require_move(call.env.lifecycle, "monitor_session", session, call.now)
    except Conflict:
        raise Conflict("`stream_health`: session is not `live`, must be") from None
    return handler(call)


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="audience-may-publish",
        breaks="The token of the audience lets it subscribe only",
        handlers=around(("join_session",), _claims(_may_publish)),
    ),
    _fault(
        name="audience-may-send-data",
        breaks="The token of the audience lets it subscribe only, and send no data",
        handlers=around(("join_session",), _claims(_granting(canPublishData=True))),
    ),
    _fault(
        name="host-may-not-publish",
        breaks="The token of the host lets them publish",
        handlers=around(_OPENING, _claims(_granting(canPublish=False))),
    ),
    _fault(
        name="hosts-monitor-publishes",
        breaks="Who monitors subscribes and publishes nothing, the room's host too",
        handlers=around(("monitor_session",), _claims(_admin_of_their_own)),
    ),
    _fault(
        name="monitor-sees-nothing",
        breaks="Who monitors subscribes",
        handlers=around(("monitor_session",), _claims(_granting(canSubscribe=False))),
    ),
    _fault(
        name="monitor-may-send-data",
        breaks="Who monitors publishes nothing, no data either",
        handlers=around(("monitor_session",), _claims(_granting(canPublishData=True))),
    ),
    _fault(
        name="monitor-not-kept-from-publishing",
        breaks="The token of who monitors says that it may not publish, for silence means it may",
        handlers=around(("monitor_session",), _claims(_unsaid)),
    ),
    _fault(
        name="monitor-is-visible",
        breaks="Who monitors is hidden",
        handlers=around(("monitor_session",), _claims(_granting(hidden=False))),
    ),
    _fault(
        name="token-for-another-room",
        breaks="The LiveKit room of a session is named by the session's id",
        handlers=around(_TOKENS, _claims(_in_the_rooms_name)),
    ),
    _fault(
        name="token-already-expired",
        breaks="A LiveKit token is valid when it is given",
        handlers=around(_TOKENS, _claims(_over_already)),
    ),
    _fault(
        name="token-of-nobody",
        breaks="The subject of a LiveKit token is the user's id",
        handlers=around(_TOKENS, _claims(_of_nobody)),
    ),
    _fault(
        name="rtmp-server-differs",
        breaks="The server of rtmp_setup is the url of rtmp",
        wrap=data_of(_OPENING, _other_server),
    ),
    _fault(
        name="setup-key-differs",
        breaks="The stream key of rtmp_setup is the one of rtmp",
        wrap=data_of(_OPENING, _other_setup_key),
    ),
    _fault(
        name="created-key-differs",
        breaks="The stream key of a started session is the one its creation gave",
        wrap=data_of(("create_session",), _other_created_key),
    ),
    _fault(
        name="whip-address-shared",
        breaks="Every session has an address for WHIP of its own",
        wrap=data_of(_OPENING, _one_whip_address),
    ),
    _fault(
        name="stream-key-of-the-room",
        breaks="Every session has a stream key of its own, in the same room too",
        handlers=around(("create_session",), _keyed_by_room),
    ),
    _fault(
        name="playlist-shared",
        breaks="Every session's broadcast has an address of its own",
        wrap=every("session", _one_playlist),
    ),
    _fault(
        name="restart-gives-a-viewers-token",
        breaks="Starting a live session again gives the host a token like the first",
        handlers=around(_OPENING, _claims(_plain)),
    ),
    _fault(
        name="joined-again-same-token",
        breaks="Joining again gives a fresh token",
        wrap=remembering(_first_token),
    ),
    _fault(
        name="idle-stream-has-bitrate",
        breaks="The health of a stream is zeros while nothing arrives",
        wrap=data_of(("stream_health",), _humming),
    ),
    _fault(
        name="health-begins-with-the-session",
        breaks="The health of a stream has no beginning when nothing has arrived",
        wrap=data_of(("stream_health",), _begun),
    ),
    _fault(
        name="health-only-when-live",
        breaks="The health of a stream is answered in every status",
        handlers=around(("stream_health",), _only_when_live),
    ),
    _fault(
        name="broadcast-address-has-the-stream-key",
        breaks="The address of a broadcast leads to its playlist and does not tell the stream key",
        wrap=answers(_key_for_id),
    ),
    _fault(
        name="health-goes-on-after-the-end",
        breaks="The health of a stream is zeros once its broadcast is over",
        handlers=around(("stream_health",), _never_over),
    ),
)

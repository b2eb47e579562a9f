"""What LiveKit would tell of a change: the bodies of its webhooks, made in the transaction.

They are what they were then, however late they are delivered. Field names and values are those of
LiveKit's protocol as JSON: 64-bit numbers are texts, and what is zero or empty is left out. A
session is a room of its own, named by its id. What nobody may see twice, the stream key, is left
out too.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from mock_server.domain.encoder import (
    Span,
    Turn,
    connections_of,
    is_connected,
    stretch_at,
    stretches,
    was_connected,
)
from mock_server.domain.entities import Encoder, Room, Session, User
from mock_server.domain.identity import derive_base57
from mock_server.media.health import ingress_status
from mock_server.media.ingress import Addresses
from mock_server.storage.indexes import PARTICIPANTS_OF_SESSION
from mock_server.storage.protocol import Transaction

if TYPE_CHECKING:
    from mock_server.env import Call

Notice = dict[str, Any]
_LENGTH = 12
# Seconds after which LiveKit closes a room nobody has come to, or that everybody has left.
_TIMEOUTS = {"emptyTimeout": 300, "departureTimeout": 20}
_INPUTS = {"rtmp": "RTMP_INPUT", "webcam": "WHIP_INPUT"}


class Source(NamedTuple):
    """Hold what a notice is made from, besides what it tells of."""

    tx: Transaction
    seed: int
    addresses: Addresses


def notices_of_move(call: Call, before: Session, after: Session | None) -> tuple[str, ...]:
    """Return the notices of what an operation did to a session."""
    if after is None:
        return ()
    return tuple(orjson.dumps(each).decode() for each in _moved(call, before, after))


def notices_of_encoder(
    call: Call, session: Session, before: Encoder | None, after: Encoder | None
) -> tuple[str, ...]:
    """Return the notices of what was done to the encoder of a session that goes on."""
    was, since = (_connection(session, each, call.now) for each in (before, after))
    if was is not None and since is None:
        event, span = "ingress_ended", was._replace(end=call.now)
    elif was is None and since is not None:
        event, span = "ingress_started", since._replace(end=None)
    else:
        return ()
    status = ingress_status(session, stretch_at(stretches(session, after), call.now))
    return _ingress_notice(_source(call), event, session, status, span)


def notices_of_turn(
    of: Source, session: Session, turn: Turn, connections: Sequence[Span]
) -> tuple[str, ...]:
    """Return the notices of what time alone did to the encoder of a session that goes on."""
    if is_connected(turn) == was_connected(turn):
        return ()
    # What began last is what begins now, or ends.
    moment = turn.at.replace(microsecond=999_999)
    span = connections[bisect_right(connections, moment, key=lambda each: each.start) - 1]
    if is_connected(turn):
        event, span = "ingress_started", span._replace(end=None)
    else:
        event, span = "ingress_ended", span._replace(end=turn.at)
    return _ingress_notice(of, event, session, ingress_status(session, turn), span)


def notice_of_joining(call: Call, session: Session) -> tuple[str, ...]:
    """Return the notice of the caller's coming into a session."""
    room = _room(_source(call), session)
    notice = {
        "event": "participant_joined",
        "room": room,
        "participant": _participant(call, session, call.user),
    }
    return (orjson.dumps(notice).decode(),)


def _source(call: Call) -> Source:
    return Source(call.tx, call.env.seed, call.addresses)


def _ingress_notice(
    of: Source, event: str, session: Session, status: str, span: Span
) -> tuple[str, ...]:
    state = _state(of, session, status, span)
    notice = {"event": event, "ingressInfo": _ingress(of, session, state)}
    return (orjson.dumps(notice).decode(),)


def _moved(call: Call, before: Session, after: Session) -> Iterator[Notice]:
    if after.state == "live" and before.state != "live":
        yield {"event": "room_started", "room": _room(_source(call), after)}
    if after.broadcast_at is not None and before.broadcast_at is None:
        yield from _ingress_moved(call, "ingress_started", after, after)
        yield {"event": "egress_started", "egressInfo": _egress(_source(call), after)}
    if after.state == "ended" and before.state != "ended":
        if after.broadcast_at is not None:
            yield {"event": "egress_ended", "egressInfo": _egress(_source(call), after)}
            yield from _ingress_moved(call, "ingress_ended", before, after)
        yield {"event": "room_finished", "room": _room(_source(call), after)}


def _ingress_moved(
    call: Call, event: str, connected: Session, session: Session
) -> Iterator[Notice]:
    """Yield the notice of an ingress that comes or goes with its broadcast, if it is there."""
    encoder = call.tx.get(Encoder, session.id)
    span = _connection(connected, encoder, call.now)
    if span is not None:
        status = ingress_status(session, stretch_at(stretches(session, encoder), call.now))
        state = _state(_source(call), session, status, span._replace(end=session.ended_at))
        yield {"event": event, "ingressInfo": _ingress(_source(call), session, state)}


def _connection(session: Session, encoder: Encoder | None, now: datetime) -> Span | None:
    """Return since when the encoder is connected, None where it is not."""
    found = stretches(session, encoder)
    if not is_connected(current := stretch_at(found, now)) or current is None:
        return None
    return next(span for span in reversed(connections_of(found)) if span.start <= current.start)


def _room(of: Source, session: Session) -> Notice:
    opened = session.started_at or session.created_at
    room = {
        "sid": _id(of, "RM", session),
        "name": session.id,
        **_TIMEOUTS,
        "maxParticipants": session.seats,
        "creationTime": str(int(opened.timestamp())),
        "creationTimeMs": str(int(opened.timestamp() * 1000)),
    }
    joined = 0
    if session.state == "live":
        joined = of.tx.count(PARTICIPANTS_OF_SESSION, session.id)
    return room | ({"numParticipants": joined} if joined else {})


def _participant(call: Call, session: Session, user: User) -> Notice:
    room = call.tx.get(Room, session.room_id)
    hosts = room is not None and room.host_id == user.id
    permission = {"canSubscribe": True}
    if hosts:
        permission |= {"canPublish": True, "canPublishData": True}
    return {
        "sid": f"PA_{derive_base57(call.env.seed, 'PA', session.id, user.id, length=_LENGTH)}",
        "identity": user.id,
        "name": user.username,
        "state": "ACTIVE",
        "joinedAt": str(int(call.now.timestamp())),
        "joinedAtMs": str(int(call.now.timestamp() * 1000)),
        "permission": permission,
        **({"isPublisher": True} if hosts else {}),
    }


def _ingress(of: Source, session: Session, state: Notice) -> Notice:
    room = of.tx.get(Room, session.room_id)
    host = None if room is None else of.tx.get(User, room.host_id)
    whip = session.mode == "webcam"
    return {
        "ingressId": session.ingress_id,
        "name": session.title,
        "url": of.addresses.base_url + "/whip" if whip else of.addresses.rtmp_url,
        "inputType": _INPUTS[session.mode],
        "roomName": session.id,
        **({} if host is None else {"participantIdentity": host.id}),
        **({} if host is None else {"participantName": host.username}),
        "reusable": True,
        "enabled": True,
        **({} if whip else {"enableTranscoding": True}),
        "state": state,
    }


def _state(of: Source, session: Session, status: str, span: Span) -> Notice:
    return {
        "status": status,
        "roomId": _id(of, "RM", session),
        **_times(span.start, span.end),
    }


def _egress(of: Source, session: Session) -> Notice:
    return {
        "egressId": _id(of, "EG", session),
        "roomId": _id(of, "RM", session),
        "roomName": session.id,
        "status": "EGRESS_COMPLETE" if session.state == "ended" else "EGRESS_ACTIVE",
        **_times(session.broadcast_at, session.ended_at),
        "roomComposite": {
            "roomName": session.id,
            "segmentOutputs": [{"playlistName": "index.m3u8"}],
        },
    }


def _times(started: datetime | None, ended: datetime | None) -> Notice:
    times = {"startedAt": started, "endedAt": ended}
    return {name: _nanoseconds(time) for name, time in times.items() if time is not None}


def _nanoseconds(time: datetime) -> str:
    return f"{int(time.timestamp()) * 1_000_000 + time.microsecond}000"


def _id(of: Source, prefix: str, session: Session) -> str:
    return f"{prefix}_{derive_base57(of.seed, prefix, session.id, length=_LENGTH)}"

"""A session's virtual encoder: what it does, and what a test or a designer makes it do."""

from __future__ import annotations

from datetime import timedelta

from mock_server.domain.encoder import (
    MOST_CHANGES,
    Change,
    change_encoder,
    changes_of,
    number_of,
    read_change,
    stretch_at,
)
from mock_server.domain.entities import Encoder, Session
from mock_server.domain.errors import Conflict, NotFound
from mock_server.env import Call
from mock_server.http.views import View, date_time, present
from mock_server.media.health import ingress_status, measured_health

# So many of what is planned, and of the last changes, are told; all are counted.
_MOST_TOLD = 100


def set_encoder(call: Call) -> View:
    """Let the encoder of a session come, go, or send badly; raises Conflict, Unprocessable."""
    session = _session(call)
    if session.state == "ended":
        raise Conflict("`set_encoder`: session is `ended`, must not be: nothing more is broadcast")
    before = call.tx.get(Encoder, session.id)
    after = change_encoder(session, before, call.now, read_change(call.body))
    if after is not None and after is not before:
        call.tx.put(after)
    return _view(call, session, after)


def get_encoder(call: Call) -> View:
    """Show what the encoder of a session does, and what it is going to do."""
    session = _session(call)
    return _view(call, session, call.tx.get(Encoder, session.id))


def _session(call: Call) -> Session:
    session = call.tx.get(Session, call.id)
    if session is None:
        raise NotFound(f"`{call.operation}`: no session has the id {call.id}")
    return session


def _view(call: Call, session: Session, encoder: Encoder | None) -> View:
    found = call.env.course(session, encoder)
    # What is over has no present; before the broadcast there is none either.
    stretch = None if session.state == "ended" else stretch_at(found, call.now)
    coming = [] if stretch is None else [each for each in found if each.start > stretch.start]
    changes = changes_of(encoder)
    return {
        "id": session.id,
        "status": ingress_status(session, stretch),
        "doing": "nothing" if stretch is None else stretch.doing,
        **({} if stretch is None else {"since": date_time(stretch.start)}),
        **_publisher(call, session),
        "planned": [
            {"doing": each.doing, "at": date_time(each.start)} for each in coming[:_MOST_TOLD]
        ],
        "planned_total": len(coming),
        "changes": [_change(session, each) for each in changes[-_MOST_TOLD:]],
        "changes_total": number_of(changes),
        "changes_left": max(0, MOST_CHANGES - number_of(changes)),
    }


def _publisher(call: Call, session: Session) -> View:
    measured = call.env.common.publishers.find(call.env.name, session.id, call.now)
    if measured is None or session.state == "ended":
        return {}
    return {"publisher": present(**measured_health(measured, call.now))}


def _change(session: Session, change: Change) -> View:
    if session.broadcast_at is None:
        return dict(change)
    at = session.broadcast_at + timedelta(seconds=change["after"])
    return {**change, "at": date_time(at)}

"""How many come to watch a session: as many as a test or a designer needs."""

from __future__ import annotations

from dataclasses import replace

from mock_server.domain.entities import Session
from mock_server.domain.errors import Conflict, NotFound
from mock_server.env import Call
from mock_server.http.views import View, crowd_of


def set_audience(call: Call) -> View:
    """Say how many come to watch a session; raises Conflict where that would rewrite the past."""
    session = call.tx.get(Session, call.id)
    if session is None:
        raise NotFound(f"`set_audience`: no session has the id {call.id}")
    if session.state == "ended":
        raise Conflict(
            "`set_audience`: session is `ended`, must not be: who came has come, and gone"
        )
    shape = call.body.get("shape")
    said_live = None if shape is None or session.started_at is None else call.now
    changed = replace(session, audience=call.body["size"], shape=shape, shaped_at=said_live)
    before, after = crowd_of(call, session), crowd_of(call, changed)
    if after.peak < before.peak:
        raise Conflict(
            f"`set_audience`: {before.peak:,} have watched already and this would make "
            f"them {after.peak:,}, must not be fewer (say it before the session starts)"
        )
    call.tx.put(changed)
    return {
        "id": session.id,
        "size": changed.audience,
        **({} if shape is None else {"shape": shape}),
        "viewer_count": after.viewers,
        "max_viewers": after.peak,
    }

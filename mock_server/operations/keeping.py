"""Write a session as an operation left it, if it left it changed, and plan its encoder."""

from __future__ import annotations

from mock_server.domain.encoder import plan
from mock_server.domain.entities import Encoder, Session
from mock_server.env import Call
from mock_server.http.views import View, session_view


def keep_session(call: Call, session: Session) -> View:
    """Write a session that is not the one the store has, and show it."""
    # What did not change is the same value, and needs no write.
    before = call.tx.get(Session, session.id)
    if before is not session:
        call.tx.put(session)
        if before is not None and _course(before) != _course(session):
            _plan_encoder(call, session)
    return session_view(call, session)


def _course(session: Session) -> tuple[object, ...]:
    return session.broadcast_at, session.ended_at


def _plan_encoder(call: Call, session: Session) -> None:
    """Let what was said of the encoder come true in the broadcast that began, or be over."""
    encoder = call.tx.get(Encoder, session.id)
    if encoder is not None and (planned := plan(session, encoder, call.now)) is not encoder:
        call.tx.put(planned)

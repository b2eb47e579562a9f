"""Write a session as an operation left it, if it left it changed."""

from __future__ import annotations

from mock_server.domain.entities import Session
from mock_server.env import Call
from mock_server.http.views import View, session_view


def keep_session(call: Call, session: Session) -> View:
    """Write a session that is not the one the store has, and show it."""
    # What did not change is the same value, and needs no write.
    if call.tx.get(Session, session.id) is not session:
        call.tx.put(session)
    return session_view(call, session)

"""Remove what hangs on a resource together with it."""

from __future__ import annotations

from mock_server.domain.entities import Encoder, Participant, Session
from mock_server.env import Call
from mock_server.storage.indexes import PARTICIPANTS_OF_SESSION


def forget_session(call: Call, session: Session) -> None:
    """Remove a session, its encoder and the places taken in it."""
    places = call.tx.count(PARTICIPANTS_OF_SESSION, session.id)
    for place in call.tx.page(PARTICIPANTS_OF_SESSION, session.id, offset=0, limit=places):
        call.tx.delete(Participant, place.id)
    call.tx.delete(Encoder, session.id)
    call.tx.delete(Session, session.id)

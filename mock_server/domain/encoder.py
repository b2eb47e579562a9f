"""When a session's encoder publishes: what the playlist, the health and the webhooks follow."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from mock_server.domain.entities import Encoder, Session


class Span(NamedTuple):
    """Hold a time in which media reached the broadcast; `end` is None while it goes on."""

    start: datetime
    end: datetime | None


def publishing(session: Session, encoder: Encoder | None) -> tuple[Span, ...]:
    """Return the spans in which media reached a session's broadcast, in order, none touching
    another, all within the broadcast; empty where there is none.
    """
    del encoder
    if session.broadcast_at is None:
        return ()
    return (Span(session.broadcast_at, session.ended_at),)

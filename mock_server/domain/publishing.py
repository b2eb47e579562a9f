"""What a session's encoder does when somebody really publishes: it comes and goes with them.

A session that nobody has really published to keeps its virtual encoder, which publishes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from mock_server.domain.encoder import Stretch, change_encoder, stretch_at, stretches
from mock_server.domain.entities import Encoder, Session
from mock_server.domain.errors import Conflict

Follow = Callable[[Session, Encoder | None, datetime], Encoder | None]


def publisher_connected(session: Session, encoder: Encoder | None, now: datetime) -> Encoder | None:
    """Return the encoder of an open session that media begins to arrive at: connected, the same
    one where it publishes already.
    """
    stretch = _stretch(session, encoder, now)
    if stretch is not None and stretch.doing == "publishing":
        return encoder
    return change_encoder(session, encoder, now, {"action": "connect"})


def publisher_left(session: Session, encoder: Encoder | None, now: datetime) -> Encoder | None:
    """Return the encoder of an open session whose publisher is gone: dropped until one connects,
    the same one where it is so already, or as many changes are kept as can be.
    """
    stretch = _stretch(session, encoder, now)
    if stretch is not None and stretch.doing == "dropped" and stretch.end is None:
        return encoder
    try:
        return change_encoder(session, encoder, now, {"action": "drop"})
    except Conflict:
        # Who comes and goes more often than that is not followed any more.
        return encoder


def _stretch(session: Session, encoder: Encoder | None, now: datetime) -> Stretch | None:
    """Return what an encoder does now; before the broadcast, what it would begin with."""
    begun = replace(session, broadcast_at=session.broadcast_at or now)
    return stretch_at(stretches(begun, encoder), now)

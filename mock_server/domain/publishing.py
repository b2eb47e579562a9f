"""What a session's encoder does when somebody really publishes: it comes and goes with them.

A session that nobody has really published to keeps its virtual encoder, which publishes. Who
publishes is named by the encoder, for every process to see: a connection is in one of them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from mock_server.domain.encoder import Stretch, change_encoder, stretch_at, stretches
from mock_server.domain.entities import Encoder, Session
from mock_server.domain.errors import Conflict


def publication_of(encoder: Encoder | None) -> dict[str, Any]:
    """Return what the encoder says of who publishes: `id`, `etag`, `ice_name`, and whether their
    media has `arrived`; empty where nobody does.
    """
    return (encoder and encoder.publication) or {}


def publisher_accepted(
    session: Session, encoder: Encoder | None, now: datetime, *, publication: dict[str, Any]
) -> Encoder:
    """Return the encoder of an open session whose offer was answered."""
    return replace(
        encoder or Encoder(id=session.id, created_at=now),
        publication={**publication, "arrived": False},
    )


def publisher_connected(session: Session, encoder: Encoder, now: datetime) -> Encoder:
    """Return the encoder of an open session that media begins to arrive at: connected, the same
    one but for the publication where it publishes already.
    """
    stretch = _stretch(session, encoder, now)
    arrived = replace(encoder, publication={**publication_of(encoder), "arrived": True})
    if stretch is not None and stretch.doing == "publishing":
        return arrived
    return change_encoder(session, arrived, now, {"action": "connect"}) or arrived


def publisher_left(session: Session, encoder: Encoder, now: datetime) -> Encoder:
    """Return the encoder of an open session whose publisher is gone: dropped until one connects,
    the same one but for the publication where it is so already, as many changes are kept as can
    be, or no media had arrived.
    """
    arrived, left = publication_of(encoder).get("arrived"), replace(encoder, publication=None)
    stretch = _stretch(session, left, now)
    dropped = stretch is not None and stretch.doing == "dropped" and stretch.end is None
    if dropped or not arrived:
        return left
    try:
        return change_encoder(session, left, now, {"action": "drop"}) or left
    except Conflict:
        # Who comes and goes more often than that is not followed any more.
        return left


def _stretch(session: Session, encoder: Encoder | None, now: datetime) -> Stretch | None:
    """Return what an encoder does now; before the broadcast, what it would begin with."""
    begun = replace(session, broadcast_at=session.broadcast_at or now)
    return stretch_at(stretches(begun, encoder), now)

"""What is always true of encoders, whatever was said of them: only the mock itself can see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from mock_server.domain.encoder import (
    MOST_CHANGES,
    Span,
    Stretch,
    changes_of,
    number_of,
    plan,
    spans_of,
    stretch_at,
)
from mock_server.domain.entities import Encoder, Session
from mock_server.media.health import stream_health

HISTORY = "encoder.history"
SPANS = "encoder.spans"
HEALTH = "encoder.health"
TURNS = "encoder.turns"
# A flap may be among them with each of its times; connecting is never refused.
_MOST_KEPT = 2 * MOST_CHANGES + 1
OF_ENCODERS: Mapping[str, str] = {
    HISTORY: "what was said of an encoder is kept in the order it happens, in bounds",
    SPANS: "what an encoder sends is broadcast in its order, and within the broadcast",
    HEALTH: "`stream_health` says that media arrives exactly while the encoder sends it",
    TURNS: "what time does next to an encoder is what is going to be told of it",
}


def wrong_of(
    session: Session, encoder: Encoder, course: Sequence[Stretch], now: datetime
) -> Iterator[tuple[str, str]]:
    """Yield which of them an encoder breaks, and how."""
    changes = changes_of(encoder)
    afters = [each["after"] for each in changes]
    if any(later <= earlier for earlier, later in pairwise([-1.0, *afters])):
        yield HISTORY, "its changes are out of order, must each come after the one before"
    if (number := number_of(changes)) > _MOST_KEPT:
        yield HISTORY, f"{number:,} of its changes are kept, must be {_MOST_KEPT:,} at most"
    spans = spans_of(course)
    for what in _wrong_spans(session, spans):
        yield SPANS, what
    status = stream_health(session, encoder, 0, now, course=course)["status"]
    stretch = stretch_at(course, now)
    sends = session.state != "ended" and stretch is not None and _is_in(stretch, spans)
    if (status == "ENDPOINT_PUBLISHING") is not sends:
        sent = "something" if sends else "nothing"
        yield HEALTH, f"`status` is {status} while {sent} is sent, must agree"
    due = plan(session, encoder, now).next
    if encoder.next != due and (encoder.next is None or encoder.next > now):
        yield TURNS, f"the next turn to tell is {encoder.next}, must be {due}"


def _wrong_spans(session: Session, spans: Sequence[Span]) -> Iterator[str]:
    for span, following in pairwise(spans):
        if span.end is None or following.start <= span.end:
            yield f"it sends from {following.start} on, must have stopped before"
    for span in spans:
        begin, over = session.broadcast_at, session.ended_at
        if begin is None or span.start < begin or (span.end is not None and span.end < span.start):
            yield f"it sends from {span.start} on, must be after the broadcast began"
        if over is not None and (span.end is None or span.end > over):
            yield f"it sends until {span.end}, must be until the broadcast ended"


def _is_in(stretch: Stretch, spans: Sequence[Span]) -> bool:
    return any(
        span.start <= stretch.start and (span.end is None or stretch.start < span.end)
        for span in spans
    )

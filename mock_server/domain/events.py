"""What is told of a world: one event for each change, in the order the changes were committed."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from mock_server.domain.encoder import Doing
from mock_server.domain.entities import Status

# So many of a world's newest events are kept for who comes late.
BACKLOG = 10_000


class Event(NamedTuple):
    """Hold one change: by which operation (`session_expired`, `encoder_changed`: by time), when by
    the world's clock, and the ids it concerns; `was` and `status` are a session's before and after,
    `encoder` is what its encoder does from then on, None for none.

    `id` counts the events of a feed from 1; it is 0 until the event is committed. `notices` are
    the bodies of webhooks that tell of it, without what is only known when they are sent.
    """

    operation: str
    at: datetime
    caller_id: str | None = None
    room_id: str | None = None
    session_id: str | None = None
    preset_id: str | None = None
    was: Status | None = None
    status: Status | None = None
    encoder: Doing | None = None
    notices: tuple[str, ...] = ()
    id: int = 0


class Page(NamedTuple):
    """Hold events of a feed in their order, with the ids of the oldest and the newest it has kept.

    A feed goes on over a reset and ends with its world: a world of the same name has another.
    `oldest` is `newest` + 1 where nothing is kept.
    """

    feed: str
    oldest: int
    newest: int
    events: list[Event]

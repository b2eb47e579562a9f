"""Events as text: server-sent events (HTML Standard, 9.2), and a place in a feed as their id."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any, NamedTuple

import orjson

from mock_server.domain.events import Event

# Milliseconds until a browser asks again.
RETRY = 1000
HEARTBEAT = b":\n\n"
_PLACE = re.compile(r"(?:([0-9a-f]{8})-)?([0-9]{1,18})", re.ASCII)
_SHOWN = ("caller_id", "room_id", "session_id", "preset_id", "was", "status", "encoder")


class Place(NamedTuple):
    """Hold how far somebody has read: the name of a feed, empty for any, and an event's id."""

    feed: str
    id: int

    @classmethod
    def read(cls, text: str) -> Place:
        """Read what `str` has written, or an id alone."""
        found = _PLACE.fullmatch(text)
        assert found is not None, "the contract's pattern lets nothing else through"
        return cls(found[1] or "", int(found[2]))

    def __str__(self) -> str:
        """Return the place as the id of a server-sent event."""
        return f"{self.feed}-{self.id}" if self.feed else str(self.id)


def event_view(event: Event) -> dict[str, Any]:
    """Return an event as the contract shows it: what does not apply is absent."""
    view = {
        "id": event.id,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z",
        "operation": event.operation,
    }
    for name in _SHOWN:
        if (value := getattr(event, name)) is not None:
            view[name] = value
    return view


def opening(place: Place | None) -> bytes:
    """Return what a stream begins with; a place tells where to go on if nothing comes."""
    begin = f"retry: {RETRY}\n" if place is None else f"retry: {RETRY}\nid: {place}\n"
    return f"{begin}\n".encode()


def change(feed: str, event: Event) -> bytes:
    """Return an event as text."""
    return _text(Place(feed, event.id), "change", event_view(event))


def gap(place: Place, *, lost: tuple[int, int] | None) -> bytes:
    """Return the notice that events are missing before what follows a place.

    `lost` are the first and the last missing id, None where the feed itself is another.
    """
    if lost is None:
        return _text(place, "gap", {"reason": "another_feed"})
    return _text(place, "gap", {"reason": "backlog", "first": lost[0], "last": lost[1]})


def _text(place: Place, name: str, data: dict[str, Any]) -> bytes:
    return f"id: {place}\nevent: {name}\ndata: ".encode() + orjson.dumps(data) + b"\n\n"

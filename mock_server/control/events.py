"""What is told of a world: as a stream, and as pages of what was told."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from mock_server.env import Call
from mock_server.events import sse
from mock_server.events.settling import settle
from mock_server.events.sse import Place
from mock_server.events.stream import stream
from mock_server.http.errors import Refusal
from mock_server.http.views import View

# So many may listen to one process at once: each holds a connection.
MOST_LISTENERS = 2000
_LATER = ((b"retry-after", b"10"),)


def stream_events(call: Call) -> AsyncGenerator[bytes, None]:
    """Tell what happens in the world from a place on, or from now on; raises Refusal 429."""
    feeds = call.env.common.feeds
    if feeds.listeners >= MOST_LISTENERS:
        raise Refusal(
            429,
            f"{feeds.listeners} listen to events already, must be {MOST_LISTENERS} at most: "
            "close a stream that nobody reads",
            headers=_LATER,
        )
    # A browser that asks again sends the last id it has seen to the same address.
    since = call.query["Last-Event-ID"] or call.query["after"]
    return stream(feeds, call.env.name, Place.read(since) if since else None)


def list_events(call: Call) -> View:
    """List what was told after an id, oldest first."""
    store, wall = call.env.store, call.env.common.wall
    settle(store, wall, call.addresses if call.env.settings.webhooks else None)
    page = store.events(call.query["after"], call.query["limit"])
    return {
        "feed": page.feed,
        "oldest": page.oldest,
        "newest": page.newest,
        "events": [sse.event_view(event) for event in page.events],
    }

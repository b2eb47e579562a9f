"""A world's events as a stream for one client.

Who listens has a place in the feed and no queue: a slow client falls behind at no cost, and is told
what it missed once the backlog no longer has it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

from mock_server.events import sse
from mock_server.events.feed import PAUSE, Feed, Feeds
from mock_server.events.sse import Place
from mock_server.storage.protocol import StorageError

# Seconds between two signs of life: proxies close what is silent for 30 to 60.
HEARTBEAT = 15.0
# So many events are sent at once, each of some 300 bytes.
AT_ONCE = 200


async def stream(feeds: Feeds, world: str, since: Place | None) -> AsyncGenerator[bytes, None]:
    """Give what is told after a place, or from now on, until the server ends."""
    async with feeds.listening(world) as feed:
        at = _begin(feed, since)
        yield sse.opening(at if since is None else None)
        while not feed.ended:
            if at.feed != feed.name:
                anew = Place(feed.name, 0)
                if at != Place("", 0):
                    yield sse.gap(anew, lost=None)
                at = anew
            if at.id < feed.newest:
                text, at = await _next(feeds, world, feed, at)
                if text:
                    yield text
            elif not await feed.change(HEARTBEAT):
                yield sse.HEARTBEAT


def _begin(feed: Feed, since: Place | None) -> Place:
    if since is None:
        return Place(feed.name, feed.newest)
    if since.feed:
        return since
    # An id that has not been given yet is another feed's, so all of this one is news.
    return Place(feed.name if since.id <= feed.newest else "", since.id)


async def _next(feeds: Feeds, world: str, feed: Feed, at: Place) -> tuple[bytes, Place]:
    """Return the next events as text, and the place after them."""
    at_hand = feed.since(at.id, AT_ONCE)
    if at_hand is not None:
        return b"".join(at_hand), Place(at.feed, at.id + len(at_hand))
    try:
        page = await feeds.page(world, at.id, AT_ONCE)
    except StorageError:
        page = None
    if page is None or page.feed != at.feed or not page.events:
        # The store is away, or the world has just become another: the watcher sees that, too.
        await feed.change(PAUSE)
        return b"", at
    texts = [sse.change(page.feed, event) for event in page.events]
    first = page.events[0].id
    if first > at.id + 1:
        texts.insert(0, sse.gap(Place(at.feed, first - 1), lost=(at.id + 1, first - 1)))
    return b"".join(texts), Place(at.feed, page.events[-1].id)

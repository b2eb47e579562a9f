"""The feeds of worlds that somebody in this process listens to: one watcher for all of them.

The store has the events; here is what was read last, so that five hundred who listen to a world
cost one question. The watcher looks when a request of this process has told something, and ten
times a second, since others may write to the store too; it ends when nobody listens.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from mock_server.domain.events import Page
from mock_server.events import sse
from mock_server.events.settling import settle
from mock_server.media.ingress import Addresses
from mock_server.storage.protocol import StorageError, Store

T = TypeVar("T")
# Seconds between two looks at what others may have written.
PAUSE = 0.1
# Seconds in which changes gather once there was one, so that a hundred of them a second are not a
# hundred times as many sendings as there are listeners.
GATHER = 0.02
# So many of the latest events are at hand; who is further behind asks the store.
AT_HAND = 1000
_NOTHING = ("", 0)


@dataclass(slots=True, eq=False)
class Feed:
    """Hold the latest events of a world as text; `name` is empty while nothing has been told."""

    name: str = ""
    newest: int = 0
    latest: deque[bytes] = field(default_factory=lambda: deque(maxlen=AT_HAND))
    listeners: int = 0
    is_read: bool = False
    ended: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self) -> None:
        """Let all who wait go on."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def change(self, patience: float) -> bool:
        """Wait until there is something new, or for so many seconds; return whether there is."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                return await self._changed.wait()
        return False

    def since(self, after: int, limit: int) -> list[bytes] | None:
        """Return the next events from what is at hand, None where that begins later."""
        oldest = self.newest - len(self.latest)
        if after < oldest:
            return None
        begin = after - oldest
        return [self.latest[each] for each in range(begin, min(begin + limit, len(self.latest)))]


class Feeds:
    """Give the feeds of a store's worlds to those who listen.

    `addresses` gives those of a world, for the webhooks of what time did; without, nobody is sent
    any.
    """

    def __init__(
        self,
        store: Store,
        wall: Callable[[], datetime],
        addresses: Callable[[str], Addresses] | None = None,
    ) -> None:
        self._store = store
        self._wall = wall
        self._addresses = addresses
        self._feeds: dict[str, Feed] = {}
        self._woken = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        self._settled_at: dict[str, datetime] = {}
        self._closed = False

    @property
    def listeners(self) -> int:
        """Return how many listen now."""
        return sum(feed.listeners for feed in self._feeds.values())

    def wake(self) -> None:
        """Let the watcher look as soon as the running request is done."""
        # A request in a thread has not committed yet: the next look of its own accord is in time.
        if self._watching is not None and not self._store.blocking:
            self._woken.set()

    @asynccontextmanager
    async def listening(self, world: str) -> AsyncIterator[Feed]:
        """Give a world's feed, read to its end, and keep it so."""
        feed = self._feeds.setdefault(world, Feed(ended=self._closed))
        feed.listeners += 1
        try:
            if self._watching is None and not self._closed:
                self._watching = asyncio.create_task(self._watch())
            self._woken.set()
            while not (feed.is_read or self._closed):
                await feed.change(PAUSE)
            yield feed
        finally:
            feed.listeners -= 1
            if feed.listeners == 0 and self._feeds.get(world) is feed:
                del self._feeds[world]
                self._settled_at.pop(world, None)

    async def page(self, world: str, after: int, limit: int) -> Page:
        """Return events of a world from the store; raises StorageError."""
        return await self.ask(self.store_of(world).events, after, limit)

    def addresses_of(self, world: str) -> Addresses | None:
        """Return what webhooks call a world's addresses where no request says it, None where nobody
        gets any.
        """
        return None if self._addresses is None else self._addresses(world)

    def store_of(self, world: str) -> Store:
        """Return the store of a world."""
        return self._store.world(world)

    async def ask(self, question: Callable[..., T], *arguments: Any) -> T:
        """Ask the store, in a thread where that may take long."""
        if self._store.blocking:
            return await asyncio.to_thread(question, *arguments)
        return question(*arguments)

    async def close(self) -> None:
        """End every stream, and let there be no further one."""
        self._closed = True
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        self._end()

    async def _watch(self) -> None:
        try:
            while self._feeds:
                woken = self._woken.is_set()
                self._woken.clear()
                # A store that is away now is asked again.
                with suppress(StorageError):
                    await self._look(at_once=woken)
                if woken:
                    await asyncio.sleep(GATHER)
                with suppress(TimeoutError):
                    async with asyncio.timeout(PAUSE):
                        await self._woken.wait()
        finally:
            # Who still listens after a mistake in here must not wait for nothing.
            self._watching = None
            self._end()

    def _end(self) -> None:
        for feed in self._feeds.values():
            feed.ended = True
            feed.tell()
        self._feeds.clear()

    async def _look(self, *, at_once: bool) -> None:
        second = self._wall().replace(microsecond=0)
        for world in tuple(self._feeds):
            # Time does things on whole seconds; after a request there may be others.
            if at_once or self._settled_at.get(world) != second:
                self._settled_at[world] = second
                if await self.ask(
                    settle, self._store.world(world), self._wall, self.addresses_of(world)
                ):
                    self._woken.set()
        newest = await self.ask(self._store.feeds)
        for world, feed in tuple(self._feeds.items()):
            known = newest.get(world, _NOTHING)
            if not feed.is_read or known != (feed.name, feed.newest):
                await self._take_in(world, feed, *known)

    async def _take_in(self, world: str, feed: Feed, name: str, newest: int) -> None:
        if name != feed.name or not feed.is_read:
            feed.name, feed.newest, feed.is_read = name, newest, True
            feed.latest.clear()
            feed.tell()
            return
        page = await self.page(world, max(feed.newest, newest - AT_HAND), AT_HAND)
        if page.feed != name or not page.events:
            return
        if page.events[0].id != feed.newest + 1:
            feed.latest.clear()
        feed.latest.extend(sse.change(name, event) for event in page.events)
        feed.newest = page.events[-1].id
        # One of them may have put the clock forward.
        self._settled_at.pop(world, None)
        feed.tell()

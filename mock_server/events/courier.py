"""Webhooks, delivered beside the requests: by one process of all that share a store."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from secrets import token_hex
from time import monotonic
from typing import TYPE_CHECKING

from mock_server.events import ledger
from mock_server.events.feed import PAUSE
from mock_server.events.lane import Lane
from mock_server.events.post import Post
from mock_server.events.settling import settle_turns
from mock_server.storage.protocol import StorageError

if TYPE_CHECKING:
    from mock_server.env import Common

# For how long the process that delivers is not disturbed, and how often it says that it is there.
LEASE = timedelta(seconds=10)
RENEWAL = 3.0
_Key = tuple[str, str]


class Courier:
    """Deliver the notices of every world to every address the operator gave."""

    def __init__(self, common: Common) -> None:
        self._common = common
        self._feeds = common.feeds
        self._post = Post(common.settings, common.wall)
        self._name = token_hex(8)
        self._lanes: dict[_Key, Lane] = {}
        self._running: dict[_Key, asyncio.Task[None]] = {}
        self._renewed = self._held_until = 0.0
        self._settled_at: datetime | None = None

    async def run(self) -> None:
        """Deliver until this is cancelled."""
        try:
            while True:
                # A store that is away is asked again.
                with suppress(StorageError):
                    await self._look()
                await asyncio.sleep(PAUSE)
        finally:
            await self._stop()
            with suppress(StorageError):
                await self._feeds.ask(ledger.give_lease_up, self._common.store, self._name)
            await self._post.close()

    async def _look(self) -> None:
        if not await self._may_deliver():
            await self._stop()
            return
        await self._settle()
        newest = await self._feeds.ask(self._common.store.feeds)
        for key in [key for key in self._lanes if key[0] not in newest]:
            if key not in self._running:
                del self._lanes[key]
        for world, seen in newest.items():
            # Snapshots, and what is apart from all worlds, have nothing to tell.
            if "@" not in world:
                for url in self._common.settings.webhooks:
                    self._start((world, url), seen)

    async def _settle(self) -> None:
        """Let each world tell what time did to its encoders, though nobody may listen to it."""
        second = self._common.wall().replace(microsecond=0)
        if second == self._settled_at:
            return
        store, more = self._common.store, False
        for world in await self._feeds.ask(store.worlds):
            addresses = self._feeds.addresses_of(world)
            if "@" not in world and addresses is not None:
                question = store.world(world), self._common.wall, addresses
                more |= await self._feeds.ask(settle_turns, *question)
        self._settled_at = None if more else second

    async def _may_deliver(self) -> bool:
        now = monotonic()
        if now < self._renewed + RENEWAL:
            return now < self._held_until
        try:
            held = await self._feeds.ask(
                ledger.hold_lease, self._common.store, self._name, self._common.wall(), LEASE
            )
        except StorageError:
            if now >= self._held_until:
                await self._stop()
            raise
        self._renewed = now
        self._held_until = now + LEASE.total_seconds() if held else 0.0
        return held

    def _start(self, key: _Key, seen: tuple[str, int]) -> None:
        if key not in self._lanes:
            self._lanes[key] = Lane(*key, self._feeds, self._post, self._common.wall)
        lane = self._lanes[key]
        if key in self._running or lane.seen == seen:
            return
        task = asyncio.create_task(lane.run())
        self._running[key] = task
        task.add_done_callback(lambda done: self._ended(key, done))

    def _ended(self, key: _Key, task: asyncio.Task[None]) -> None:
        self._running.pop(key, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            # It begins again with what the store knows.
            self._lanes.pop(key, None)
            if not isinstance(error, StorageError):
                asyncio.get_running_loop().call_exception_handler(
                    {"message": f"bug in the mock, delivering webhooks to {key[1]}",
                     "exception": error}
                )  # fmt: skip

    async def _stop(self) -> None:
        running = tuple(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        # Another process may go on from here, so nothing is known any more.
        self._lanes.clear()

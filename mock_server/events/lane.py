"""The webhooks of a world to an address: one after the other, each until it is taken or given up.

Delivered at least once: who is ended between an attempt and its record lets the next one repeat it,
with the same `id` in the body.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from mock_server.domain.entities import Cursor, Delivery, DeliveryState
from mock_server.domain.events import Event, Page
from mock_server.domain.identity import derive_base57
from mock_server.events import ledger
from mock_server.events.feed import PAUSE, Feeds
from mock_server.events.ledger import Wrong
from mock_server.events.post import INJECTED, Attempt, Post

# Seconds before the second attempt, the third and so on; there is none after the last.
BACKOFF = (0.5, 1.0, 2.0, 4.0, 8.0)
# Seconds a webhook that is to come after the next one waits for a next one.
HOLD = 2.0
_AT_A_TIME = 200
# What a world tells when everything from before is forgotten.
_RESET = "reset_world"


class Item(NamedTuple):
    """Hold a notice, complete, and where the cursor stands when it is done."""

    name: str
    notice_id: str
    body: bytes
    event_id: int
    after: int
    part: int


class Forgotten(Exception):
    """Say that the world was reset, put back or deleted: what was to be delivered is gone."""


@dataclass(slots=True, eq=False)
class Lane:
    """Deliver a world's notices to an address; `seen` is how far it has looked."""

    world: str
    url: str
    feeds: Feeds
    post: Post
    wall: Callable[[], datetime]
    seen: tuple[str, int] = ("", 0)
    _cursor: Cursor | None = None
    _waiting: deque[Item] = field(default_factory=deque)

    async def run(self) -> None:
        """Deliver all there is; raises StorageError where the store is away."""
        try:
            if not await self._begin():
                return
            while (item := await self._next()) is not None:
                wrong = await self._ask(ledger.take_fault, item.name)
                if wrong.reorder:
                    await self._swap(item, wrong)
                else:
                    await self._deliver(item, wrong, done=item)
        except Forgotten:
            self._cursor, self.seen = None, ("", 0)
            self._waiting.clear()

    async def _swap(self, item: Item, wrong: Wrong) -> None:
        """Deliver the next one before this one, if there is one soon."""
        until = monotonic() + HOLD
        other = await self._next()
        while other is None and monotonic() < until:
            await asyncio.sleep(PAUSE)
            other = await self._next()
        if other is not None:
            # Neither is done before both are, so nothing is lost if this is where it ends.
            await self._deliver(other, await self._ask(ledger.take_fault, other.name), done=None)
        await self._deliver(item, wrong, done=other or item)

    async def _begin(self) -> bool:
        """Find out where to go on; tell whether the world is there."""
        if self._cursor is not None:
            return True
        page = await self._page(0, 1)
        known = await self._ask(ledger.load_cursor, self.url)
        if known is None or known.feed != page.feed:
            known = Cursor(
                id=self.url,
                feed=page.feed,
                after=await self._last_reset(page.newest),
                created_at=self.wall(),
            )
            if not await self._ask(ledger.begin_cursor, known):
                self.seen = (page.feed, page.newest)
                return False
        self._cursor = known
        self.seen = (known.feed, known.after)
        return True

    async def _last_reset(self, newest: int) -> int:
        last = after = 0
        while after < newest:
            page = await self._page(after, _AT_A_TIME)
            if not page.events:
                break
            after = page.events[-1].id
            last = max([last, *(each.id for each in page.events if each.operation == _RESET)])
        return last

    async def _next(self) -> Item | None:
        """Return the next notice, None where there is none yet; raises Forgotten."""
        while not self._waiting:
            feed, after = self.seen
            page = await self._page(after, _AT_A_TIME)
            if page.feed != feed:
                raise Forgotten
            if not page.events:
                return None
            assert self._cursor is not None, "who has begun has a cursor"
            if page.events[0].id > after + 1:
                await self._give_up(after + 1, page.events[0].id - 1)
            for event in page.events:
                self._waiting.extend(_items(feed, event, self._cursor))
            self.seen = (feed, page.events[-1].id)
        return self._waiting.popleft()

    async def _deliver(self, item: Item, wrong: Wrong, *, done: Item | None) -> None:
        attempts: list[dict[str, Any]] = []
        delivery = self._delivery(item.name, item.notice_id, item.event_id)
        await asyncio.sleep(wrong.delay)
        for number, pause in enumerate((*BACKOFF, None)):
            attempt = await self._attempt(item.body, injected=number < wrong.fail)
            attempts.append(attempt.document())
            over = attempt.is_good or pause is None
            state = _state(attempt, over=over)
            delivery = replace(delivery, state=state, attempts={"attempts": [*attempts]})
            await self._record(delivery, over=over, done=done)
            if over:
                break
            await asyncio.sleep(pause or 0.0)
        if wrong.duplicate:
            attempts.append((await self._attempt(item.body)).document())
            delivery = replace(delivery, attempts={"attempts": attempts})
            await self._record(delivery, over=False, done=None)

    async def _give_up(self, first: int, last: int) -> None:
        lost = {"attempts": [], "first": first, "last": last}
        delivery = replace(self._delivery("", "", last), state="dropped", attempts=lost)
        await self._record(delivery, over=True, done=None)

    def _delivery(self, name: str, notice_id: str, event_id: int) -> Delivery:
        assert self._cursor is not None, "who has begun has a cursor"
        return Delivery(
            id=ledger.slot(self.url, self._cursor.number),
            url=shown(self.url),
            notice_id=notice_id,
            event=name,
            event_id=event_id,
            state="retrying",
            created_at=self.wall(),
        )

    async def _attempt(self, body: bytes, *, injected: bool = False) -> Attempt:
        if injected:
            return Attempt(self.wall(), 0, None, INJECTED)
        return await self.post.send(self.url, body, self.world)

    async def _record(self, delivery: Delivery, *, over: bool, done: Item | None) -> None:
        cursor = self._cursor
        assert cursor is not None, "who has begun has a cursor"
        moved = replace(cursor, number=cursor.number + 1) if over else cursor
        if over and done is not None:
            moved = replace(moved, after=done.after, part=done.part)
        if not await self._ask(ledger.record, delivery, cursor, moved):
            raise Forgotten
        self._cursor = moved

    async def _page(self, after: int, limit: int) -> Page:
        return await self.feeds.page(self.world, after, limit)

    async def _ask(self, question: Callable[..., Any], *arguments: Any) -> Any:
        return await self.feeds.ask(question, self.feeds.store_of(self.world), *arguments)


def shown(url: str) -> str:
    """Return an address as it may be shown: what comes after the path may be a secret."""
    return urlsplit(url)._replace(query="").geturl()


def _state(attempt: Attempt, *, over: bool) -> DeliveryState:
    if attempt.is_good:
        return "delivered"
    return "failed" if over else "retrying"


def _items(feed: str, event: Event, cursor: Cursor) -> Iterator[Item]:
    begin = cursor.part if event.id == cursor.after + 1 else 0
    for part, notice in enumerate(event.notices):
        if part < begin:
            continue
        body = orjson.loads(notice)
        notice_id = f"EV_{derive_base57(0, feed, event.id, part, length=12)}"
        body |= {"id": notice_id, "createdAt": str(int(event.at.timestamp()))}
        last = part + 1 == len(event.notices)
        place = (event.id, 0) if last else (event.id - 1, part + 1)
        yield Item(body["event"], notice_id, orjson.dumps(body), event.id, *place)

"""The WHIP sessions of this process: begun by an offer, ended by whoever leaves first.

A connection can't be handed on, so none of it is in a store: who takes an offer has its session,
and looks each second whether the store still names it: another process may have let it go.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mock_server.domain.errors import Conflict
from mock_server.media.publishers import Measured, Publishers

if TYPE_CHECKING:
    from mock_server.media.offer import Fragment, Offer

# Seconds without media after which a WHIP session is ended.
IDLE_SECONDS = 30.0
# Seconds between two looks at whether the session it publishes to still takes it.
LOOK_SECONDS = 1.0
_ID_BYTES = 12


class Ingress(Protocol):
    """Be the session a publication is for, as it is asked and told by `Publications`."""

    async def accepted(self) -> None:
        """Hear first, and once, that its offer is answered; raises what refuses it all the same."""

    async def is_open(self) -> bool:
        """Tell whether it still takes the publication."""

    async def arrived(self) -> None:
        """Hear once that media arrives."""

    async def left(self) -> None:
        """Hear once, whether media has arrived or not, that no more will."""


class Named(NamedTuple):
    """Name one WHIP session, as a store does for each process: of which world, session and key."""

    world: str
    session_id: str
    key: str
    id: str
    etag: str
    ice_name: str

    def told(self) -> dict[str, str]:
        """Return what is kept of it beside the session it publishes to."""
        return {"id": self.id, "etag": self.etag, "ice_name": self.ice_name}


class _Followed(NamedTuple):
    ingress: Ingress
    hearing: asyncio.Task[None]


class TooManyPublications(Exception):
    """Say that no further publisher can be received, and what to do."""


class Publication:
    """Hold one WHIP session: who publishes, to which session of which world, under which key."""

    def __init__(
        self, world: str, session_id: str, key: str, offer: Offer, clock: Callable[[], datetime]
    ) -> None:
        from mock_server.media.peer import Peer  # noqa: PLC0415 - most receive nobody

        self.id = f"WH_{secrets.token_urlsafe(_ID_BYTES)}"
        self.etag = f'"{secrets.token_hex(_ID_BYTES)}"'
        self.world = world
        self.session_id = session_id
        self.offer = offer
        self.named = Named(world, session_id, key, self.id, self.etag, offer.ice_name)
        self.candidates = offer.sdp.count("\r\na=candidate:")
        self.arrived, self.ended = asyncio.Event(), asyncio.Event()
        self.peer = Peer(self.arrived.set, self.ended.set, clock)
        # The same object each time it is asked for, which a method is not.
        self.measure: Callable[[datetime], Measured] = self.peer.measured

    async def add_candidates(self, fragment: Fragment) -> None:
        """Take candidates that were found after the offer; raises Unprocessable for too many."""
        from mock_server.media.offer import require_few  # noqa: PLC0415 - most receive nobody

        require_few(self.candidates + len(fragment.candidates))
        self.candidates += len(fragment.candidates)
        await self.peer.add_candidates(fragment, self.offer.sections[0].mid)


class Publications:
    """Begin, find and end the WHIP sessions of a process, at most so many of them."""

    def __init__(self, publishers: Publishers, most: int) -> None:
        self._publishers = publishers
        self._most = most
        self._there: dict[str, Publication] = {}
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._followed: dict[str, _Followed] = {}
        self._closed = False

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._there)

    def find(self, publication_id: str) -> Publication | None:
        """Return one that has not ended."""
        found = self._there.get(publication_id)
        return None if found is None or found.ended.is_set() else found

    def publishing_to(self, world: str, key: str) -> Publication | None:
        """Return the one of a session, by its stream key, that has begun, and not ended."""
        for each in self._followed:
            found = self.find(each)
            if found is not None and (found.world, found.named.key) == (world, key):
                return found
        return None

    async def begin(
        self, publication: Publication, addresses: Sequence[str] | None, ingress: Ingress
    ) -> str:
        """Return the answer to a publication's offer; it then lasts until it is ended, nothing has
        come for 30 s, or the ingress is no longer open.

        Raises TooManyPublications, Conflict for the second of a session, NoMedia, Unprocessable,
        and what the ingress does.
        """
        if self._closed or len(self._there) >= self._most:
            raise TooManyPublications(
                f"{len(self._there)} publishers are received here, which is all there may be: "
                "end one, or start with more (`--publishers`)"
            )
        session_id = publication.session_id
        if not self._publishers.connect(publication.world, session_id, publication.measure):
            raise Conflict(f"session {session_id} has a publisher already, it must leave first")
        self._there[publication.id] = publication
        try:
            answer = await publication.peer.answer(publication.offer, addresses)
            await ingress.accepted()
        except BaseException:
            await self.end(publication)
            raise
        if publication.id not in self._there:
            await publication.peer.close()
            await ingress.left()
            raise Conflict(f"the publisher of session {session_id} was ended meanwhile")
        hearing = asyncio.create_task(_follow(publication, ingress))
        self._followed[publication.id] = _Followed(ingress, hearing)
        self._watches[publication.id] = asyncio.create_task(self._watch(publication, ingress))
        return answer

    async def end(self, publication: Publication) -> None:
        """End one, once its ingress has heard of it; nothing happens where it has ended."""
        if self._there.pop(publication.id, None) is None:
            return
        publication.ended.set()
        try:
            await self._heard(publication)
        finally:
            # Only now: the next publisher comes after this one has gone.
            self._publishers.disconnect(
                publication.world, publication.session_id, publication.measure
            )
            watch = self._watches.pop(publication.id, None)
            if watch is not None and watch is not asyncio.current_task():
                watch.cancel()
            await publication.peer.close()

    async def close(self) -> None:
        """End all of them, and begin none any more."""
        self._closed = True
        await asyncio.gather(*(self.end(each) for each in tuple(self._there.values())))

    async def _heard(self, publication: Publication) -> None:
        followed = self._followed.pop(publication.id, None)
        if followed is None:
            return
        if publication.arrived.is_set():
            await followed.hearing
        else:
            followed.hearing.cancel()
        await followed.ingress.left()

    async def _watch(self, publication: Publication, ingress: Ingress) -> None:
        try:
            while publication.peer.idle_for() < IDLE_SECONDS:
                with suppress(TimeoutError):
                    await asyncio.wait_for(publication.ended.wait(), LOOK_SECONDS)
                if publication.ended.is_set() or not await ingress.is_open():
                    return
        finally:
            await self.end(publication)


async def _follow(publication: Publication, ingress: Ingress) -> None:
    """Let an ingress hear of one publication's media."""
    await publication.arrived.wait()
    await ingress.arrived()

"""What a publisher does to the session it publishes to: its encoder comes and goes with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import NamedTuple

from mock_server.domain.clock import read_clock
from mock_server.domain.entities import Encoder, Room, Session
from mock_server.domain.errors import Conflict
from mock_server.domain.lifecycle import observe
from mock_server.domain.publishing import (
    publication_of,
    publisher_accepted,
    publisher_connected,
    publisher_left,
)
from mock_server.env import Call, Common
from mock_server.events.telling import told_of_publisher
from mock_server.http.transactions import THE_WORLD, Transactions
from mock_server.media.ingress import Addresses
from mock_server.media.publications import Named
from mock_server.storage.protocol import Lock, Needs, StorageError, Transaction
from mock_server.worlds import Worlds

OPEN = ("scheduled", "live")


class _Opened(NamedTuple):
    call: Call
    session: Session


class SessionIngress:
    """Be the ingress of a publication's session (`media.publications.Ingress`), in any process."""

    def __init__(
        self,
        worlds: Worlds,
        transactions: Transactions,
        common: Common,
        addresses: Addresses,
        publication: Named,
    ) -> None:
        self._worlds = worlds
        self._transactions = transactions
        self._common = common
        self._addresses = addresses
        self._publication = publication

    async def accepted(self) -> None:
        """Let the encoder name the publication, in the place of one that another process had.

        Raises Conflict where the session takes no publisher any more, StorageError.
        """
        await self._transactions.do(self._accept)
        self._common.feeds.wake()

    async def is_open(self) -> bool:
        """Tell whether the session is still there and takes the publication."""
        return await self._transactions.do(self._is_open)

    async def arrived(self) -> None:
        """Connect the encoder, and tell of it; nothing where the publication is over."""
        # Nobody is there who could be told: media goes on all the same.
        with suppress(StorageError):
            await self._transactions.do(self._connect)
        self._common.feeds.wake()

    async def left(self) -> None:
        """Drop the encoder, and tell of it, if media had arrived; nothing where it is over."""
        with suppress(StorageError):
            await self.end()

    async def end(self) -> bool:
        """Do as `left`, and return whether it was not over yet; raises StorageError."""
        ended = await self._transactions.do(self._end)
        self._common.feeds.wake()
        return ended

    def _accept(self) -> None:
        with self._changing("publisher_left") as opened:
            if opened is None:
                raise Conflict(
                    f"session {self._publication.session_id} has ended meanwhile, must be open"
                )
            call, session = opened
            if publication_of(call.tx.get(Encoder, session.id)):
                _leave(call, session)
            _put(partial(publisher_accepted, publication=self._publication.told()), session, call)

    def _is_open(self) -> bool:
        env = self._worlds.seen(self._publication.world)
        if env is None:
            return False
        try:
            with env.store.read() as tx:
                return self._open_session(tx) is not None and self._is_named(tx)
        except StorageError:
            # A database that is away for a moment ends nobody's broadcast.
            return True

    def _connect(self) -> None:
        with self._changing("publisher_connected") as opened:
            if opened is not None and self._is_named(opened.call.tx):
                told_of_publisher(partial(_put, publisher_connected, opened.session), opened.call)

    def _end(self) -> bool:
        with self._changing("publisher_left") as opened:
            if opened is None or not self._is_named(opened.call.tx):
                return False
            _leave(*opened)
            return True

    @contextmanager
    def _changing(self, event: str) -> Iterator[_Opened | None]:
        """Open a transaction in which the encoder may change; yield None where the session takes
        no publisher.
        """
        # Never planted anew, as by a request: a world that is gone has no publishers.
        env = self._worlds.seen(self._publication.world)
        if env is None:
            yield None
            return
        session_id = self._publication.session_id
        needs = Needs(
            locks=(Lock(Room, session_id, of=Session),),
            entities=(THE_WORLD, (Session, session_id), (Encoder, session_id)),
        )
        with env.store.write(needs) as tx:
            world, session = tx.get(*THE_WORLD), self._open_session(tx)
            if world is None or session is None:
                yield None
                return
            env = self._worlds.as_read(env, world)
            call = Call(env, tx, event, env.clock(), self._addresses, None, session_id, {}, {})
            yield _Opened(call, session)

    def _open_session(self, tx: Transaction) -> Session | None:
        world, session = tx.get(*THE_WORLD), tx.get(Session, self._publication.session_id)
        if world is None or session is None or session.stream_key != self._publication.key:
            return None
        now = read_clock(world, self._common.wall())
        return session if observe(session, now) in OPEN else None

    def _is_named(self, tx: Transaction) -> bool:
        encoder = tx.get(Encoder, self._publication.session_id)
        return publication_of(encoder).get("id") == self._publication.id


def _leave(call: Call, session: Session) -> None:
    arrived = publication_of(call.tx.get(Encoder, session.id))["arrived"]
    leave = partial(_put, publisher_left, session)
    if arrived:
        told_of_publisher(leave, call)
    else:
        leave(call)


def _put(change: Callable[..., Encoder], session: Session, call: Call) -> None:
    call.tx.put(change(session, call.tx.get(Encoder, session.id), call.now))

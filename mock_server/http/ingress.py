"""What a publisher does to the session it publishes to: its encoder comes and goes with them."""

from __future__ import annotations

from functools import partial

from mock_server.domain.clock import read_clock
from mock_server.domain.entities import Encoder, Room, Session, World
from mock_server.domain.lifecycle import observe
from mock_server.domain.publishing import Follow, publisher_connected, publisher_left
from mock_server.env import Call, Common
from mock_server.events.telling import told_of_publisher
from mock_server.http.transactions import THE_WORLD, Transactions
from mock_server.media.ingress import Addresses
from mock_server.media.publications import Publication
from mock_server.storage.protocol import Lock, Needs, StorageError, Transaction
from mock_server.worlds import Worlds

OPEN = ("scheduled", "live")


class SessionIngress:
    """Be the ingress of a publication's session (`media.publications.Ingress`)."""

    def __init__(
        self,
        worlds: Worlds,
        transactions: Transactions,
        common: Common,
        addresses: Addresses,
        publication: Publication,
    ) -> None:
        self._worlds = worlds
        self._transactions = transactions
        self._common = common
        self._addresses = addresses
        self._publication = publication

    async def is_open(self) -> bool:
        """Tell whether the session is still there and takes the publication."""
        return await self._transactions.do(self._is_open)

    async def arrived(self) -> None:
        """Connect the encoder, and tell of it; nothing where the session takes no publisher."""
        await self._follow("publisher_connected", publisher_connected)

    async def left(self) -> None:
        """Drop the encoder, and tell of it; nothing where the session takes no publisher."""
        await self._follow("publisher_left", publisher_left)

    async def _follow(self, event: str, change: Follow) -> None:
        await self._transactions.do(partial(self._change, event, change))
        self._common.feeds.wake()

    def _is_open(self) -> bool:
        env = self._worlds.seen(self._publication.world)
        if env is None:
            return False
        try:
            with env.store.read() as tx:
                return self._open_session(tx) is not None
        except StorageError:
            # A database that is away for a moment ends nobody's broadcast.
            return True

    def _change(self, event: str, change: Follow) -> None:
        # Never planted anew, as by a request: a world that is gone has no publishers.
        env = self._worlds.seen(self._publication.world)
        if env is None:
            return
        session_id = self._publication.session_id
        needs = Needs(
            locks=(Lock(Room, session_id, of=Session),),
            entities=(THE_WORLD, (Session, session_id), (Encoder, session_id)),
        )
        try:
            with env.store.write(needs) as tx:
                session = self._open_session(tx)
                if session is None:
                    return
                env = self._worlds.as_read(env, _world(tx))
                call = Call(env, tx, event, env.clock(), self._addresses, None, session_id, {}, {})
                told_of_publisher(partial(_changed, change, session), call)
        except StorageError:
            # Nobody is there who could be told: media goes on, or has gone, all the same.
            return

    def _open_session(self, tx: Transaction) -> Session | None:
        world, session = tx.get(*THE_WORLD), tx.get(Session, self._publication.session_id)
        if world is None or session is None or session.stream_key != self._publication.key:
            return None
        now = read_clock(world, self._common.wall())
        return session if observe(session, now) in OPEN else None


def _changed(change: Follow, session: Session, call: Call) -> None:
    before = call.tx.get(Encoder, session.id)
    after = change(session, before, call.now)
    if after is not None and after is not before:
        call.tx.put(after)


def _world(tx: Transaction) -> World:
    world = tx.get(*THE_WORLD)
    assert world is not None, "a session was found in it"
    return world

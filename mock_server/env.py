"""What an operation is given: the surroundings of all requests, and one request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from mock_server.domain.clock import read_clock
from mock_server.domain.encoder import Stretch, stretches
from mock_server.domain.entities import Encoder, Session, User, World
from mock_server.domain.lifecycle import Lifecycle
from mock_server.events.feed import Feeds
from mock_server.journal import Journal, Journals
from mock_server.kept import KeptAnswers, KeptUntil, Remembered
from mock_server.media.ingress import Addresses
from mock_server.media.publications import Publications
from mock_server.media.publishers import Publishers
from mock_server.seeds import SeedFile
from mock_server.settings import Settings
from mock_server.storage.protocol import Store, Transaction

if TYPE_CHECKING:
    from mock_server.injection.answers import ContractAnswers
    from mock_server.worlds import Worlds

Clock = Callable[[], datetime]
# Of so many sessions a world keeps what their encoders do: of one with all its changes 3,000 times.
_MOST_COURSES = 64


@dataclass(slots=True)
class Counters:
    """Count since the start of the process; the only thing here that changes."""

    requests: int = 0
    contract_breaches: int = 0


@dataclass(frozen=True, slots=True)
class Common:
    """Hold what all worlds of a process share; `wall` is the clock of the machine."""

    settings: Settings
    store: Store
    wall: Clock
    lifecycle: Lifecycle
    contract_version: str
    answers: ContractAnswers
    started_at: datetime
    journals: Journals
    feeds: Feeds
    publications: Publications
    counters: Counters = field(default_factory=Counters)
    publishers: Publishers = field(default_factory=Publishers)


@dataclass(frozen=True, slots=True)
class Env:
    """Hold what the requests of one world share, as its entity `world` was when it was last read.

    `store` is confined to the world.
    """

    name: str
    world: World
    common: Common
    store: Store
    seed_file: SeedFile
    worlds: Worlds
    remembered: Remembered
    kept: KeptAnswers[Any]
    playlists: KeptUntil[Any]
    journal: Journal
    courses: Remembered = field(default_factory=lambda: Remembered(most=_MOST_COURSES))

    def course(self, session: Session, encoder: Encoder | None) -> tuple[Stretch, ...]:
        """Return what a session's encoder does, worked out once while nothing is said of it."""
        if encoder is None:
            return stretches(session, None)
        return self.courses.once(session.id, stretches, session, encoder)

    def clock(self) -> datetime:
        """Return the world's time."""
        return read_clock(self.world, self.common.wall())

    @property
    def seed(self) -> int:
        """Return the number that everything random in the world is a function of."""
        return self.world.seed

    @property
    def settings(self) -> Settings:
        """Return what the operator chose."""
        return self.common.settings

    @property
    def lifecycle(self) -> Lifecycle:
        """Return the contract's lifecycle."""
        return self.common.lifecycle

    @property
    def counters(self) -> Counters:
        """Return what is counted of the whole process."""
        return self.common.counters


class Call(NamedTuple):
    """Hold one validated request within its transaction; `id` is the path's parameter or empty.

    `now` of a reading operation is a whole second: `kept.KeptAnswers` says why.
    """

    env: Env
    tx: Transaction
    operation: str
    now: datetime
    addresses: Addresses
    caller: User | None
    id: str
    query: Mapping[str, Any]
    body: Mapping[str, Any]

    @property
    def user(self) -> User:
        """Return the caller of an operation that is not public."""
        assert self.caller is not None, f"{self.operation} is public and has no caller"
        return self.caller

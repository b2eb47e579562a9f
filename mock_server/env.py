"""What an operation is given: the surroundings of all requests, and one request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mock_server.domain.entities import User
from mock_server.domain.lifecycle import Lifecycle
from mock_server.media.ingress import Addresses
from mock_server.seeds import SeedFile
from mock_server.settings import Settings
from mock_server.storage.protocol import Store, Transaction

Clock = Callable[[], datetime]


@dataclass(slots=True)
class Counters:
    """Count since the start of the process; the only thing here that changes."""

    requests: int = 0
    contract_breaches: int = 0


@dataclass(frozen=True, slots=True)
class Env:
    """Hold what every request shares; `seed` is the world's, which a kept store may have set."""

    settings: Settings
    store: Store
    clock: Clock
    seed: int
    seed_file: SeedFile
    lifecycle: Lifecycle
    contract_version: str
    started_at: datetime
    counters: Counters = field(default_factory=Counters)


@dataclass(frozen=True, slots=True)
class Call:
    """Hold one validated request within its transaction; `id` is the path's uuid or empty."""

    env: Env
    tx: Transaction
    operation: str
    now: datetime
    addresses: Addresses
    caller: User | None
    id: str
    query: Mapping[str, int]
    body: Mapping[str, Any]

    @property
    def user(self) -> User:
        """Return the caller of an operation that is not public."""
        assert self.caller is not None, f"{self.operation} is public and has no caller"
        return self.caller

"""What an operation is given: the surroundings of all requests, and one request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from mock_server.domain.entities import User
from mock_server.domain.lifecycle import Lifecycle
from mock_server.media.ingress import Addresses
from mock_server.seeds import SeedFile
from mock_server.settings import Settings
from mock_server.storage.protocol import Store, Transaction

Clock = Callable[[], datetime]
V = TypeVar("V")


@dataclass(slots=True)
class Counters:
    """Count since the start of the process; the only thing here that changes."""

    requests: int = 0
    contract_breaches: int = 0


@dataclass(slots=True)
class Remembered:
    """Keep what was worked out from frozen values, for as long as the same values come.

    A pure cache: forgetting any of it changes no answer. Bounded in the number of ids.
    """

    most: int = 10_000
    _known: dict[str, tuple[tuple[Any, ...], Any]] = field(default_factory=dict)

    def once(self, key: str, work: Callable[..., V], *values: Any) -> V:
        """Return `work(*values)`, remembered under a key while the values stay equal."""
        known = self._known.get(key)
        # Python looks whether two values are one object before it compares them.
        if known is not None and known[0] == values:
            result: V = known[1]
            return result
        if len(self._known) >= self.most:
            self._known.clear()
        result = work(*values)
        self._known[key] = (values, result)
        return result


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
    remembered: Remembered = field(default_factory=Remembered)


class Call(NamedTuple):
    """Hold one validated request within its transaction; `id` is the path's uuid or empty.

    `now` of a reading operation is a whole second: see `http.kept`.
    """

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

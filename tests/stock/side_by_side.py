"""Our application and stock connexion on worlds that are the same, asked the same questions."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from contract_table import operations_of
from exchange import Reply, Request, send
from known import Known, Pool, people_of
from traffic import Traffic
from watched import WatchedStore, level

from benchmarks import stock
from mock_server.app import build_app, build_env, prepare
from mock_server.control.personas import personas_of
from mock_server.env import Env
from mock_server.http.log import RequestLog
from mock_server.kept import Remembered
from mock_server.settings import Settings
from mock_server.storage.indexes import EVERYTHING, PRESETS_OF_USER, ROOMS, SESSIONS
from mock_server.storage.open import open_store

# Not on a full second: what is rounded would look the same as what is not.
START = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Exchange:
    """One request, both answers, and what each of the two changed in its store."""

    request: Request
    ours: Reply
    theirs: Reply
    our_changes: tuple[Any, ...]
    their_changes: tuple[Any, ...]

    @cached_property
    def same(self) -> bool:
        return (
            self.ours.status == self.theirs.status
            and self.ours.media_type == self.theirs.media_type
            and self.our_changes == self.their_changes
            and _comparable(self.ours) == _comparable(self.theirs)
        )

    def __str__(self) -> str:
        said = [str(self.request), f"  ours    {self.ours}", f"  connexion {self.theirs}"]
        if self.our_changes != self.their_changes:
            said += [f"  ours changed    {self.our_changes}"]
            said += [f"  connexion changed {self.their_changes}"]
        return "\n".join(said)


def _comparable(reply: Reply) -> str:
    # 1, 1.0 and true are equal in Python and not in JSON; the order of keys has no meaning there.
    return json.dumps(reply.json, sort_keys=True, default=repr)


class Forgetful(Remembered):
    """Work everything out anew."""

    def once(self, key: str, work: Callable[..., Any], *values: Any) -> Any:
        return work(*values)


class SideBySide:
    """Two applications, each with its own store, under one clock.

    Ours alone may use its store in threads, as one on a network, or have another store or settings.
    """

    def __init__(
        self,
        contract: Any,
        control: Any,
        *,
        in_threads: bool = False,
        store: str = "memory",
        **settings: Any,
    ) -> None:
        self.clock = Clock()
        self._stores = (
            WatchedStore(open_store(store), blocking=in_threads),
            WatchedStore(open_store("memory")),
        )
        ours = self._world(contract, self._stores[0], **settings)
        # What ours remembers of earlier requests must change no answer.
        theirs = replace(self._world(contract, self._stores[1]), remembered=Forgetful())
        self._known = _known(ours)
        self._ours = build_app(ours, contract, control, RequestLog(None, errors=sys.stderr))
        # Validating, so that connexion's own validator finds our operations' answers good too.
        self._theirs = stock.build(theirs, contract, validate_responses=True)
        self._table = operations_of(contract)

    def _world(self, contract: Any, store: WatchedStore, **settings: Any) -> Env:
        chosen = replace(Settings(), **settings)
        env = build_env(chosen, contract, clock=self.clock, store=store)
        store.forget_changes()
        return env

    async def exchanges(self, seed: int, count: int) -> AsyncIterator[Exchange]:
        """Send `count` requests to both and yield what came of each.

        Where only one of the two made a change, it is undone: the next request finds equal worlds.
        """
        await prepare(self._ours)
        traffic = Traffic(seed, self._table, self._known, self.clock)
        for _ in range(count):
            self.clock.now += timedelta(seconds=traffic.seconds_until_next())
            request = traffic.next()
            ours, theirs = await send(self._ours, request), await send(self._theirs, request)
            changes = [store.changes for store in self._stores]
            level(*self._stores)
            yield Exchange(request, ours, theirs, *changes)
            traffic.learn(request, ours)

    def remains(self) -> tuple[Mapping[Any, Any], ...]:
        """Return what each store holds of all that either has ever changed."""
        touched = set().union(*(store.touched for store in self._stores))
        return tuple(store.look_up(touched) for store in self._stores)


def _known(env: Env) -> Known:
    with env.store.read() as tx:
        known = Known(people_of(personas_of(env, tx)))
        for index, pool in ((ROOMS, known.rooms), (SESSIONS, known.sessions)):
            for entity in tx.page(index, EVERYTHING, offset=0, limit=20):
                pool.add(entity.id)
        for person in known.people.values():
            owned = tx.page(PRESETS_OF_USER, str(person.user_id), offset=0, limit=9)
            if owned:
                known.presets[str(person.user_id)] = Pool([each.id for each in owned])
    return known

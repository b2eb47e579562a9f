"""Transactions of what no contract describes: at once, or in a thread where a store blocks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from mock_server.domain.entities import World
from mock_server.env import Env
from mock_server.http.errors import Refusal
from mock_server.storage.protocol import AT_ONCE, Needs, Transaction
from mock_server.worlds import Worlds

T = TypeVar("T")
THE_WORLD = (World, "world")


class Transactions:
    """Open transactions of worlds, and do the work that opens them where it may wait."""

    def __init__(self, worlds: Worlds, *, blocking: bool) -> None:
        self._worlds = worlds
        self._threads = ThreadPoolExecutor(AT_ONCE) if blocking else None

    async def do(self, work: Callable[[], T]) -> T:
        """Return what the work returns: on the event loop, or from a thread if a store blocks."""
        if self._threads is None:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    @contextmanager
    def reading(self, world: str, needs: Needs) -> Iterator[tuple[Env, Transaction]]:
        """Open a transaction that changes nothing, with the world as it is in it.

        Raises what `Worlds.find` does, and Refusal where the world was just deleted.
        """
        env = self._env(world)
        with env.store.read(_with_world(needs)) as tx:
            yield as_read(self._worlds, env, tx), tx

    @contextmanager
    def writing(self, world: str, needs: Needs) -> Iterator[tuple[Env, Transaction]]:
        """Open a transaction that may change what `needs` locks, as `reading` does."""
        env = self._env(world)
        with env.store.write(_with_world(needs)) as tx:
            yield as_read(self._worlds, env, tx), tx

    def _env(self, world: str) -> Env:
        return self._worlds.find(world) if self._threads is None else self._worlds.known(world)


def as_read(worlds: Worlds, env: Env, tx: Transaction) -> Env:
    """Return a world's surroundings as a transaction sees them; raises Refusal where it is gone."""
    world = tx.get(*THE_WORLD)
    if world is None:
        worlds.forget(env.name)
        raise Refusal(
            503,
            f"world `{env.name}` was just deleted, ask again for a new one",
            headers=((b"retry-after", b"1"),),
        )
    return worlds.as_read(env, world)


def _with_world(needs: Needs) -> Needs:
    return replace(needs, entities=(THE_WORLD, *needs.entities))

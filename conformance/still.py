"""Judges what others may change while it is looked at."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from conformance.errors import Mismatch
from conformance.world import World, unsupported

TRIES = 12
ENOUGH = 6
LONGEST_PAUSE = 0.4


def while_still(world: World, look: Callable[[], object], judge: Callable[[], None]) -> None:
    """Judge something shared: a mismatch counts when it recurs though nothing seemed to move.

    `look` returns what must be the same before and after `judge`, which raises Mismatch. Neither
    may change anything; the other rules of this run change nothing meanwhile. Other people may do
    and undo something in between, so one good judgement outweighs all others, and only a mismatch
    that comes every time is the server's.
    """
    with world.api.stillness():
        _while_still(look, judge)


def with_nothing_written(world: World) -> AbstractContextManager[None]:
    """Hold back what this run writes, which would end a cache; a quick run has no time for it."""
    return world.api.stillness() if world.thorough else nullcontext()


def _while_still(look: Callable[[], object], judge: Callable[[], None]) -> None:
    counted: list[Mismatch] = []
    for attempt in range(TRIES):
        before = look()
        try:
            judge()
        except Mismatch as mismatch:
            if look() == before:
                counted.append(mismatch)
        else:
            return
        if len(counted) == ENOUGH:
            raise counted[-1]
        time.sleep(min(0.01 * 2**attempt, LONGEST_PAUSE))
    unsupported("needs a target that stands still for a moment")

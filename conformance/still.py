"""Judges what others may change while it is looked at."""

from __future__ import annotations

from collections.abc import Callable

from conformance.errors import Mismatch
from conformance.world import World, unsupported

TRIES = 3
ENOUGH = 2


def while_still(world: World, look: Callable[[], object], judge: Callable[[], None]) -> None:
    """Judge something shared: a mismatch counts when it recurs though nothing seemed to move.

    `look` returns what must be the same before and after `judge`, which raises Mismatch. Neither
    may change anything; the other rules of this run change nothing meanwhile.
    """
    with world.api.gate.quiet.still():
        _while_still(look, judge)


def _while_still(look: Callable[[], object], judge: Callable[[], None]) -> None:
    counted: list[Mismatch] = []
    for _ in range(TRIES):
        before = look()
        try:
            judge()
        except Mismatch as mismatch:
            if look() == before:
                counted.append(mismatch)
        else:
            return
    if len(counted) >= ENOUGH:
        raise counted[-1]
    unsupported("needs a target that stands still for a moment")

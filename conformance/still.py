"""Judges what others may change while it is looked at."""

from __future__ import annotations

from collections.abc import Callable

from conformance.errors import Mismatch
from conformance.world import unsupported

TRIES = 3
ENOUGH = 2


def while_still(look: Callable[[], object], judge: Callable[[], None]) -> None:
    """Judge something shared: a mismatch counts when it recurs though nothing seemed to move.

    `look` returns what must be the same before and after `judge`, which raises Mismatch.
    """
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

"""Runs: counts inside large groups, so that no place in one is far from a counted one.

A group with more entries than `SIZES[0]` is cut into runs of consecutive entries, each with the
number of its entries; one with more than `SIZES[1]` also into longer runs, of the second level,
and so on: how many levels a group has depends on its size alone. A run is named by its first
possible entry and ends where the next of its level begins. Where a run of one level begins, there
begins one of the level below.
"""

from __future__ import annotations

from bisect import bisect_left

# So many entries a run holds at most, level by level; a cut leaves about half. SQLite passes over
# an entry in 30 ns and Python over a run in 400 ns, so some dozens of a level are soon passed.
SIZES = (256, 256 * 16, 256 * 16**2, 256 * 16**3, 256 * 16**4)


def depth(size: int) -> int:
    """Return how many levels of runs a group of a size has."""
    return bisect_left(SIZES, size)

"""Runs: counts inside large groups, so that no place in one is far from a counted one.

A group with more entries than `SIZES[0]` is cut into runs of consecutive entries, each with the
number of its entries; one with more than `SIZES[1]` also into longer runs, of the second level,
and so on: how many levels a group has depends on its size alone. A run is named by its first
possible entry and ends where the next of its level begins. Where a run of one level begins, there
begins one of the level below.
"""

from __future__ import annotations

from bisect import bisect_left

# So many entries a run holds at most, level by level. SQLite passes over an entry in 30 ns and
# Python over a run in 400 ns. A cut halves a run, so one of a level holds up to 64 of that below.
SIZES = (256, 256 * 32, 256 * 32**2, 256 * 32**3)


def depth(size: int) -> int:
    """Return how many levels of runs a group of a size has."""
    return bisect_left(SIZES, size)

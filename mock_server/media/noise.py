"""Numbers that wander smoothly with time, without memory: seeded value noise.

Only + - * / are used, so every machine computes the same numbers.
"""

from __future__ import annotations

_64_BITS = (1 << 64) - 1


def noise(key: int, position: float) -> float:
    """Return a number from 0 to 1: a height of its own at each whole position, blended between."""
    knot = int(position)
    left = _height(key + knot)
    right = _height(key + knot + 1)
    return left + (right - left) * smooth(position - knot)


def smooth(x: float) -> float:
    """Return 0 below 0, 1 above 1, and an S between that is flat at both ends."""
    x = min(1.0, max(0.0, x))
    return x * x * (3.0 - 2.0 * x)


def _height(number: int) -> float:
    # SplitMix64's mixing step: neighbours come out unrelated, for a fifth of a hash's price.
    number = number * 0x9E3779B97F4A7C15 & _64_BITS
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 & _64_BITS
    number = (number ^ number >> 27) * 0x94D049BB133111EB & _64_BITS
    return (number ^ number >> 31) / (1 << 64)

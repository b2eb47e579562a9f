"""What arrives of one medium, counted by the second and never decoded."""

from __future__ import annotations

_BUCKETS = 8
# Whole seconds a rate is taken over.
_WINDOW = 4
# What came in less time than this says nothing about a rate.
_LEAST = 0.25
_WRAP = 1 << 32


class Meter:
    """Count packets of one RTP stream; `at` is in seconds of a clock that only goes forward.

    One thread writes, others may read: a second's count is replaced, never changed.
    """

    def __init__(self) -> None:
        self.first: float | None = None
        self.last = 0.0
        self._seconds = [(-1, 0, 0)] * _BUCKETS
        self._timestamp = -1

    def add(self, at: float, size: int, timestamp: int) -> bool:
        """Count a packet of so many bytes; returns whether it begins a frame.

        All packets of a frame have one timestamp (RFC 3550, 5.1).
        """
        if self.first is None:
            self.first = at
        self.last = at
        begins = self._timestamp < 0 or 0 < (timestamp - self._timestamp) % _WRAP < _WRAP // 2
        if begins:
            self._timestamp = timestamp
        self._put(int(at), size, int(begins))
        return begins

    def add_overhead(self, at: float, size: int) -> None:
        """Count bytes that are no frame of their own, such as those of a packet sent again."""
        self._put(int(at), size, 0)

    def rates(self, at: float) -> tuple[float, float]:
        """Return bits and frames a second over the last whole seconds, 0 where nothing came."""
        if self.first is None:
            return 0.0, 0.0
        ends = int(at)
        begins = max(int(self.first) + 1, ends - _WINDOW)
        if begins < ends:
            return self._over(begins, ends, ends - begins)
        elapsed = at - self.first
        if elapsed < _LEAST:
            return 0.0, 0.0
        return self._over(int(self.first), ends + 1, elapsed)

    def _put(self, second: int, size: int, frames: int) -> None:
        known, sizes, counted = self._seconds[second % _BUCKETS]
        if known != second:
            sizes = counted = 0
        self._seconds[second % _BUCKETS] = (second, sizes + size, counted + frames)

    def _over(self, begins: int, ends: int, elapsed: float) -> tuple[float, float]:
        found = [each for each in self._seconds if begins <= each[0] < ends]
        sizes, frames = sum(each[1] for each in found), sum(each[2] for each in found)
        return sizes * 8 / elapsed, frames / elapsed

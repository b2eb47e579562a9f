"""The clock of a world, by remote control."""

from __future__ import annotations

from datetime import datetime, timedelta

from mock_server.client.values import ClockState
from mock_server.client.wire import Wire


class Clock:
    """Freeze, resume, set, advance or speed up a world's clock; it never goes back."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def state(self) -> ClockState:
        """Return what it shows."""
        return ClockState.read(self._wire.ask("get_clock"))

    def freeze(self) -> ClockState:
        """Let it stand still."""
        return self._move(freeze=True)

    def resume(self) -> ClockState:
        """Let it go on at the usual rate."""
        return self._move(freeze=False)

    def set(self, to: datetime | str) -> ClockState:
        """Put it forward to a time, with an offset; the answer has what happened on the way.

        Raises Refused for a time that has passed.
        """
        return self._move(set=moment(to))

    def advance(self, by: timedelta | str) -> ClockState:
        """Put it forward by a length such as `2h30m`; the answer has what happened on the way."""
        return self._move(advance=length(by))

    def rate(self, rate: float) -> ClockState:
        """Let it go so many times as fast as the machine's; 0 stands still."""
        return self._move(rate=rate)

    def _move(self, **body: object) -> ClockState:
        return ClockState.read(self._wire.ask("set_clock", body=body))


def moment(time: datetime | str) -> str:
    """Return a time as the mock reads it; raises ValueError for one without an offset."""
    if isinstance(time, str):
        return time
    if time.tzinfo is None:
        raise ValueError(
            f"{time.isoformat()} has no offset, must be aware: datetime(…, tzinfo=UTC)"
        )
    return time.isoformat()


def length(by: timedelta | str) -> str:
    """Return a length of time as the mock reads it, to the millisecond."""
    if isinstance(by, str):
        return by
    if by < timedelta():
        raise ValueError(f"{by} is negative, must not be: the clock only goes forward")
    milliseconds = by.microseconds // 1000
    return f"{by.days}d{by.seconds}s{milliseconds}ms"

"""A world's clock: a function of the world's setting and the time of the machine.

It runs with the machine's until somebody sets it; then it is `clock_at` at the machine's
`clock_wall`, and goes on at `clock_rate` (0: frozen). It never goes back; only a reset does that.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mock_server.domain.entities import World
from mock_server.domain.errors import Conflict, Unprocessable

# Beyond this, times that are added to it (tokens, expiry) would leave what a date can be.
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
# Before this, LiveKit's and JWT's Unix seconds would be negative.
EARLIEST = datetime(1970, 2, 1, tzinfo=UTC)
_LEAP_SECOND = re.compile(r":60(?=[.Z+-])")
_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_PART = re.compile(r"(\d{1,9})(ms|[smhdw])", re.ASCII)


def read_clock(world: World, wall: datetime) -> datetime:
    """Return what a world's clock shows when the machine's shows `wall`."""
    if world.clock_at is None or world.clock_wall is None:
        return wall
    if world.clock_rate == 0:
        return world.clock_at
    # A machine whose clock was put back does not take the world's with it.
    elapsed = max(timedelta(), wall - world.clock_wall)
    try:
        return min(LATEST, world.clock_at + elapsed * world.clock_rate)
    except OverflowError:
        return LATEST


def set_clock(world: World, wall: datetime, to: datetime) -> World:
    """Put the clock forward to a time; its rate stays. Raises Conflict where that is back."""
    now = read_clock(world, wall)
    if to < now:
        raise Conflict(
            f"`set_clock`: the clock shows {_shown(now)} and can't go back to {_shown(to)}, "
            "must be set to a later time (or reset the world)"
        )
    if to > LATEST:
        raise Unprocessable(f"`set_clock`: {_shown(to)} must be before the year {LATEST.year}")
    return replace(world, clock_wall=wall, clock_at=to)


def advance_clock(world: World, wall: datetime, by: timedelta) -> World:
    """Put the clock forward by a length of time."""
    try:
        to = read_clock(world, wall) + by
    except OverflowError:
        raise Unprocessable(
            f"`set_clock`: {by.days} days must end before the year {LATEST.year}"
        ) from None
    return set_clock(world, wall, to)


def set_rate(world: World, wall: datetime, rate: float) -> World:
    """Let the clock go at another rate from now on: 1 is the machine's, 0 stands still."""
    return replace(world, clock_wall=wall, clock_at=read_clock(world, wall), clock_rate=rate)


def read_time(name: str, text: str) -> datetime:
    """Read an RFC 3339 time of the field `name` in UTC.

    Raises Unprocessable for a time outside the years 1 to 9999.
    """
    # RFC 3339 allows a leap second and lower-case letters, which Python does not read.
    readable, leaps = _LEAP_SECOND.subn(":59", text.upper())
    try:
        return datetime.fromisoformat(readable).astimezone(UTC) + timedelta(seconds=leaps)
    except (ValueError, OverflowError):
        raise Unprocessable(f"`{name}` is `{text[:60]}`, must be in the years 1 to 9999") from None


def read_length(text: str) -> timedelta:
    """Read a length of time such as `90s`, `2h30m` or `1w`; raises Unprocessable."""
    total = timedelta()
    end = 0
    for part in _PART.finditer(text):
        if part.start() != end:
            break
        number, unit = int(part[1]), part[2]
        days = 7 if unit == "w" else 1
        try:
            total += timedelta(**{_UNITS["d" if unit == "w" else unit]: number * days})
        except OverflowError:
            raise Unprocessable(f"`advance` is `{text}`, must be shorter") from None
        end = part.end()
    if not text or end != len(text):
        raise Unprocessable(
            f"`advance` is `{text[:40]}`, must be a length such as `90s` or `2h30m`"
        )
    return total


def _shown(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

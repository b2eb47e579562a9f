"""The size of an audience at any moment, by arithmetic: no viewer is ever stored or counted.

People arrive along a ramp of minutes and in one later wave; the peak is everybody who arrived.
The current count is the peak less those who are away just now (noise over a quarter and over two
minutes, so a page that shows it moves) and less those a long session loses for good.
Only + - * / are used, so every machine computes the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mock_server.domain.identity import derive_bytes
from mock_server.media.noise import noise, smooth

_SMALLEST = 3
_QUICK = 15.0
_SLOW = 120.0


@dataclass(frozen=True, slots=True)
class Audience:
    """Hold how many watch and the most who ever watched; `viewers` <= `peak`."""

    viewers: int
    peak: int


@dataclass(frozen=True, slots=True)
class _Show:
    # What one session's curve is made of; times in seconds since the start.
    key: int
    size: int
    ramp: float
    wave_share: float
    wave_at: float
    wave_length: float
    restless: float
    loss: float
    loss_at: float
    loss_length: float


def audience(
    *,
    seed: int,
    session_id: str,
    seats: int,
    joined: int,
    since: datetime,
    until_or_now: datetime,
    size: int | None = None,
    on_air: bool = False,
) -> Audience:
    """Return a live session's audience, those who joined through the API included.

    `since` is its start, `until_or_now` the end of an ended session, else the present; `size` is
    how many come besides those who joined, where somebody has said so. The peak never falls with
    time, more joins or a larger size. Never more than `seats` (or `joined`) watch but `on_air`
    with a size.
    """
    show = _show(seed, session_id, seats, size)
    seconds = max(0.0, (until_or_now - since).total_seconds())
    arrived = show.size * _arrived(show, seconds)
    present = arrived * (1.0 - _away(show, seconds))
    room = show.size if on_air and size is not None else max(0, seats - joined)
    return Audience(
        viewers=joined + min(int(present), room),
        peak=joined + min(int(arrived), room),
    )


def _show(seed: int, session_id: str, seats: int, size: int | None) -> _Show:
    # One hash gives all the numbers: this runs for every session of a list.
    raw = derive_bytes(seed, "audience", session_id, size=44)
    one, two, three, four, five, six, seven, eight, nine = (
        int.from_bytes(raw[at : at + 4]) / 2**32 for at in range(0, 36, 4)
    )
    if size is None:
        share = 0.05 + 0.95 * one * (0.4 + 0.6 * one)
        size = max(0, min(seats, _SMALLEST + int((seats - _SMALLEST + 1) * share)))
    ramp = 90.0 + 210.0 * two
    return _Show(
        key=int.from_bytes(raw[36:]),
        size=size,
        ramp=ramp,
        wave_share=0.3 * three,
        wave_at=ramp * (0.6 + 1.4 * four),
        wave_length=30.0 + 90.0 * five,
        restless=0.06 + 0.1 * six,
        loss=max(0.0, 0.5 * seven - 0.25),
        loss_at=ramp + 600.0 + 1800.0 * eight,
        loss_length=1800.0 + 5400.0 * nine,
    )


def _arrived(show: _Show, seconds: float) -> float:
    # The share of the audience that has arrived, from 0 to 1, never falling.
    late = 1.0 - min(1.0, seconds / show.ramp)
    wave = smooth((seconds - show.wave_at) / show.wave_length)
    return (1.0 - show.wave_share) * (1.0 - late * late) + show.wave_share * wave


def _away(show: _Show, seconds: float) -> float:
    # The share of those who arrived that does not watch just now, from 0 to 1.
    quick = noise(show.key, seconds / _QUICK)
    slow = noise(~show.key, seconds / _SLOW)
    gone = show.loss * smooth((seconds - show.loss_at) / show.loss_length)
    return min(1.0, show.restless * (0.5 * quick + 0.5 * slow) + gone)

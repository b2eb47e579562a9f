"""The size of an audience at any moment, by arithmetic: no viewer is ever stored or counted.

People arrive along a ramp of minutes and in one later wave; the peak is everybody who arrived.
The current count is the peak less those who are away just now (noise over a quarter and over two
minutes, so a page that shows it moves) and less those a long session loses for good.
A shape changes how many are away: with `spikes` they come back in crowds, with `exodus` they go.
Only + - * / are used, so every machine computes the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from mock_server.domain.entities import Shape
from mock_server.domain.identity import derive_bytes
from mock_server.media.noise import noise, smooth

_SMALLEST = 3
_QUICK = 15.0
_SLOW = 120.0
# With the shape `ramp` they come over three quarters of an hour.
_LONG_RAMP = 2_700.0
# With `spikes` so many are away between two crowds, of which one comes every six minutes.
_LULL = 0.5
_SPIKES = 360.0
_SPIKE = 60.0
# With `exodus` nearly all leave within some minutes; said beforehand, so long after the start.
_EXODUS_AT = 2_400.0
_EXODUS = 420.0
_LEFT_OF_EXODUS = 0.03
# Of so many sessions, drawn from the seed, nearly all leave when it has been long: after one and a
# half hours to three.
_LEAVING = 0.4
_LONG = 5_400.0


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
    lull: float
    exodus_at: float | None


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
    shape: Shape | None = None,
    shaped_at: datetime | None = None,
) -> Audience:
    """Return a live session's audience, those who joined through the API included.

    `since` is its start, `until_or_now` the end of an ended session, else the present; `size` is
    how many come besides those who joined, where somebody has said so. The peak never falls with
    time, more joins or a larger size. Never more than `seats` (or `joined`) watch but `on_air`
    with a size. `shaped_at` is when people begin to leave by the shape `exodus`.
    """
    show = _show(seed, session_id, seats, size)
    if shape == "ramp":
        show = replace(show, ramp=_LONG_RAMP, wave_share=0.0)
    seconds = max(0.0, (until_or_now - since).total_seconds())
    arrived = show.size * _arrived(show, seconds)
    leaving = _EXODUS_AT if shaped_at is None else (shaped_at - since).total_seconds()
    present = arrived * (1.0 - _away_by(shape, show, seconds, leaving))
    room = show.size if on_air and size is not None else max(0, seats - joined)
    return Audience(
        viewers=joined + min(int(present), room),
        peak=joined + min(int(arrived), room),
    )


def _show(seed: int, session_id: str, seats: int, size: int | None) -> _Show:
    # One hash gives all the numbers: this runs for every session of a list.
    raw = derive_bytes(seed, "audience", session_id, size=52)
    one, two, three, four, five, six, seven, eight, nine, ten, eleven = (
        int.from_bytes(raw[at : at + 4]) / 2**32 for at in (*range(0, 36, 4), 44, 48)
    )
    if size is None:
        share = 0.05 + 0.95 * one * (0.4 + 0.6 * one)
        size = max(0, min(seats, _SMALLEST + int((seats - _SMALLEST + 1) * share)))
    ramp = 90.0 + 210.0 * two
    return _Show(
        key=int.from_bytes(raw[36:44]),
        size=size,
        ramp=ramp,
        wave_share=0.3 * three,
        wave_at=ramp * (0.6 + 1.4 * four),
        wave_length=30.0 + 90.0 * five,
        restless=0.06 + 0.1 * six,
        loss=max(0.0, 0.5 * seven - 0.25),
        loss_at=ramp + 600.0 + 1800.0 * eight,
        loss_length=1800.0 + 5400.0 * nine,
        lull=max(0.0, _LULL * (2.0 * ten - 1.0)),
        exodus_at=_LONG + _LONG * eleven / _LEAVING if eleven < _LEAVING else None,
    )


def _arrived(show: _Show, seconds: float) -> float:
    # The share of the audience that has arrived, from 0 to 1, never falling.
    late = 1.0 - min(1.0, seconds / show.ramp)
    wave = smooth((seconds - show.wave_at) / show.wave_length)
    return (1.0 - show.wave_share) * (1.0 - late * late) + show.wave_share * wave


def _away_by(shape: Shape | None, show: _Show, seconds: float, leaving: float) -> float:
    # The same share by a shape; `leaving` is when an exodus begins, in seconds since the start.
    if shape is None:
        return _away(show, seconds)
    restless = 0.03 * noise(show.key, seconds / _QUICK)
    if shape == "spikes":
        return _LULL * (1.0 - _crowd(show.key, seconds)) + restless
    if shape == "exodus":
        return 1.0 - _staying(seconds, leaving) * (1.0 - restless)
    return restless


def _staying(seconds: float, leaving: float) -> float:
    # The share of those who are there that an exodus leaves.
    return 1.0 - (1.0 - _LEFT_OF_EXODUS) * smooth((seconds - leaving) / _EXODUS)


def _crowd(key: int, seconds: float) -> float:
    # How much of a crowd is there, from 0 to 1: one in each stretch of six minutes, of its own
    # height, at a place of its own that leaves room for it at both ends.
    number = int(seconds / _SPIKES)
    height = 0.4 + 0.6 * noise(key >> 2, float(number))
    place = number * _SPIKES + _SPIKE + (_SPIKES - 2 * _SPIKE) * noise(key >> 3, float(number))
    return height * (1.0 - smooth(abs(seconds - place) / _SPIKE))


def _away(show: _Show, seconds: float) -> float:
    # The share of those who arrived that does not watch just now, from 0 to 1.
    quick = noise(show.key, seconds / _QUICK)
    slow = noise(~show.key, seconds / _SLOW)
    gone = show.loss * smooth((seconds - show.loss_at) / show.loss_length)
    between = show.lull * (1.0 - _crowd(show.key, seconds)) if show.lull else 0.0
    away = min(1.0, show.restless * (0.5 * quick + 0.5 * slow) + gone + between)
    if show.exodus_at is None:
        return away
    return 1.0 - _staying(seconds, show.exodus_at) * (1.0 - away)

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.entities import Shape
from mock_server.media.audience import Audience, audience

SINCE = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEEDS = st.integers(0, 2**32)
IDS = st.uuids().map(str)
SEATS = st.integers(0, 50_000)
JOINED = st.integers(0, 300)
SECONDS = st.floats(0, 90 * 86_400)


def at(
    seconds: float, *, seed: int = 1, session_id: str = "5b2f", seats: int = 500, joined: int = 0
) -> Audience:
    return audience(
        seed=seed,
        session_id=session_id,
        seats=seats,
        joined=joined,
        since=SINCE,
        until_or_now=SINCE + timedelta(seconds=seconds),
    )


@given(seed=SEEDS, session_id=IDS, seats=SEATS, joined=JOINED, seconds=SECONDS)
def test_joined_people_watch_and_nobody_sits_on_anothers_seat(
    seed: int, session_id: str, seats: int, joined: int, seconds: float
) -> None:
    found = at(seconds, seed=seed, session_id=session_id, seats=seats, joined=joined)

    assert joined <= found.viewers <= found.peak <= max(seats, joined)


@given(seed=SEEDS, session_id=IDS, seats=SEATS, joined=JOINED, first=SECONDS, later=SECONDS)
def test_the_peak_never_falls_with_time(
    *, seed: int, session_id: str, seats: int, joined: int, first: float, later: float
) -> None:
    before, after = (
        at(seconds, seed=seed, session_id=session_id, seats=seats, joined=joined)
        for seconds in sorted((first, later))
    )

    assert before.peak <= after.peak
    assert before.viewers <= after.peak


@given(seed=SEEDS, session_id=IDS, seats=SEATS, joined=JOINED, more=JOINED, seconds=SECONDS)
def test_the_peak_never_falls_with_more_joins(
    *, seed: int, session_id: str, seats: int, joined: int, more: int, seconds: float
) -> None:
    few, many = (
        at(seconds, seed=seed, session_id=session_id, seats=seats, joined=people)
        for people in (joined, joined + more)
    )

    assert few.peak <= many.peak


@given(seed=SEEDS, session_id=IDS, joined=JOINED, seconds=SECONDS)
def test_without_seats_only_those_who_joined_watch(
    seed: int, session_id: str, joined: int, seconds: float
) -> None:
    found = at(seconds, seed=seed, session_id=session_id, seats=0, joined=joined)

    assert found == Audience(viewers=joined, peak=joined)


@given(seed=SEEDS, session_id=IDS, seats=st.integers(3, 50_000))
def test_at_least_three_come_within_half_an_hour_and_nobody_at_the_very_start(
    seed: int, session_id: str, seats: int
) -> None:
    assert at(0, seed=seed, session_id=session_id, seats=seats) == Audience(viewers=0, peak=0)
    assert at(1800, seed=seed, session_id=session_id, seats=seats).peak >= 3


@given(seed=SEEDS, session_id=IDS, seats=SEATS, seconds=st.floats(0, 86_400))
def test_a_clock_before_the_start_counts_as_the_start(
    seed: int, session_id: str, seats: int, seconds: float
) -> None:
    assert at(-seconds, seed=seed, session_id=session_id, seats=seats, joined=2) == Audience(2, 2)


def test_nearly_every_session_of_decent_size_moves_within_twenty_seconds() -> None:
    seen = {
        (number, minute): [
            at(60 * minute + second, session_id=str(number), seats=5_000).viewers
            for second in range(0, 21, 5)
        ]
        for number in range(100)
        for minute in (1, 3, 30, 90)
    }
    decent = [counts for counts in seen.values() if min(counts) >= 150]

    assert len(decent) > 250
    assert sum(len(set(counts)) == 1 for counts in decent) <= 2


@given(seed=SEEDS, session_id=IDS)
def test_the_peak_reaches_its_plateau_within_a_quarter_of_an_hour(
    seed: int, session_id: str
) -> None:
    soon = at(15 * 60, seed=seed, session_id=session_id, seats=5_000).peak

    assert at(30 * 86_400, seed=seed, session_id=session_id, seats=5_000).peak == soon


@given(seed=SEEDS, session_id=IDS, second=st.integers(0, 7_200))
def test_nobody_comes_or_goes_in_hordes(seed: int, session_id: str, second: int) -> None:
    a, b = (
        at(second + ahead, seed=seed, session_id=session_id, seats=5_000).viewers
        for ahead in (0, 1)
    )

    assert abs(a - b) <= 5_000 // 20


def test_sessions_draw_audiences_of_every_size() -> None:
    peaks = [at(3_600, session_id=str(number), seats=100).peak for number in range(300)]

    assert min(peaks) < 15
    assert max(peaks) > 90
    assert 25 < sorted(peaks)[150] < 60


def kept_after(hours: float) -> list[float]:
    found = (at(hours * 3_600, session_id=str(number), seats=5_000) for number in range(200))
    return [each.viewers / each.peak for each in found]


def test_some_sessions_lose_people_slowly_and_most_keep_them_while_they_last() -> None:
    kept = kept_after(0.6)

    assert min(kept) > 0.3
    assert sum(each > 0.6 for each in kept) > 150


def test_of_some_sessions_nearly_all_leave_when_it_has_been_long() -> None:
    left = [each < 0.05 for each in kept_after(3)]

    assert 50 < sum(left) < 110


def test_in_some_sessions_people_come_in_crowds() -> None:
    swings = []
    for number in range(100):
        counts = [
            at(second, session_id=str(number), seats=5_000).viewers
            for second in range(900, 2_100, 30)
        ]
        swings.append(max(counts) / min(counts))

    assert 20 < sum(swing > 1.3 for swing in swings) < 60


def test_another_seed_draws_another_audience() -> None:
    assert at(600, seed=1) == at(600, seed=1)
    assert len({at(600, seed=seed) for seed in range(8)}) > 4


@given(seed=SEEDS, seats=SEATS, joined=JOINED, size=st.integers(0, 1_000_000), seconds=SECONDS)
def test_an_audience_of_a_size_needs_seats_until_there_is_a_broadcast(
    *, seed: int, seats: int, joined: int, size: int, seconds: float
) -> None:
    def sized(*, on_air: bool, more: int = 0) -> Audience:
        return audience(
            seed=seed,
            session_id="5b2f",
            seats=seats,
            joined=joined,
            since=SINCE,
            until_or_now=SINCE + timedelta(seconds=seconds),
            size=size + more,
            on_air=on_air,
        )

    seated, watching = sized(on_air=False), sized(on_air=True)

    assert joined <= seated.viewers <= seated.peak <= max(seats, joined)
    assert seated.peak <= watching.peak <= joined + size
    assert joined <= watching.viewers <= watching.peak
    assert watching.peak <= sized(on_air=True, more=1000).peak


SHAPES = st.sampled_from(get_args(Shape))
FROM = st.one_of(st.none(), st.floats(-3_600, 90_000))


def shaped(
    seconds: float,
    *,
    shape: Shape,
    seed: int = 1,
    joined: int = 0,
    size: int = 10_000,
    leaving: float | None = None,
) -> Audience:
    return audience(
        seed=seed,
        session_id="5b2f",
        seats=100,
        joined=joined,
        since=SINCE,
        until_or_now=SINCE + timedelta(seconds=seconds),
        size=size,
        on_air=True,
        shape=shape,
        shaped_at=None if leaving is None else SINCE + timedelta(seconds=leaving),
    )


@given(
    shape=SHAPES,
    seed=SEEDS,
    joined=JOINED,
    size=st.integers(0, 50_000),
    leaving=FROM,
    seconds=st.tuples(SECONDS, SECONDS),
    more=st.integers(0, 5_000),
)
def test_in_every_shape_the_peak_never_falls_and_is_never_exceeded(
    *,
    shape: Shape,
    seed: int,
    joined: int,
    size: int,
    leaving: float | None,
    seconds: tuple[float, float],
    more: int,
) -> None:
    before, after = (
        shaped(each, shape=shape, seed=seed, joined=joined, size=size, leaving=leaving)
        for each in sorted(seconds)
    )
    larger, fuller = (
        shaped(max(seconds), shape=shape, seed=seed, joined=people, size=number, leaving=leaving)
        for people, number in ((joined, size + more), (joined + more, size))
    )

    assert joined <= after.viewers <= after.peak <= joined + size
    assert before.viewers <= before.peak <= after.peak
    assert after.peak <= larger.peak
    assert after.peak <= fuller.peak


def test_a_steady_audience_stays_and_a_ramp_takes_three_quarters_of_an_hour() -> None:
    steady = [shaped(60 * minute, shape="steady").viewers for minute in range(20, 120)]
    ramp = [shaped(60 * minute, shape="ramp").viewers for minute in (0, 10, 20, 30, 45, 90)]

    assert min(steady) > 9_600
    assert ramp[0] == 0
    assert 3_000 < ramp[1] < 5_000
    assert all(a < b for a, b in pairwise(ramp[:5]))
    assert shaped(2_699, shape="ramp").peak < 10_000 == shaped(2_700, shape="ramp").peak


@given(SEEDS)
def test_spikes_come_in_every_stretch_of_six_minutes(seed: int) -> None:
    for stretch in range(5, 12):
        seconds = range(360 * stretch, 360 * (stretch + 1), 5)
        counts = [shaped(each, shape="spikes", seed=seed).viewers for each in seconds]
        assert min(counts) < 5_100
        assert max(counts) > 6_700
        assert all(abs(a - b) < 1_000 for a, b in pairwise(counts)), "a crowd takes its time"


@given(SEEDS, st.one_of(st.none(), st.floats(1_200, 7_200)))
def test_at_an_exodus_nearly_all_leave_and_do_not_come_back(
    seed: int, leaving: float | None
) -> None:
    begins = 2_400 if leaving is None else leaving

    def there(seconds: float) -> int:
        return shaped(seconds, shape="exodus", seed=seed, leaving=leaving).viewers

    assert there(begins) > 9_600
    assert there(begins + 210) < 6_000
    assert all(there(begins + 420 + later) <= 300 for later in (0, 60, 3_600, 86_400))

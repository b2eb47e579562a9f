from __future__ import annotations

import pytest

from mock_server.media.counting import Meter

FRAME = 3000


def filled(*, begins: float, seconds: float, each: int = 1250, packets: int = 2) -> Meter:
    """30 frames a second of so many packets."""
    meter = Meter()
    for number in range(int(seconds * 30)):
        for _ in range(packets):
            meter.add(begins + number / 30, each, number * FRAME)
    return meter


def test_rates_are_those_of_whole_seconds():
    meter = filled(begins=100.4, seconds=6)
    assert meter.rates(106.2) == (30 * 2 * 1250 * 8, 30)


def test_a_rate_is_known_before_a_second_is_over_but_not_at_once():
    meter = filled(begins=100.5, seconds=0.7)
    assert meter.rates(100.5) == (0, 0)
    bits, frames = meter.rates(101.2)
    assert frames == pytest.approx(30, abs=2)
    assert bits == pytest.approx(600_000, rel=0.1)


def test_what_has_stopped_fades_to_nothing():
    meter = filled(begins=100.0, seconds=5)
    rates = [meter.rates(105.0 + later)[1] for later in range(6)]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == 0


def test_nothing_that_came_is_no_rate():
    assert Meter().rates(5.0) == (0.0, 0.0)


def test_packets_of_one_timestamp_are_one_frame_and_late_ones_none():
    meter = Meter()
    begun = [meter.add(1.0, 10, stamp) for stamp in (0, 0, FRAME, 0, FRAME, 2 * FRAME)]
    assert begun == [True, False, True, False, False, True]


def test_a_timestamp_that_wraps_begins_a_frame():
    meter = Meter()
    assert [meter.add(1.0, 10, stamp) for stamp in (2**32 - 1500, 1500)] == [True, True]


def test_bytes_sent_again_count_and_are_no_frames():
    meter = filled(begins=100.0, seconds=3)
    meter.add_overhead(101.5, 60_000)
    assert meter.rates(103.0)[0] > 600_000
    assert meter.rates(103.0)[1] == 30


def test_it_holds_no_more_after_a_day_than_after_a_minute():
    meter = Meter()
    for second in range(86_400):
        meter.add(float(second), 1, second * 90_000)
    assert len(meter._seconds) == 8

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.seeds.times import full_step, parse_length, parse_offset


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("now", timedelta(0)),
        ("-35m", timedelta(minutes=-35)),
        ("+2d", timedelta(days=2)),
        ("-3d4h", timedelta(days=-3, hours=-4)),
        ("+1w2d3h4m5s", timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5)),
        ("-90s", timedelta(seconds=-90)),
    ],
)
def test_an_offset_is_a_sign_and_lengths(text: str, offset: timedelta) -> None:
    assert parse_offset(text) == offset


@pytest.mark.parametrize(
    "text",
    ["", "-", "+", "35m", "-35", "- 35m", "-35min", "-4h3d", "-1.5h", "tomorrow", "-99999d", "-٣m"],
)
def test_anything_else_is_no_offset(text: str) -> None:
    assert parse_offset(text) is None


def test_a_length_has_no_sign() -> None:
    assert parse_length("1h30m") == timedelta(minutes=90)
    assert parse_length("+5m") is None
    assert parse_length("") is None


@given(
    st.floats(0, 4e9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.integers(1, 3600),
)
def test_a_full_step_is_less_than_a_step_away(time: datetime, seconds: int) -> None:
    step = timedelta(seconds=seconds)

    assert time - step < full_step(time, step, later=False) <= time
    assert time <= full_step(time, step, later=True) < time + step


def test_a_step_of_zero_moves_nothing() -> None:
    time = datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC)

    assert full_step(time, timedelta(0), later=True) == time

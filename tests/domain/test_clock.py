from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.clock import (
    LATEST,
    advance_clock,
    read_clock,
    read_length,
    set_clock,
    set_rate,
)
from mock_server.domain.entities import World
from mock_server.domain.errors import Conflict, Unprocessable

WALL = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORLD = World(id="world", seed=1, scenario="empty", created_at=WALL)
HOUR = timedelta(hours=1)


def test_a_clock_that_nobody_set_is_the_machines():
    assert read_clock(WORLD, WALL + HOUR) == WALL + HOUR


def test_a_frozen_clock_stands_and_goes_on_from_there_when_it_is_resumed():
    frozen = set_rate(WORLD, WALL, 0)
    assert read_clock(frozen, WALL + HOUR) == WALL
    resumed = set_rate(frozen, WALL + HOUR, 1)
    assert read_clock(resumed, WALL + 2 * HOUR) == WALL + HOUR


def test_a_rate_makes_hours_of_minutes():
    fast = set_rate(WORLD, WALL, 60)
    assert read_clock(fast, WALL + timedelta(minutes=2)) == WALL + 2 * HOUR


def test_a_clock_that_is_put_forward_keeps_its_rate():
    frozen = set_rate(WORLD, WALL, 0)
    assert read_clock(advance_clock(frozen, WALL, HOUR), WALL + HOUR) == WALL + HOUR
    assert read_clock(advance_clock(WORLD, WALL, HOUR), WALL + HOUR) == WALL + 2 * HOUR


def test_a_clock_never_goes_back():
    ahead = advance_clock(WORLD, WALL, HOUR)
    with pytest.raises(Conflict, match="can't go back"):
        set_clock(ahead, WALL, WALL)
    assert read_clock(set_clock(ahead, WALL, WALL + HOUR), WALL) == WALL + HOUR


def test_a_machine_whose_clock_is_put_back_does_not_take_the_worlds_along():
    ahead = advance_clock(WORLD, WALL, HOUR)
    assert read_clock(ahead, WALL - 5 * HOUR) == WALL + HOUR


@pytest.mark.parametrize("days", [365 * 7000, 999_999_999])
def test_a_clock_has_an_end(days):
    with pytest.raises(Unprocessable, match="year 9000"):
        advance_clock(WORLD, WALL, timedelta(days=days))


def test_a_clock_that_runs_into_its_end_stays_there():
    fast = set_rate(WORLD, WALL, 1e9)
    assert read_clock(fast, WALL + timedelta(days=900)) == LATEST


@given(
    st.lists(
        st.tuples(st.integers(0, 10**6), st.sampled_from(["advance", "rate"]), st.integers(0, 99)),
        max_size=20,
    )
)
def test_whatever_is_done_to_it_a_clock_never_goes_back(moves):
    world, wall, last = WORLD, WALL, WALL
    for seconds, what, value in moves:
        wall += timedelta(seconds=seconds)
        if what == "advance":
            world = advance_clock(world, wall, timedelta(minutes=value))
        else:
            world = set_rate(world, wall, value)
        now = read_clock(world, wall)
        assert now >= last
        last = now


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90s", timedelta(seconds=90)),
        ("2h30m", timedelta(hours=2, minutes=30)),
        ("1w", timedelta(weeks=1)),
        ("1d250ms", timedelta(days=1, milliseconds=250)),
        ("0s", timedelta()),
    ],
)
def test_a_length_is_read(text, length):
    assert read_length(text) == length


@pytest.mark.parametrize("text", ["", "2", "h", "-2h", "2h ", "2 h", "1.5h", "2h3", "٣h", "9" * 99])
def test_what_is_no_length_is_refused_with_an_example(text):
    with pytest.raises(Unprocessable, match="must be a length such as"):
        read_length(text)


def test_a_length_that_no_date_has_room_for_is_refused():
    with pytest.raises(Unprocessable, match="must be shorter"):
        read_length("999999999w")

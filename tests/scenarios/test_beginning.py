from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.scenarios import (
    Beginning,
    ClockStep,
    Scenario,
    ScenarioFailed,
    load_scenario,
    story_names,
)

WALL = datetime(2028, 2, 29, 11, 3, 7, tzinfo=UTC)
# From 1986 to 2096.
WALLS = st.floats(5e8, 4e9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
THEN = datetime(2031, 5, 5, tzinfo=UTC)
STORY = load_scenario("sold-out")
STORIES = [found for found in map(load_scenario, story_names()) if found.steps]


def beginning(**how) -> Beginning:
    return Beginning(**{"scenario": STORY, "seed": 1, **how})


def length_of(scenario: Scenario) -> timedelta:
    steps = [step for step in scenario.steps if isinstance(step, ClockStep)]
    return sum((step.by for step in steps if step.by), timedelta())


def test_it_begins_at_the_time_that_is_asked_for_else_at_its_own_else_now() -> None:
    timeless = replace(STORY, now=None)

    assert beginning(now=THEN).start(WALL) == THEN
    assert beginning().start(WALL) == STORY.now
    assert beginning(scenario=timeless).start(WALL) == WALL


@given(wall=WALLS)
@pytest.mark.parametrize("scenario", STORIES, ids=lambda found: found.name)
def test_it_ends_at_most_five_minutes_ago_and_begins_on_full_ones(
    scenario: Scenario, wall: datetime
) -> None:
    start = beginning(scenario=scenario, end_now=True).start(wall)

    assert timedelta() <= wall - (start + length_of(scenario)) < timedelta(minutes=5)
    assert (start.minute % 5, start.second, start.microsecond) == (0, 0, 0)


def test_a_fixed_time_in_a_story_keeps_it_where_it_is() -> None:
    fixed = replace(STORY, steps=(*STORY.steps, ClockStep(line=99, to=THEN)))

    with pytest.raises(ScenarioFailed, match=r"^sold-out\.yaml:99: `clock` goes to a fixed time"):
        beginning(scenario=fixed, end_now=True).start(WALL)
    assert beginning(scenario=fixed).start(WALL) == STORY.now


def test_only_a_story_can_end_at_the_present() -> None:
    demo = load_scenario("demo")

    assert not beginning(scenario=demo, end_now=True).ends_at_present
    assert beginning(scenario=demo, end_now=True).start(WALL) == WALL


@pytest.mark.parametrize(
    ("how", "real"),
    [
        ({"scenario": "demo"}, True),
        ({"scenario": "demo", "end_now": True}, True),
        ({"scenario": "demo", "now": THEN}, False),
        ({"scenario": "demo", "freeze": True}, False),
        ({"scenario": "sold-out"}, False),
    ],
)
def test_the_clock_is_the_machines_where_nothing_sets_it(how, real) -> None:
    found = beginning(**{**how, "scenario": load_scenario(how["scenario"])})

    assert found.keeps_real_time is real

"""What time does to encoders is told: once, in order, at its own time."""

from __future__ import annotations

from itertools import pairwise

import pytest


def say(mock, session, action, **options):
    path = f"/_mock/sessions/{session}/encoder"
    return mock.data("POST", path, json={"action": action, **options})


def live(mock, **body):
    session = mock.session(**body)
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    return session


def put_forward(mock, length):
    return mock.data("POST", "/_mock/clock", json={"advance": length, "freeze": True})


def turns(events, session=None):
    """When and what, of the events that time made of encoders."""
    return [
        (each["at"][11:19], each["encoder"])
        for each in events
        if each["operation"] == "encoder_changed" and session in (None, each["session_id"])
    ]


def test_the_end_of_a_drop_is_told_at_its_own_time(mock, told):
    session = live(mock)
    say(mock, session, "drop", seconds=10)
    mock.clock.advance(seconds=9)
    assert turns(told()) == []
    mock.clock.advance(days=1)
    assert turns(told()) == [("12:00:10", "buffering"), ("12:00:12", "publishing")]
    event = told()[-1]
    detail = mock.data("GET", f"/sessions/{session}")
    assert event["session_id"] == session
    assert (event["room_id"], event["preset_id"]) == (detail["room_id"], detail["preset"]["id"])
    assert (event["was"], event["status"]) == ("live", "live")
    assert "caller_id" not in event
    mock.clock.advance(days=1)
    assert len(turns(told())) == 2


def test_every_turn_of_a_flap_is_told_after_the_clock_and_listed_by_it(mock, told):
    session = live(mock)
    say(mock, session, "flap", every=10, times=2, after=60)
    before = len(told())
    clock = put_forward(mock, "1h")
    wanted = [
        ("12:01:00", "dropped"), ("12:01:05", "buffering"), ("12:01:07", "publishing"),
        ("12:01:10", "dropped"), ("12:01:15", "buffering"), ("12:01:17", "publishing"),
    ]  # fmt: skip
    assert told()[before]["operation"] == "set_clock"
    assert turns(told()[before:]) == wanted
    assert clock["fired_total"] == 6
    assert [(each["at"][11:19], each["encoder"]) for each in clock["fired"]] == wanted
    assert {each["event"] for each in clock["fired"]} == {"encoder_changed"}
    assert {each["session_id"] for each in clock["fired"]} == {session}


def test_sessions_that_expire_and_encoders_that_turn_are_told_in_one_order(mock, told):
    session = live(mock)
    for hour in (14, 13):
        mock.session(scheduled_start_time=f"2026-03-01T{hour}:00:00Z")
    day = 24 * 3600
    for hours in (1, 2, 3):
        say(mock, session, "bitrate_collapse", after=day + hours * 3600 - 1, seconds=2)
    before = len(told())
    clock = put_forward(mock, "2d")
    events = told()[before + 1 :]
    assert [each["at"] for each in events] == sorted(each["at"] for each in events)
    assert [each["operation"] for each in events] == [
        "encoder_changed", "session_expired", "encoder_changed",
        "encoder_changed", "session_expired", "encoder_changed",
        "encoder_changed", "encoder_changed",
    ]  # fmt: skip
    assert [each["event"] for each in clock["fired"]] == [each["operation"] for each in events]
    assert clock["fired_total"] == len(events)


def test_what_was_planned_before_the_broadcast_is_told_once_it_runs(mock, told):
    session = mock.session()
    say(mock, session, "drop")
    say(mock, session, "connect", after=5)
    mock.clock.advance(minutes=1)
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    assert turns(told()) == []
    mock.clock.advance(minutes=1)
    assert turns(told()) == [("12:01:05", "buffering"), ("12:01:07", "publishing")]


def test_an_end_tells_what_came_before_it_and_nothing_comes_after_it(mock, told):
    session = live(mock)
    say(mock, session, "flap", every=20, times=5)
    mock.clock.advance(seconds=21)
    mock.data("POST", f"/sessions/{session}/end", by="host")
    mock.clock.advance(days=1)
    events = told()
    assert [each["operation"] for each in events[-5:]] == [
        "set_encoder", "encoder_changed", "encoder_changed", "encoder_changed", "end_session",
    ]  # fmt: skip
    assert turns(events) == [
        ("12:00:10", "buffering"), ("12:00:12", "publishing"), ("12:00:20", "dropped"),
    ]  # fmt: skip
    mock.data("DELETE", f"/sessions/{session}", by="host")
    mock.clock.advance(days=1)
    assert told()[len(events) :] == told()[-1:]


def test_another_word_is_told_after_what_came_before_it(mock, told):
    session = live(mock)
    say(mock, session, "drop", seconds=10)
    mock.clock.advance(seconds=30)
    say(mock, session, "silent_audio")
    events = told()[-3:]
    assert [each["operation"] for each in events] == [
        "encoder_changed", "encoder_changed", "set_encoder",
    ]  # fmt: skip
    mock.clock.advance(days=1)
    assert told()[-3:] == events


def test_what_is_taken_back_is_never_told(mock, told):
    session = live(mock)
    say(mock, session, "flap", after=60)
    say(mock, session, "connect")
    assert put_forward(mock, "1h")["fired_total"] == 0
    assert turns(told()) == []


def test_a_change_that_comes_to_nothing_is_not_told(mock, told):
    session = live(mock)
    say(mock, session, "bitrate_collapse")
    say(mock, session, "bitrate_collapse", after=30)
    say(mock, session, "connect", after=60)
    mock.clock.advance(minutes=5)
    assert turns(told()) == [("12:01:00", "publishing")]


def test_a_week_of_thousands_of_turns_is_told_whole_and_in_order(mock):
    sessions = [live(mock) for _ in range(4)]
    for number, session in enumerate(sessions):
        for begin in range(10):
            after = begin * 10_000 + number + 1
            say(mock, session, "flap", every=100, times=50, after=after)
    after = mock.data("GET", "/_mock/events/past?limit=1")["newest"]
    clock = put_forward(mock, "1w")
    # Two at each turn of a flap, and one when it has buffered.
    wanted = 4 * 10 * 50 * 3
    assert clock["fired_total"] == wanted
    assert len(clock["fired"]) == 1000
    events = []
    while page := mock.data("GET", f"/_mock/events/past?after={after}&limit=1000")["events"]:
        events += page
        after = page[-1]["id"]
    found = turns(events)
    assert len(found) == wanted == len(events) - 1
    assert all(a["at"] <= b["at"] for a, b in pairwise(events[1:]))
    assert {len(turns(events, session)) for session in sessions} == {wanted // 4}
    assert found[:1000] == [(each["at"][11:19], each["encoder"]) for each in clock["fired"]]


@pytest.mark.parametrize("how", ["fork", "restore"])
def test_a_copy_tells_what_its_original_had_not(mock, how):
    session = live(mock)
    say(mock, session, "drop", seconds=10, after=60)
    mock.data("POST", "/_mock/worlds/default/snapshots", json={"label": "before"})
    mock.data("POST", "/_mock/worlds", json={"name": how, "from": "default"})
    if how == "restore":
        put_forward(mock, "1h")
        mock.data("POST", "/_mock/worlds/default/restore", json={"label": "before"})
        world = ""
    else:
        world = f"/_mock/worlds/{how}"
    mock.data("POST", f"{world}/_mock/clock", json={"advance": "1h"})
    events = mock.data("GET", f"{world}/_mock/events/past")["events"]
    assert [each[1] for each in turns(events)] == ["dropped", "buffering", "publishing"]


def test_a_reset_forgets_what_was_planned(mock, told):
    session = live(mock)
    say(mock, session, "drop", seconds=10)
    mock.data("POST", "/_mock/reset")
    mock.clock.advance(days=1)
    assert turns(told()) == []


STORY = """
version: 1
description: An encoder that drops twice, once before the world is there.
seed_file: empty
now: 2026-03-01T12:00:00Z
steps:
  - operation: create_room
    with: {body: {title: Here}}
    save: {room: room.id}
  - operation: list_presets
    save: {preset: presets.0.id}
  - operation: create_session
    with: {id: $room, body: {title: Now, preset_id: $preset}}
    save: {session: session.id}
  - operation: go_live
    with: {id: $session}
  - operation: set_encoder
    with: {id: $session, body: {action: flap, every: 100, times: 2}}
  - clock: +20s
"""


def test_what_time_did_in_a_scenario_is_not_told_but_what_it_does_then(mock_with, tmp_path):
    story = tmp_path / "story.yaml"
    story.write_text(STORY)
    with mock_with(scenario=str(story)) as world:
        assert world.data("GET", "/_mock/events/past")["events"] == []
        put_forward(world, "1w")
        assert turns(world.data("GET", "/_mock/events/past")["events"]) == [
            ("12:00:50", "buffering"), ("12:00:52", "publishing"), ("12:01:40", "dropped"),
            ("12:02:30", "buffering"), ("12:02:32", "publishing"),
        ]  # fmt: skip


def test_what_a_saved_world_planned_is_told_where_it_is_planted(mock, mock_with, tmp_path):
    session = live(mock)
    say(mock, session, "drop", seconds=10)
    say(mock, session, "drop", seconds=10, after=3600)
    mock.clock.advance(minutes=1)
    saved = tmp_path / "saved.yaml"
    saved.write_text(mock.data("GET", "/_mock/worlds/default/seed")["text"])
    with mock_with(scenario=str(saved)) as planted:
        planted.clock.advance(days=1)
        events = planted.data("GET", "/_mock/events/past")["events"]
        assert [each[1] for each in turns(events)] == ["dropped", "buffering", "publishing"]

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mock_server.domain import presets, sessions
from mock_server.domain.entities import Preset, Session
from mock_server.domain.errors import Conflict, Unprocessable

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = THEN + timedelta(minutes=5)
PRESET = Preset(
    id="p",
    user_id="u",
    library_id="l",
    name="Webinar",
    type="whip",
    settings=presets.settings_from({"max_join_limit": 20}),
    created_at=THEN,
    updated_at=THEN,
)
SESSION = Session(
    id="s",
    room_id="r",
    preset_id="p",
    title="Launch",
    mode="webcam",
    stream_key="k",
    ingress_id="i",
    created_at=THEN,
    updated_at=THEN,
)
LIVE = sessions.start_session(SESSION, NOW, seats=20)


def test_starting_opens_the_room_and_remembers_the_seats():
    assert (LIVE.state, LIVE.started_at, LIVE.seats, LIVE.updated_at) == ("live", NOW, 20, NOW)
    assert LIVE.broadcast_at is None


def test_starting_a_live_session_changes_nothing():
    assert sessions.start_session(LIVE, NOW + timedelta(hours=1), seats=5) is LIVE


def test_going_live_also_begins_the_broadcast():
    assert sessions.go_live(SESSION, NOW, seats=3).broadcast_at == NOW


def test_going_live_while_broadcasting_changes_nothing():
    live = sessions.go_live(SESSION, NOW, seats=3)
    assert sessions.go_live(live, NOW + timedelta(hours=1), seats=9) is live


def test_a_webcam_broadcast_needs_webcam_mode():
    assert sessions.start_webcam_hls(LIVE, NOW).broadcast_at == NOW
    with pytest.raises(Conflict, match="mode is `rtmp`, must be `webcam`"):
        sessions.start_webcam_hls(replace(LIVE, mode="rtmp"), NOW)


def test_an_override_wins_over_the_preset_even_when_it_is_zero():
    assert sessions.effective_join_limit(SESSION, PRESET) == 20
    closed = sessions.update_session_settings(SESSION, NOW, settings={"max_join_limit": 0})
    assert sessions.effective_join_limit(closed, PRESET) == 0


def test_settings_that_are_not_given_stay_and_unknown_ones_are_ignored():
    first = sessions.update_session_settings(SESSION, NOW, settings={"chat_enabled": False})
    second = sessions.update_session_settings(first, NOW, settings={"stage_enabled": True, "x": 1})
    assert (second.chat_enabled_override, second.stage_enabled_override) == (False, True)


def test_no_settings_are_no_change():
    assert sessions.update_session_settings(SESSION, NOW, settings={}) is SESSION


def test_rescheduling_moves_the_start_and_the_time_of_change():
    moved = sessions.reschedule_session(SESSION, NOW, start=NOW + timedelta(days=1))
    assert (moved.scheduled_start_time, moved.updated_at) == (NOW + timedelta(days=1), NOW)


def test_a_start_time_must_lie_in_the_future():
    sessions.require_future(NOW + timedelta(microseconds=1), NOW)
    with pytest.raises(Unprocessable, match="must be after 2026-03-01T12:05:00Z"):
        sessions.require_future(NOW, NOW)


def test_the_mode_follows_the_presets_type_unless_the_body_names_one():
    assert sessions.mode_for(PRESET, None) == "webcam"
    assert sessions.mode_for(replace(PRESET, type="rtmp"), None) == "rtmp"
    assert sessions.mode_for(PRESET, "rtmp") == "rtmp"


def test_a_device_is_set_or_toggled_without_moving_the_time_of_change():
    off = sessions.set_host_device(LIVE, "host_video_enabled", enabled=None)
    assert (off.host_video_enabled, off.updated_at) == (False, LIVE.updated_at)
    assert sessions.set_host_device(off, "host_video_enabled", enabled=False) == off

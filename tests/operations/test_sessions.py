from __future__ import annotations

import pytest

MISSING = "00000000-0000-4000-8000-000000000000"


def test_a_new_session_is_scheduled_and_has_a_key(mock):
    room = mock.room()
    body = {
        "title": "Launch",
        "preset_id": mock.preset(),
        "scheduled_start_time": "2026-03-02t10:00:00.5+02:00",
    }
    made = mock.data("POST", f"/rooms/{room}/sessions", by="host", json=body)
    session = made["session"]
    assert (session["status"], session["mode"]) == ("scheduled", "webcam")
    assert session["scheduled_start_time"] == "2026-03-02T08:00:00.500000Z"
    assert made["rtmp_url"] == "rtmp://mock:1935/live"
    assert len(made["stream_key"]) == 12
    assert mock.data("GET", f"/sessions/{session['id']}") == session
    assert mock.data("GET", f"/rooms/{room}/sessions", by="host")["sessions"] == [session]


def test_the_mode_in_the_body_wins_over_the_presets_type(mock):
    session = mock.session(preset_id=mock.preset(type="whip"), mode="rtmp")
    assert mock.data("GET", f"/sessions/{session}")["mode"] == "rtmp"


@pytest.mark.parametrize(
    ("time", "sentence"),
    [
        ("2026-03-01T12:00:00Z", "is in the past, must be after 2026-03-01T12:00:00Z"),
        ("2020-12-31T23:59:60Z", "is in the past"),
        ("0000-01-01T00:00:00Z", "must be in the years 1 to 9999"),
        ("9999-12-31T23:59:59-23:00", "must be in the years 1 to 9999"),
        ("2026-03-02T10:00:00", "must be a `date-time`"),
        ("tomorrow", "must be a `date-time`"),
    ],
)
def test_a_start_time_must_be_a_moment_in_the_future(mock, time, sentence):
    body = {"title": "Launch", "preset_id": MISSING, "scheduled_start_time": time}
    refusal = mock.send("POST", f"/rooms/{MISSING}/sessions", by="viewer", json=body)
    assert refusal.status_code == 422
    assert sentence in refusal.json()["error"]


def test_a_leap_second_ahead_is_accepted(mock):
    session = mock.session(scheduled_start_time="2026-06-30T23:59:60Z")
    assert mock.data("GET", f"/sessions/{session}")["scheduled_start_time"] == (
        "2026-07-01T00:00:00Z"
    )


@pytest.mark.parametrize("whose", ["nobody", "other_host", "deleted"])
def test_a_preset_must_be_the_callers_own(mock, whose):
    preset = MISSING if whose == "nobody" else mock.preset("host" if whose == "deleted" else whose)
    if whose == "deleted":
        mock.data("DELETE", f"/presets/{preset}", by="host")
    body = {"title": "Launch", "preset_id": preset}
    refusal = mock.send("POST", f"/rooms/{mock.room()}/sessions", by="host", json=body)
    assert refusal.status_code == 422
    assert refusal.json()["error"].startswith("`preset_id`")


def test_an_expired_session_can_be_rescheduled_and_started(mock):
    session = mock.session(scheduled_start_time="2026-03-01T13:00:00Z")
    created = mock.data("GET", f"/sessions/{session}")
    mock.clock.advance(hours=25)
    expired = mock.data("GET", f"/sessions/{session}")
    assert (expired["status"], expired["updated_at"]) == ("expired", created["updated_at"])
    assert mock.send("POST", f"/sessions/{session}/start", by="host").status_code == 409
    body = {"scheduled_start_time": "2026-03-09T13:00:00Z"}
    again = mock.data("PATCH", f"/sessions/{session}/reschedule", by="host", json=body)
    assert (again["status"], again["updated_at"]) == ("scheduled", "2026-03-02T13:00:00Z")
    mock.data("POST", f"/sessions/{session}/start", by="host")


def test_overrides_show_beside_what_is_in_force(mock):
    session = mock.session(preset_id=mock.preset(chat_enabled=False, max_join_limit=7))
    before = mock.data("GET", f"/sessions/{session}")
    assert (before["effective_chat_enabled"], before["effective_max_join_limit"]) == (False, 7)
    assert "chat_enabled_override" not in before
    path = f"/sessions/{session}/settings"
    after = mock.data("PATCH", path, by="host", json={"chat_enabled": True})
    assert after["chat_enabled_override"] is after["effective_chat_enabled"] is True
    assert "max_join_limit_override" not in after
    assert mock.data("PATCH", path, by="host", json={}) == after


@pytest.mark.parametrize(("limit", "status"), [(0, 200), (10_000, 200), (10_001, 422), (-1, 422)])
def test_a_join_limit_of_a_session_has_bounds(mock, limit, status):
    session = mock.session()
    path = f"/sessions/{session}/settings"
    assert mock.send("PATCH", path, by="host", json={"max_join_limit": limit}).status_code == status


def test_a_changed_preset_shows_in_its_sessions_at_once(mock):
    preset = mock.preset()
    session = mock.session(preset_id=preset)
    mock.data("PATCH", f"/presets/{preset}", by="host", json={"max_join_limit": 3})
    view = mock.data("GET", f"/sessions/{session}")
    assert view["effective_max_join_limit"] == view["preset"]["max_join_limit"] == 3


def test_a_preset_in_use_stays_and_lives_on_in_ended_sessions(mock):
    preset = mock.preset()
    session = mock.session(preset_id=preset)
    assert mock.send("DELETE", f"/presets/{preset}", by="host").status_code == 409
    mock.data("POST", f"/sessions/{session}/start", by="host")
    mock.data("POST", f"/sessions/{session}/end", by="host")
    mock.data("DELETE", f"/presets/{preset}", by="host")
    assert mock.send("GET", f"/presets/{preset}", by="host").status_code == 404
    assert mock.data("GET", f"/sessions/{session}")["preset"]["id"] == preset


@pytest.mark.parametrize(
    ("method", "action", "body"),
    [
        ("POST", "/start", None),
        ("POST", "/go_live", None),
        ("POST", "/end", None),
        ("POST", "/ensure_hls_egress", None),
        ("POST", "/start_webcam_hls", None),
        ("PATCH", "/settings", {"chat_enabled": False}),
        ("PATCH", "/reschedule", {"scheduled_start_time": "2027-01-01T00:00:00Z"}),
        ("DELETE", "", None),
    ],
)
def test_only_the_rooms_host_runs_a_session(mock, method, action, body):
    session = mock.session()
    before = mock.data("GET", f"/sessions/{session}")
    for by, status in (("other_host", 403), ("viewer", 403), (None, 401)):
        answer = mock.send(method, f"/sessions/{session}{action}", by=by, json=body)
        assert answer.status_code == status, answer.text
    assert mock.send(method, f"/sessions/{MISSING}{action}", by="host", json=body).status_code == (
        404
    )
    assert mock.data("GET", f"/sessions/{session}") == before

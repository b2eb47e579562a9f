from __future__ import annotations

import jwt
import pytest

from mock_server.media.publishers import Measured


def live(mock, operation="go_live", **body):
    session = mock.session(**body)
    return session, mock.data("POST", f"/sessions/{session}/{operation}", by="host")


def test_starting_gives_the_session_its_addresses_and_a_host_token(mock):
    session = mock.data(
        "POST",
        f"/rooms/{mock.room()}/sessions",
        by="host",
        json={"title": "Launch", "preset_id": mock.preset()},
    )
    opened = mock.data("POST", f"/sessions/{session['session']['id']}/start", by="host")
    assert opened["rtmp"]["url"] == opened["rtmp_setup"]["server"] == "rtmp://mock:1935/live"
    assert opened["rtmp"]["stream_key"] == opened["rtmp_setup"]["stream_key"]
    assert opened["rtmp"]["stream_key"] == session["stream_key"]
    assert opened["whip_url"] == f"http://mock:4010/whip/{session['stream_key']}"
    assert opened["session"]["status"] == "live"
    assert "hls_url" not in opened["session"]
    claims = jwt.decode(
        opened["livekit_token"], options={"verify_signature": False, "verify_exp": False}
    )
    assert claims["video"]["room"] == session["session"]["id"]


def test_starting_again_changes_nothing_but_the_token(mock):
    session, first = live(mock, "start")
    mock.clock.advance(minutes=3)
    second = mock.data("POST", f"/sessions/{session}/start", by="host")
    assert second["livekit_token"] != first["livekit_token"]
    for name in ("rtmp", "rtmp_setup", "whip_url"):
        assert second[name] == first[name]
    moving = ("viewer_count", "max_viewers")
    assert {k: v for k, v in second["session"].items() if k not in moving} == {
        k: v for k, v in first["session"].items() if k not in moving
    }


def test_two_tokens_of_one_second_differ(mock):
    session, first = live(mock, "start")
    second = mock.data("POST", f"/sessions/{session}/start", by="host")
    assert second["livekit_token"] != first["livekit_token"]


def test_going_live_begins_the_broadcast(mock):
    session, opened = live(mock)
    assert opened["session"]["hls_url"] == f"http://mock:4010/hls/{session}/index.m3u8"


def test_a_started_session_can_go_live_later(mock):
    session, _ = live(mock, "start")
    opened = mock.data("POST", f"/sessions/{session}/go_live", by="host")
    assert "hls_url" in opened["session"]


@pytest.mark.parametrize("operation", ["ensure_hls_egress", "start_webcam_hls"])
def test_a_broadcast_can_be_asked_for_by_itself_once(mock, operation):
    session, _ = live(mock, "start")
    first = mock.data("POST", f"/sessions/{session}/{operation}", by="host")
    assert "hls_url" in first
    mock.clock.advance(seconds=9)
    second = mock.data("POST", f"/sessions/{session}/{operation}", by="host")
    assert second["updated_at"] == first["updated_at"]


def test_a_webcam_broadcast_of_an_rtmp_session_is_refused(mock):
    session, _ = live(mock, "start", mode="rtmp")
    refusal = mock.send("POST", f"/sessions/{session}/start_webcam_hls", by="host")
    assert refusal.status_code == 409
    assert "mode is `rtmp`, must be `webcam`" in refusal.json()["error"]


def test_a_room_has_one_live_session(mock):
    room = mock.room()
    first, second = mock.session(room=room), mock.session(room=room)
    mock.data("POST", f"/sessions/{first}/start", by="host")
    for operation in ("start", "go_live"):
        refusal = mock.send("POST", f"/sessions/{second}/{operation}", by="host")
        assert refusal.status_code == 409
        assert first in refusal.json()["error"]
    mock.data("POST", f"/sessions/{first}/end", by="host")
    mock.data("POST", f"/sessions/{second}/start", by="host")


def test_ending_frees_the_room_and_keeps_what_was(mock):
    session, opened = live(mock)
    mock.data("POST", f"/sessions/{session}/join", by="viewer")
    mock.clock.advance(seconds=90.9)
    ended = mock.data("POST", f"/sessions/{session}/end", by="host")
    assert (ended["status"], ended["duration"], ended["viewer_count"]) == ("ended", 90, 0)
    assert ended["max_viewers"] >= 1
    assert ended["hls_url"] == opened["session"]["hls_url"]
    assert "active_session_id" not in mock.data("GET", f"/rooms/{ended['room_id']}")
    mock.clock.advance(days=3)
    assert mock.data("GET", f"/sessions/{session}") == ended


def test_counts_and_lists_agree_through_a_session(mock):
    session, _ = live(mock)
    waiting = mock.session()
    stats = mock.data("GET", "/sessions/stats", by="viewer")
    assert stats == {"total_sessions": 2, "live_now": 1, "scheduled": 1, "ended": 0}
    listed = mock.data("GET", "/sessions/live")
    assert [each["id"] for each in listed["sessions"]] == [session]
    assert listed["sessions"][0] == mock.data("GET", f"/sessions/{session}")
    mock.data("POST", f"/sessions/{session}/end", by="host")
    mock.data("DELETE", f"/sessions/{waiting}", by="host")
    stats = mock.data("GET", "/sessions/stats", by="viewer")
    assert stats == {"total_sessions": 1, "live_now": 0, "scheduled": 0, "ended": 1}


def test_an_expired_session_counts_in_the_total_only(mock):
    session = mock.session(scheduled_start_time="2026-03-01T13:00:00Z")
    mock.clock.advance(hours=25)
    assert mock.data("GET", f"/sessions/{session}")["status"] == "expired"
    stats = mock.data("GET", "/sessions/stats", by="viewer")
    assert stats == {"total_sessions": 1, "live_now": 0, "scheduled": 0, "ended": 0}


def test_the_door_closes_when_the_limit_is_reached_and_nobody_needs_two_places(mock):
    session, _ = live(mock, preset_id=mock.preset(max_join_limit=1))
    mock.data("POST", f"/sessions/{session}/join", by="host")
    mock.data("POST", f"/sessions/{session}/join", by="viewer")
    mock.data("POST", f"/sessions/{session}/join", by="viewer")
    refusal = mock.send("POST", f"/sessions/{session}/join", by="other_viewer")
    assert refusal.status_code == 409
    assert refusal.json()["error"] == ("`join_session`: 1 of 1 places are taken, one must be free")
    assert mock.data("GET", f"/sessions/{session}")["viewer_count"] == 1


def test_a_limit_of_zero_closes_the_door(mock):
    session, _ = live(mock)
    mock.data("PATCH", f"/sessions/{session}/settings", by="host", json={"max_join_limit": 0})
    assert mock.send("POST", f"/sessions/{session}/join", by="viewer").status_code == 409
    assert mock.send("POST", f"/sessions/{session}/join", by="host").status_code == 200


def test_before_the_start_only_the_rooms_host_may_join(mock):
    session = mock.session()
    mock.data("POST", f"/sessions/{session}/join", by="host")
    for by in ("viewer", "other_host"):
        assert mock.send("POST", f"/sessions/{session}/join", by=by).status_code == 409


def test_devices_toggle_or_take_the_value_given(mock):
    session, _ = live(mock)
    path = f"/sessions/{session}/host_video_state"
    assert mock.data("POST", path, by="viewer") == {"enabled": False}
    assert mock.data("POST", path, by="viewer") == {"enabled": True}
    assert mock.data("POST", path, by="host", json={"enabled": True}) == {"enabled": True}
    audio = f"/sessions/{session}/host_audio_state"
    assert mock.data("POST", audio, by="host", json={"enabled": False}) == {"enabled": False}


def test_monitoring_needs_a_live_session_and_stays_hidden(mock):
    session = mock.session()
    assert mock.send("GET", f"/sessions/{session}/monitor", by="host").status_code == 409
    mock.data("POST", f"/sessions/{session}/start", by="host")
    given = mock.data("GET", f"/sessions/{session}/monitor", by="viewer")
    claims = jwt.decode(
        given["livekit_token"], options={"verify_signature": False, "verify_exp": False}
    )
    assert claims["video"]["hidden"] is True
    assert given["room_name"] == session


def test_stream_health_is_told_in_every_status(mock):
    session = mock.session()
    path = f"/sessions/{session}/stream_health"
    idle = mock.data("GET", path, by="viewer")
    assert idle["video"]["average_bitrate"] == 0
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    mock.clock.advance(seconds=30)
    assert mock.data("GET", path, by="viewer")["video"]["average_bitrate"] > 0
    mock.data("POST", f"/sessions/{session}/end", by="host")
    assert mock.data("GET", path, by="viewer")["video"]["average_bitrate"] == 0


def test_stream_health_is_what_is_measured_where_somebody_really_publishes(mock):
    session, _ = live(mock)
    path = f"/sessions/{session}/stream_health"
    video = {"width": 640, "height": 360, "framerate": 14.5, "average_bitrate": 412_000}

    def measure(now):
        return Measured("ENDPOINT_PUBLISHING", video=video, started_at=now, updated_at=now)

    publishers = mock.env.common.publishers
    publishers.connect("default", session, measure)
    try:
        mock.clock.advance(seconds=30)
        health = mock.data("GET", path, by="viewer")
        assert health["video"] == video
        assert health["audio"] == {"average_bitrate": 0, "channels": 0, "sample_rate": 0}
        mock.data("POST", f"/sessions/{session}/end", by="host")
        assert mock.data("GET", path, by="viewer")["status"] == "ENDPOINT_COMPLETE"
    finally:
        publishers.disconnect("default", session, measure)


def test_viewers_move_while_a_session_is_live_and_never_exceed_their_maximum(mock):
    session, _ = live(mock)
    seen = []
    for _ in range(60):
        mock.clock.advance(seconds=15)
        view = mock.data("GET", f"/sessions/{session}")
        assert view["viewer_count"] <= view["max_viewers"] <= view["effective_max_join_limit"]
        seen.append(view["viewer_count"])
    assert len(set(seen)) > 3


def test_reading_changes_nothing(mock):
    session, _ = live(mock)
    before = mock.data("GET", f"/sessions/{session}")
    for path in ("", "/monitor", "/stream_health"):
        mock.data("GET", f"/sessions/{session}{path}", by="host")
    assert mock.data("GET", f"/sessions/{session}") == before

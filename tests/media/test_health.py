from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.encoder import change_encoder
from mock_server.domain.entities import Encoder, Mode, Session
from mock_server.media.health import measured_health, stream_health
from mock_server.media.publishers import Measured

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SILENT_VIDEO = {"width": 0, "height": 0, "framerate": 0, "average_bitrate": 0}
SILENT_AUDIO = {"average_bitrate": 0, "channels": 0, "sample_rate": 0}


def session(**changes: Any) -> Session:
    given: dict[str, Any] = {
        "id": "5b2f",
        "room_id": "r",
        "preset_id": "p",
        "title": "Tessera",
        "mode": "rtmp",
        "stream_key": "k",
        "ingress_id": "IN_k",
        "created_at": NOW - timedelta(days=1),
        "updated_at": NOW - timedelta(days=1),
    }
    return Session(**(given | changes))


def on_air(mode: Mode = "rtmp", **changes: Any) -> Session:
    begun = NOW - timedelta(minutes=10)
    return session(state="live", mode=mode, started_at=begun, broadcast_at=begun, **changes)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (session(), "ENDPOINT_INACTIVE"),
        (session(state="live", started_at=NOW), "ENDPOINT_INACTIVE"),
        (session(state="ended", started_at=NOW, ended_at=NOW), "ENDPOINT_COMPLETE"),
    ],
)
def test_nothing_arrives_unless_a_broadcast_runs(given: Session, status: str) -> None:
    health = stream_health(given, None, 1, NOW)

    assert health["status"] == status
    assert health["video"] == SILENT_VIDEO
    assert health["audio"] == SILENT_AUDIO
    assert "started_at" not in health
    assert health["updated_at"] == NOW


def test_an_ended_broadcast_keeps_when_it_began_and_when_it_was_last_measured() -> None:
    ended = on_air()
    begun, end = ended.broadcast_at, NOW - timedelta(minutes=1)
    health = stream_health(
        session(state="ended", started_at=begun, broadcast_at=begun, ended_at=end), None, 1, NOW
    )

    assert health["started_at"] == begun
    assert health["updated_at"] == end


@given(
    seed=st.integers(),
    mode=st.sampled_from(["webcam", "rtmp"]),
    seconds=st.floats(0, 30 * 86_400),
)
def test_a_running_broadcast_has_believable_numbers(seed: int, mode: Mode, seconds: float) -> None:
    live = on_air(mode)
    assert live.broadcast_at is not None
    health = stream_health(live, None, seed, live.broadcast_at + timedelta(seconds=seconds))
    video, audio = health["video"], health["audio"]

    assert health["status"] == "ENDPOINT_PUBLISHING"
    assert (video["width"], video["height"]) in {(1280, 720), (1920, 1080)}
    assert 28 < video["framerate"] <= 60
    assert 1_000_000 < video["average_bitrate"] < 8_000_000
    assert 40_000 < audio["average_bitrate"] < 200_000
    assert (audio["channels"], audio["sample_rate"]) == (2, 48_000)


def test_the_numbers_move_gently_and_the_picture_size_stays() -> None:
    readings = [
        stream_health(on_air(), None, 1, NOW + timedelta(seconds=second))["video"]
        for second in range(60)
    ]
    rates = [reading["average_bitrate"] for reading in readings]

    assert len(set(rates)) > 50
    assert all(abs(b - a) < 0.1 * a for a, b in pairwise(rates))
    assert len({(reading["width"], reading["height"]) for reading in readings}) == 1


def test_the_hosts_switches_cut_a_webcams_tracks_and_not_an_encoders() -> None:
    dark = stream_health(on_air("webcam", host_video_enabled=False), None, 1, NOW)
    mute = stream_health(on_air("webcam", host_audio_enabled=False), None, 1, NOW)
    obs = stream_health(on_air("rtmp", host_video_enabled=False), None, 1, NOW)

    assert dark["video"] == SILENT_VIDEO
    assert dark["audio"] != SILENT_AUDIO
    assert mute["audio"] == SILENT_AUDIO
    assert mute["video"] != SILENT_VIDEO
    assert obs["video"] != SILENT_VIDEO


def told(action: str, *, ago: float = 60, of: Session | None = None, **said: Any) -> Encoder:
    when = NOW - timedelta(seconds=ago)
    found = change_encoder(of or on_air(), None, when, {"action": action, **said})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("action", "status"), [("drop", "ENDPOINT_INACTIVE"), ("wrong_key", "ENDPOINT_ERROR")]
)
def test_while_an_encoder_is_away_all_is_zero_and_it_is_known_when_it_was_there(
    action: str, status: str
) -> None:
    live = on_air()
    health = stream_health(live, told(action), 1, NOW)

    assert health["status"] == status
    assert (health["video"], health["audio"]) == (SILENT_VIDEO, SILENT_AUDIO)
    assert health["started_at"] == live.broadcast_at
    assert health["updated_at"] == NOW


def test_nothing_has_arrived_where_the_encoder_was_away_from_the_beginning() -> None:
    waiting = session()
    away = told("drop", of=waiting)

    assert stream_health(waiting, away, 1, NOW)["status"] == "ENDPOINT_INACTIVE"
    assert "started_at" not in stream_health(on_air(), away, 1, NOW)
    over = session(state="ended", broadcast_at=NOW, ended_at=NOW + timedelta(minutes=1))
    health = stream_health(over, away, 1, NOW + timedelta(hours=1))
    assert health["status"] == "ENDPOINT_COMPLETE"
    assert "started_at" not in health


def test_who_comes_back_buffers_and_then_began_anew() -> None:
    dropped = told("drop", seconds=59)
    buffering, back = (
        stream_health(on_air(), dropped, 1, NOW + timedelta(seconds=later)) for later in (0, 1)
    )

    assert buffering["status"] == "ENDPOINT_BUFFERING"
    assert buffering["video"] == SILENT_VIDEO
    assert back["status"] == "ENDPOINT_PUBLISHING"
    assert back["started_at"] == NOW + timedelta(seconds=1)


@given(seed=st.integers(), mode=st.sampled_from(["webcam", "rtmp"]), later=st.floats(0, 86_400))
def test_a_collapse_starves_the_picture_and_spares_the_sound(
    seed: int, mode: Mode, later: float
) -> None:
    now = NOW + timedelta(seconds=later)
    well = stream_health(on_air(mode), None, seed, now)
    ill = stream_health(on_air(mode), told("bitrate_collapse", of=on_air(mode)), seed, now)

    assert ill["status"] == "ENDPOINT_PUBLISHING"
    assert ill["audio"] == well["audio"]
    assert ill["started_at"] == well["started_at"]
    assert (ill["video"]["width"], ill["video"]["height"]) == (
        well["video"]["width"],
        well["video"]["height"],
    )
    assert 0 < ill["video"]["framerate"] < well["video"]["framerate"] / 2
    assert 0 < ill["video"]["average_bitrate"] < well["video"]["average_bitrate"] / 20


@given(seed=st.integers(), mode=st.sampled_from(["webcam", "rtmp"]))
def test_silence_has_its_channels_and_next_to_no_bits(seed: int, mode: Mode) -> None:
    well = stream_health(on_air(mode), None, seed, NOW)
    mute = stream_health(on_air(mode), told("silent_audio", of=on_air(mode)), seed, NOW)

    assert mute["video"] == well["video"]
    assert (mute["audio"]["channels"], mute["audio"]["sample_rate"]) == (2, 48_000)
    assert 0 < mute["audio"]["average_bitrate"] < 4_000


def test_a_switched_off_camera_stays_off_whatever_the_encoder_does() -> None:
    dark = on_air("webcam", host_video_enabled=False)

    assert stream_health(dark, told("bitrate_collapse"), 1, NOW)["video"] == SILENT_VIDEO


def test_what_is_measured_is_told_as_it_is() -> None:
    nothing_yet = measured_health(Measured("ENDPOINT_BUFFERING"), NOW)
    video = {"width": 640, "height": 360, "framerate": 15.0, "average_bitrate": 400_000}
    began = NOW - timedelta(seconds=3)
    arriving = measured_health(
        Measured("ENDPOINT_PUBLISHING", video=video, started_at=began, updated_at=NOW), NOW
    )

    assert nothing_yet == {
        "status": "ENDPOINT_BUFFERING",
        "video": SILENT_VIDEO,
        "audio": SILENT_AUDIO,
        "updated_at": NOW,
    }
    assert (arriving["video"], arriving["started_at"]) == (video, began)

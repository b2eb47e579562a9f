from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.entities import Mode, Session
from mock_server.domain.identity import BASE57
from mock_server.media.ingress import (
    Addresses,
    ingress_id,
    rtmp_setup,
    stream_health,
    stream_key,
)

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


@given(st.integers(), st.uuids().map(str))
def test_stream_keys_and_ingress_ids_have_livekits_form(seed: int, session_id: str) -> None:
    characters = f"[{BASE57}]{{12}}"

    assert re.fullmatch(characters, stream_key(seed, session_id))
    assert re.fullmatch(f"IN_{characters}", ingress_id(seed, session_id))


def test_keys_and_ids_differ_by_session_and_seed_and_from_each_other() -> None:
    assert stream_key(1, "a") == stream_key(1, "a")
    assert len({stream_key(1, "a"), stream_key(1, "b"), stream_key(2, "a")}) == 3
    assert ingress_id(1, "a") != f"IN_{stream_key(1, 'a')}"


@pytest.mark.parametrize(
    ("base", "rtmp"),
    [
        ("http://127.0.0.1:4010", "rtmp://127.0.0.1:1935/live"),
        ("http://localhost:4010/", "rtmp://localhost:1935/live"),
        ("https://mock.team.test", "rtmp://mock.team.test:1935/live"),
        ("http://[::1]:4010", "rtmp://[::1]:1935/live"),
    ],
)
def test_the_rtmp_address_has_the_host_the_mock_is_reached_at(base: str, rtmp: str) -> None:
    assert Addresses.under(base).rtmp_url == rtmp


@pytest.mark.parametrize(
    ("host", "rtmp"),
    [
        ("media.test", "rtmp://media.test:1935/live"),
        ("fe80::1", "rtmp://[fe80::1]:1935/live"),
        ("[fe80::1]", "rtmp://[fe80::1]:1935/live"),
    ],
)
def test_a_given_rtmp_host_wins(host: str, rtmp: str) -> None:
    assert Addresses.under("http://127.0.0.1:4010", host).rtmp_url == rtmp


@pytest.mark.parametrize("base", ["http://127.0.0.1:4010", "http://127.0.0.1:4010/"])
def test_whip_and_hls_addresses_lie_under_the_base(base: str) -> None:
    addresses = Addresses.under(base)

    assert addresses.whip_url("k3y") == "http://127.0.0.1:4010/whip/k3y"
    assert addresses.hls_url("5b2f") == "http://127.0.0.1:4010/hls/5b2f/index.m3u8"


def test_the_rtmp_setup_repeats_server_and_key_and_says_what_to_do() -> None:
    addresses = Addresses.under("http://127.0.0.1:4010")
    setup = rtmp_setup(addresses, "k3y")

    assert setup["server"] == addresses.rtmp_url
    assert setup["stream_key"] == "k3y"
    assert list(setup["instructions"]) == ["step1", "step2", "step3"]
    assert "OBS" in setup["instructions"]["step1"]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (session(), "ENDPOINT_INACTIVE"),
        (session(state="live", started_at=NOW), "ENDPOINT_INACTIVE"),
        (session(state="ended", started_at=NOW, ended_at=NOW), "ENDPOINT_COMPLETE"),
    ],
)
def test_nothing_arrives_unless_a_broadcast_runs(given: Session, status: str) -> None:
    health = stream_health(given, 1, NOW)

    assert health["status"] == status
    assert health["video"] == SILENT_VIDEO
    assert health["audio"] == SILENT_AUDIO
    assert "started_at" not in health
    assert health["updated_at"] == NOW


def test_an_ended_broadcast_keeps_when_it_began_and_when_it_was_last_measured() -> None:
    ended = on_air()
    begun, end = ended.broadcast_at, NOW - timedelta(minutes=1)
    health = stream_health(
        session(state="ended", started_at=begun, broadcast_at=begun, ended_at=end), 1, NOW
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
    health = stream_health(live, seed, live.broadcast_at + timedelta(seconds=seconds))
    video, audio = health["video"], health["audio"]

    assert health["status"] == "ENDPOINT_PUBLISHING"
    assert (video["width"], video["height"]) in {(1280, 720), (1920, 1080)}
    assert 28 < video["framerate"] <= 60
    assert 1_000_000 < video["average_bitrate"] < 8_000_000
    assert 40_000 < audio["average_bitrate"] < 200_000
    assert (audio["channels"], audio["sample_rate"]) == (2, 48_000)


def test_the_numbers_move_gently_and_the_picture_size_stays() -> None:
    readings = [
        stream_health(on_air(), 1, NOW + timedelta(seconds=second))["video"] for second in range(60)
    ]
    rates = [reading["average_bitrate"] for reading in readings]

    assert len(set(rates)) > 50
    assert all(abs(b - a) < 0.1 * a for a, b in pairwise(rates))
    assert len({(reading["width"], reading["height"]) for reading in readings}) == 1


def test_the_hosts_switches_cut_a_webcams_tracks_and_not_an_encoders() -> None:
    dark = stream_health(on_air("webcam", host_video_enabled=False), 1, NOW)
    mute = stream_health(on_air("webcam", host_audio_enabled=False), 1, NOW)
    obs = stream_health(on_air("rtmp", host_video_enabled=False), 1, NOW)

    assert dark["video"] == SILENT_VIDEO
    assert dark["audio"] != SILENT_AUDIO
    assert mute["audio"] == SILENT_AUDIO
    assert mute["video"] != SILENT_VIDEO
    assert obs["video"] != SILENT_VIDEO

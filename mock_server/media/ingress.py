"""Where an encoder sends its stream, where players read it, and what arrives: all virtual."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlsplit

from mock_server.domain.entities import Mode, Session
from mock_server.domain.identity import derive_base57, derive_bytes
from mock_server.media.noise import noise
from mock_server.media.publishers import NO_AUDIO, NO_VIDEO, Measured

_KEY_LENGTH = 12
# Seconds between two independent readings of the virtual encoder.
_STEP = 4.0


@dataclass(frozen=True, slots=True)
class _Profile:
    # One way hosts set their encoders up; rates in bits a second.
    width: int
    height: int
    framerate: int
    video_rate: int
    audio_rate: int


_PROFILES: dict[Mode, tuple[_Profile, ...]] = {
    "webcam": (
        _Profile(1280, 720, 30, 1_700_000, 48_000),
        _Profile(1280, 720, 30, 2_300_000, 64_000),
        _Profile(1920, 1080, 30, 3_000_000, 64_000),
    ),
    "rtmp": (
        _Profile(1920, 1080, 30, 4_500_000, 160_000),
        _Profile(1920, 1080, 60, 6_000_000, 160_000),
        _Profile(1280, 720, 60, 3_500_000, 128_000),
    ),
}
_INSTRUCTIONS = {
    "step1": "In OBS Studio, open Settings > Stream and choose Custom as the service.",
    "step2": "Copy the server address and the stream key into the fields of these names.",
    "step3": "Close the settings and choose Start Streaming.",
}


def stream_key(seed: int, session_id: str) -> str:
    """Return the 12 base57 characters an encoder names a session's stream by."""
    return derive_base57(seed, "stream_key", session_id, length=_KEY_LENGTH)


def ingress_id(seed: int, session_id: str) -> str:
    """Return the id of a session's ingress in LiveKit's form, `IN_` and 12 base57 characters."""
    return "IN_" + derive_base57(seed, "ingress", session_id, length=_KEY_LENGTH)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Hold where a caller reaches the mock: over HTTP, such as `http://127.0.0.1:4010`, and where
    an encoder does, such as `rtmp://127.0.0.1:1935/live`.
    """

    base_url: str
    rtmp_url: str

    @classmethod
    def under(cls, base_url: str, rtmp_host: str | None = None, rtmp_port: int = 1935) -> Self:
        """Return the addresses under one; `rtmp_host` is the same host where it is left out."""
        host = rtmp_host or urlsplit(base_url).hostname or "127.0.0.1"
        return cls(base_url.rstrip("/"), f"rtmp://{_bracketed(host)}:{rtmp_port}/live")

    def whip_url(self, key: str) -> str:
        """Return the address a browser publishes to."""
        return f"{self.base_url}/whip/{key}"

    def hls_url(self, session_id: str) -> str:
        """Return the address a player reads a session's broadcast from."""
        return f"{self.base_url}/hls/{session_id}/index.m3u8"


def rtmp_setup(addresses: Addresses, key: str) -> dict[str, Any]:
    """Return what a host types into OBS, as the contract's `rtmp_setup`."""
    return {
        "server": addresses.rtmp_url,
        "stream_key": key,
        "instructions": _INSTRUCTIONS,
    }


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def stream_health(session: Session, seed: int, now: datetime) -> dict[str, Any]:
    """Return the state of a session's ingress in LiveKit's vocabulary; times are datetimes.

    Bitrates in bits a second, framerate in frames a second, sample rate in hertz.
    """
    if session.state == "ended":
        return _silent("ENDPOINT_COMPLETE", session, session.ended_at or now)
    if session.state != "live" or session.broadcast_at is None:
        return _silent("ENDPOINT_INACTIVE", session, now)
    raw = derive_bytes(seed, "encoder", session.id, size=12)
    profiles = _PROFILES[session.mode]
    profile = profiles[int.from_bytes(raw[:4]) % len(profiles)]
    key = int.from_bytes(raw[4:])
    position = max(0.0, (now - session.broadcast_at).total_seconds()) / _STEP
    # In `webcam` mode the host's switches cut the very tracks; OBS goes on sending.
    filmed = session.host_video_enabled or session.mode == "rtmp"
    heard = session.host_audio_enabled or session.mode == "rtmp"
    return {
        "status": "ENDPOINT_PUBLISHING",
        "video": _video(profile, key, position) if filmed else dict(NO_VIDEO),
        "audio": _audio(profile, key, position) if heard else dict(NO_AUDIO),
        "started_at": session.broadcast_at,
        # A reading has whole seconds: it can be asked for in the second of the beginning.
        "updated_at": max(now, session.broadcast_at),
    }


def measured_health(measured: Measured, now: datetime) -> dict[str, Any]:
    """Return the same of a publisher who is really there."""
    started = {} if measured.started_at is None else {"started_at": measured.started_at}
    return {
        "status": measured.status,
        "video": dict(measured.video),
        "audio": dict(measured.audio),
        **started,
        "updated_at": measured.updated_at or now,
    }


def _silent(status: str, session: Session, updated_at: datetime) -> dict[str, Any]:
    started = {} if session.broadcast_at is None else {"started_at": session.broadcast_at}
    silence = {"status": status, "video": dict(NO_VIDEO), "audio": dict(NO_AUDIO)}
    return silence | started | {"updated_at": updated_at}


def _video(profile: _Profile, key: int, position: float) -> dict[str, Any]:
    # Now and then a frame comes late; the bitrate follows the picture's movement.
    late = max(0.0, noise(key, position) - 0.6)
    moving = noise(~key, position)
    return {
        "width": profile.width,
        "height": profile.height,
        "framerate": round(profile.framerate - 2.0 * late, 2),
        "average_bitrate": int(profile.video_rate * (0.9 + 0.14 * moving)),
    }


def _audio(profile: _Profile, key: int, position: float) -> dict[str, Any]:
    return {
        "average_bitrate": int(profile.audio_rate * (0.94 + 0.08 * noise(key >> 1, position))),
        "channels": 2,
        "sample_rate": 48_000,
    }

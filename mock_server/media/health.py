"""What arrives at a session's ingress, in LiveKit's vocabulary: virtual, or measured.

The virtual encoder's numbers wander with time, and follow what was said of it (`domain.encoder`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mock_server.domain.encoder import Doing, Stretch, Turn, spans_of, stretch_at, stretches
from mock_server.domain.entities import Encoder, Mode, Session
from mock_server.domain.identity import derive_bytes
from mock_server.media.noise import noise
from mock_server.media.publishers import NO_AUDIO, NO_VIDEO, IngressStatus, Measured

# Seconds between two independent readings of the virtual encoder.
_STEP = 4.0
# What is left of the bitrate and of the frames when an uplink collapses.
_STARVED_RATE = 0.04
_STARVED_FRAMES = 0.3
# An encoder that is sent silence still sends frames, of next to no size.
_SILENT_RATE = 0.02
_STATUSES: Mapping[Doing, IngressStatus] = {
    "publishing": "ENDPOINT_PUBLISHING",
    "bitrate_collapse": "ENDPOINT_PUBLISHING",
    "silent_audio": "ENDPOINT_PUBLISHING",
    "buffering": "ENDPOINT_BUFFERING",
    "dropped": "ENDPOINT_INACTIVE",
    "wrong_key": "ENDPOINT_ERROR",
}


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


def ingress_status(session: Session, stretch: Stretch | Turn | None) -> IngressStatus:
    """Return LiveKit's word for what an encoder does in a stretch of a session's broadcast, or
    from a turn on.
    """
    if session.state == "ended":
        return "ENDPOINT_COMPLETE"
    return "ENDPOINT_INACTIVE" if stretch is None else _STATUSES[stretch.doing]


def stream_health(
    session: Session,
    encoder: Encoder | None,
    seed: int,
    now: datetime,
    *,
    course: Sequence[Stretch] | None = None,
) -> dict[str, Any]:
    """Return the state of a session's ingress in LiveKit's vocabulary; times are datetimes.

    `course` is what the encoder does, where that is known already. Bitrates are in bits a second,
    the framerate in frames a second, the sample rate in hertz.
    """
    found = stretches(session, encoder) if course is None else course
    stretch = stretch_at(found, now)
    status = ingress_status(session, stretch)
    health: dict[str, Any] = {"status": status, "video": dict(NO_VIDEO), "audio": dict(NO_AUDIO)}
    begun = arrived_at(found, stretch)
    if begun is not None:
        health["started_at"] = begun
    if stretch is not None and status == "ENDPOINT_PUBLISHING":
        health |= _arriving(session, stretch.doing, seed, now)
    over = session.ended_at if session.state == "ended" else None
    # A reading has whole seconds: it can be asked for in the second of the beginning.
    health["updated_at"] = over or max(now, begun or now)
    return health


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


def arrived_at(found: Sequence[Stretch], stretch: Stretch | None) -> datetime | None:
    """Return when what arrives in a stretch began to, or arrived last; None where nothing has."""
    if stretch is None:
        return None
    starts = [span.start for span in spans_of(found) if span.start <= stretch.start]
    return starts[-1] if starts else None


def _arriving(session: Session, doing: Doing, seed: int, now: datetime) -> dict[str, Any]:
    assert session.broadcast_at is not None, "nothing arrives without a broadcast"
    raw = derive_bytes(seed, "encoder", session.id, size=12)
    profiles = _PROFILES[session.mode]
    profile = profiles[int.from_bytes(raw[:4]) % len(profiles)]
    key = int.from_bytes(raw[4:])
    position = max(0.0, (now - session.broadcast_at).total_seconds()) / _STEP
    # In `webcam` mode the host's switches cut the very tracks; OBS goes on sending.
    filmed = session.host_video_enabled or session.mode == "rtmp"
    heard = session.host_audio_enabled or session.mode == "rtmp"
    starved, silent = doing == "bitrate_collapse", doing == "silent_audio"
    return {
        "video": _video(profile, key, position, starved=starved) if filmed else dict(NO_VIDEO),
        "audio": _audio(profile, key, position, silent=silent) if heard else dict(NO_AUDIO),
    }


def _video(profile: _Profile, key: int, position: float, *, starved: bool) -> dict[str, Any]:
    # Now and then a frame comes late; the bitrate follows the picture's movement.
    late = max(0.0, noise(key, position) - 0.6)
    moving = noise(~key, position)
    frames, rate = (_STARVED_FRAMES, _STARVED_RATE) if starved else (1.0, 1.0)
    return {
        "width": profile.width,
        "height": profile.height,
        "framerate": round((profile.framerate - 2.0 * late) * frames, 2),
        "average_bitrate": int(profile.video_rate * (0.9 + 0.14 * moving) * rate),
    }


def _audio(profile: _Profile, key: int, position: float, *, silent: bool) -> dict[str, Any]:
    rate = profile.audio_rate * (_SILENT_RATE if silent else 1.0)
    return {
        "average_bitrate": int(rate * (0.94 + 0.08 * noise(key >> 1, position))),
        "channels": 2,
        "sample_rate": 48_000,
    }

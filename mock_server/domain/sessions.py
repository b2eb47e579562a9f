"""What each operation does to a session, as functions from one frozen session to the next.

Whether an operation is allowed is `lifecycle.require_move`; these are its effects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from mock_server.domain.entities import Mode, Preset, Session
from mock_server.domain.errors import Conflict, Unprocessable

_OVERRIDES = {
    "chat_enabled": "chat_enabled_override",
    "stage_enabled": "stage_enabled_override",
    "max_join_limit": "max_join_limit_override",
}
Device = Literal["host_video_enabled", "host_audio_enabled"]


def mode_for(preset: Preset, requested: Mode | None) -> Mode:
    """Choose the mode: the requested one, else what the preset's type implies."""
    return requested or ("webcam" if preset.type == "whip" else "rtmp")


def require_future(time: datetime, now: datetime) -> None:
    """Refuse a start time that is not in the future; raises Unprocessable."""
    if time <= now:
        raise Unprocessable(
            f"`scheduled_start_time` is in the past, must be after {now:%Y-%m-%dT%H:%M:%SZ}"
        )


def effective_join_limit(session: Session, preset: Preset) -> int:
    """Return how many may be in: the session's override, else the preset's limit."""
    if session.max_join_limit_override is not None:
        return session.max_join_limit_override
    return int(preset.settings["max_join_limit"])


def start_session(session: Session, now: datetime, *, seats: int) -> Session:
    """Open the room; on a live session nothing changes."""
    if session.state == "live":
        return session
    return replace(session, state="live", started_at=now, seats=seats, updated_at=now)


def begin_broadcast(session: Session, now: datetime) -> Session:
    """Begin the broadcast of a live session; nothing changes where it runs already."""
    if session.broadcast_at is not None:
        return session
    return replace(session, broadcast_at=now, updated_at=now)


def go_live(session: Session, now: datetime, *, seats: int) -> Session:
    """Open the room and begin the broadcast."""
    return begin_broadcast(start_session(session, now, seats=seats), now)


def start_webcam_hls(session: Session, now: datetime) -> Session:
    """Begin the broadcast of a webcam session; raises Conflict for another mode."""
    if session.mode != "webcam":
        raise Conflict(f"`start_webcam_hls`: session mode is `{session.mode}`, must be `webcam`")
    return begin_broadcast(session, now)


def end_session(session: Session, now: datetime) -> Session:
    """Close the session; its times and addresses stay."""
    return replace(session, state="ended", ended_at=now, updated_at=now)


def reschedule_session(session: Session, now: datetime, *, start: datetime) -> Session:
    """Give a session another start time; an expired one is scheduled again."""
    if session.scheduled_start_time == start:
        return session
    return replace(session, scheduled_start_time=start, updated_at=now)


def update_session_settings(
    session: Session, now: datetime, *, settings: Mapping[str, Any]
) -> Session:
    """Write the overrides that are given and keep the others."""
    given = {_OVERRIDES[name]: value for name, value in settings.items() if name in _OVERRIDES}
    if all(getattr(session, name) == value for name, value in given.items()):
        return session
    return replace(session, **given, updated_at=now)


def set_host_device(session: Session, device: Device, *, enabled: bool | None) -> Session:
    """Switch the host's camera or microphone, or toggle it where `enabled` is None.

    No published field shows it, so `updated_at` stays.
    """
    value = not getattr(session, device) if enabled is None else enabled
    changes: dict[str, Any] = {device: value}
    return replace(session, **changes)

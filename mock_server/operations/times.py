"""Start times of request bodies: read in any offset and precision, kept in UTC."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from mock_server.domain.errors import Unprocessable
from mock_server.domain.sessions import require_future

_LEAP_SECOND = re.compile(r":60(?=[.Z+-])")


def start_time(body: Mapping[str, Any]) -> datetime | None:
    """Return `scheduled_start_time` in UTC, None where it is not given.

    Raises Unprocessable for a time outside the years 1 to 9999.
    """
    text = body.get("scheduled_start_time")
    if text is None:
        return None
    # RFC 3339 allows a leap second and lower-case letters, which Python does not read.
    readable, leaps = _LEAP_SECOND.subn(":59", text.upper())
    try:
        return datetime.fromisoformat(readable).astimezone(UTC) + timedelta(seconds=leaps)
    except (ValueError, OverflowError):
        raise Unprocessable(
            f"`scheduled_start_time` is `{text[:60]}`, must be in the years 1 to 9999"
        ) from None


def require_future_start(body: Mapping[str, Any], now: datetime) -> None:
    """Refuse a body whose start time is not in the future; raises Unprocessable."""
    time = start_time(body)
    if time is not None:
        require_future(time, now)

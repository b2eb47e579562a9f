"""Start times of request bodies: read in any offset and precision, kept in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mock_server.domain.clock import read_time
from mock_server.domain.sessions import require_future


def start_time(body: Mapping[str, Any]) -> datetime | None:
    """Return `scheduled_start_time` in UTC, None where it is not given.

    Raises Unprocessable for a time outside the years 1 to 9999.
    """
    text = body.get("scheduled_start_time")
    return None if text is None else read_time("scheduled_start_time", text)


def require_future_start(body: Mapping[str, Any], now: datetime) -> None:
    """Refuse a body whose start time is not in the future; raises Unprocessable."""
    time = start_time(body)
    if time is not None:
        require_future(time, now)

"""Times as a seed file writes them: before or after the moment the world begins."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_FORM = re.compile(
    r"(?P<sign>[+-])(?=\d)(?:\d{1,4}w)?(?:\d{1,4}d)?(?:\d{1,4}h)?(?:\d{1,4}m)?(?:\d{1,4}s)?",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZERO = timedelta(0)


def parse_offset(text: str) -> timedelta | None:
    """Read `now`, `-35m`, `+2d` or `-3d4h`; None where the text is none of that."""
    if text == "now":
        return ZERO
    if _FORM.fullmatch(text) is None:
        return None
    length = parse_length(text[1:]) or ZERO
    return -length if text[0] == "-" else length


def parse_length(text: str) -> timedelta | None:
    """Read a length such as `5m` or `1h30m`; None where the text is none."""
    if not text or _FORM.fullmatch(f"+{text}") is None:
        return None
    parts = re.findall(r"(\d+)([wdhms])", text)
    return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))


def full_step(time: datetime, step: timedelta, *, later: bool) -> datetime:
    """Move a time to the full step before it, or after it; a step of zero moves nothing."""
    if not step:
        return time
    past = (time - _EPOCH) % step
    if not past:
        return time
    return time - past + (step if later else ZERO)

"""Times as the integers that databases order by: microseconds since 1970, exact for all years."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mock_server.storage.protocol import StorageError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(time: datetime) -> int:
    """Return a time as an integer; raise StorageError where it has no offset."""
    if time.tzinfo is None:
        raise StorageError(f"The time {time.isoformat()} has no offset: keep times in UTC")
    return (time - _EPOCH) // _MICROSECOND


def moment(number: int) -> datetime:
    """Return the time of an integer, in UTC."""
    return _EPOCH + number * _MICROSECOND

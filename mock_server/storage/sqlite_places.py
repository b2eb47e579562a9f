"""Where an entity stands in a group, as a text that SQLite orders by: its order, then its id."""

from __future__ import annotations

from datetime import datetime

from mock_server.storage.moments import microseconds, moment

# Microseconds become 16 digits that stay in order before 1970 too.
_DIGITS = 16
_ZERO = 2**63
# Before and after every place there can be.
START, END = "", "g"


def place_of(order: datetime, entity_id: str) -> str:
    """Return the place of an entity; raises StorageError for a time without an offset."""
    return f"{microseconds(order) + _ZERO:016x}{entity_id}"


def place_after(order: datetime) -> str:
    """Return what comes after every place of an order and before those of the next."""
    return f"{microseconds(order) + _ZERO + 1:016x}"


def id_at(place: str) -> str:
    """Return whose place it is."""
    return place[_DIGITS:]


def entry_at(place: str) -> tuple[datetime, str]:
    """Return the order and the id that a place was made of."""
    return moment(int(place[:_DIGITS], 16) - _ZERO), place[_DIGITS:]

"""Finds the resources inside an answer, wherever the contract nests them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Json = Any

LISTS = {
    "list_rooms": "rooms",
    "list_my_rooms": "rooms",
    "list_room_sessions": "sessions",
    "list_sessions": "sessions",
    "list_live_sessions": "sessions",
    "list_presets": "presets",
}
# The fields by which each of them is known wherever it stands.
SESSION = frozenset(("id", "room_id", "status"))
ROOM = frozenset(("id", "host_id", "title"))
PRESET = frozenset(("id", "user_id", "primary_color"))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asked: the operation, the path's id, query and JSON body."""

    operation: str
    id: str | None = None
    query: dict[str, str] = field(default_factory=dict)
    body: Json = None


def sessions_in(node: Json) -> Iterator[dict[str, Json]]:
    """Yield every session inside an answer."""
    return _found(node, SESSION)


def rooms_in(node: Json) -> Iterator[dict[str, Json]]:
    """Yield every room inside an answer."""
    return _found(node, ROOM)


def presets_in(node: Json) -> Iterator[dict[str, Json]]:
    """Yield every preset inside an answer."""
    return _found(node, PRESET)


def _found(node: Json, marks: frozenset[str]) -> Iterator[dict[str, Json]]:
    parts: Iterable[Json] = node if isinstance(node, list) else ()
    if isinstance(node, dict):
        parts = node.values()
        if marks <= node.keys():
            yield node
    for part in parts:
        if isinstance(part, (dict, list)):
            yield from _found(part, marks)


def rows_of(asked: Asked, body: Json) -> list[dict[str, Json]] | None:
    """Return the rows of a list operation's answer, None for any other answer."""
    name = LISTS.get(asked.operation)
    data = data_of(body)
    rows = data.get(name) if name and isinstance(data, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    return rows


def data_of(body: Json) -> Json:
    """Return the `data` of an answer, None when it has none."""
    return body.get("data") if isinstance(body, dict) else None


def main_session(asked: Asked, body: Json) -> dict[str, Json] | None:
    """Return the session an answer is about, None when it is about none."""
    return _main(asked, data_of(body), "session", "room_id")


def main_room(asked: Asked, body: Json) -> dict[str, Json] | None:
    """Return the room an answer is about, None when it is about none."""
    return _main(asked, data_of(body), "room", "host_id")


def main_preset(asked: Asked, body: Json) -> dict[str, Json] | None:
    """Return the preset an answer is about, None when it is about none."""
    return _main(asked, data_of(body), "preset", "user_id")


def _main(asked: Asked, data: Json, name: str, mark: str) -> dict[str, Json] | None:
    if not isinstance(data, dict) or asked.operation in LISTS:
        return None
    if mark in data:
        return data
    inner = data.get(name)
    return inner if isinstance(inner, dict) and mark in inner else None


def moment(value: Json) -> datetime | None:
    """Return a date-time as an instant in UTC, None when it is none."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def at(node: Json, path: str) -> Json:
    """Return the value at a dotted path, None when there is none."""
    for part in path.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return node


def same(given: Json, received: Json) -> bool:
    """Tell whether two values are equal, dates by their instant and ids in either case.

    An object that was given may have been given more fields than the contract knows.
    """
    if isinstance(given, dict) and isinstance(received, dict):
        return all(same(given[name], value) for name, value in received.items() if name in given)
    if isinstance(given, bool) or isinstance(received, bool):
        return given is received
    if given == received:
        return True
    if isinstance(given, str) and isinstance(received, str):
        first, second = moment(given), moment(received)
        if first and second:
            return abs(first - second) < timedelta(seconds=1)
        return len(given) == 36 and given.lower() == received.lower()  # noqa: PLR2004 - a uuid
    return False

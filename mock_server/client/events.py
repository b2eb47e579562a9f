"""What happens in a world, told as it happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from types import TracebackType
from typing import Any, Self

import httpx

from mock_server.client.errors import EventsLost, Unreachable
from mock_server.client.values import Json, time
from mock_server.client.wire import Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Hold one change of a world; what does not apply is None.

    `place` is where it stands in the feed, to go on from with `after`; `operation` is
    `session_expired` or `encoder_changed` for what time did; `was` and `status` are those of the
    session, `encoder` what its encoder does from then on.
    """

    id: int
    place: str
    at: datetime
    operation: str
    caller_id: str | None
    room_id: str | None
    session_id: str | None
    preset_id: str | None
    was: str | None
    status: str | None
    encoder: str | None

    @classmethod
    def read(cls, data: Json, place: str) -> Self:
        """Read it from the mock's answer."""
        return cls(
            id=data["id"],
            place=place,
            at=time(data["at"]),
            operation=data["operation"],
            caller_id=data.get("caller_id"),
            room_id=data.get("room_id"),
            session_id=data.get("session_id"),
            preset_id=data.get("preset_id"),
            was=data.get("was"),
            status=data.get("status"),
            encoder=data.get("encoder"),
        )


class EventStream:
    """Listen from the moment it is made: iterate for one event after the other.

    It ends when nothing was told for `timeout` seconds (None: never), or with the mock. Close it,
    or use it in a `with`. Raises EventsLost where the backlog no longer has what was missed.
    """

    def __init__(self, wire: Wire, after: int | str | None, timeout: float | None) -> None:
        query = None if after is None else {"after": after}
        self._timeout = timeout
        self._answer = wire.listen("stream_events", query=query, timeout=timeout)
        self._lines = self._answer.iter_lines()
        # The opening says that it listens: what is done from now on is told.
        self._told()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening."""
        self.close()

    def close(self) -> None:
        """Stop listening."""
        self._answer.close()

    def __iter__(self) -> Iterator[Event]:
        """Give itself."""
        return self

    def __next__(self) -> Event:
        """Wait for the next event."""
        deadline = None if self._timeout is None else monotonic() + self._timeout
        while deadline is None or monotonic() < deadline:
            told = self._told()
            if told is None:
                break
            place, name, data = told
            if name == "gap":
                raise _lost(data)
            if name == "change":
                return Event.read(data, place)
        self.close()
        raise StopIteration

    def _told(self) -> tuple[str, str, Any] | None:
        """Return the next block of lines: place, name and data; None where there is no more."""
        fields: dict[str, str] = {}
        try:
            for line in self._lines:
                if not line:
                    return fields.get("id", ""), fields.get("event", ""), _read(fields)
                name, _, value = line.partition(": ")
                fields[name] = value
        except httpx.ReadTimeout:
            return None
        except httpx.TransportError as error:
            raise Unreachable(f"the mock ended while it was listened to: {error}") from error
        return None


def _read(fields: dict[str, str]) -> Any:
    return json.loads(fields["data"]) if "data" in fields else None


def _lost(data: Json) -> EventsLost:
    if data["reason"] == "another_feed":
        return EventsLost(
            "the world is no longer the one that was listened to (it was reset, or the mock "
            "started anew), listen again without `after`"
        )
    return EventsLost(
        f"the events {data['first']} to {data['last']} are no longer kept, listen again from "
        f"`after={data['last']}`"
    )

"""Who really publishes to this process, and what is measured of it: for the health of a stream.

What a connection is worth ends with it, so it is in no store: each process knows its own. Whoever
takes publishers in bounds their number, and takes each out again however it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

IngressStatus = Literal[
    "ENDPOINT_INACTIVE",
    "ENDPOINT_BUFFERING",
    "ENDPOINT_PUBLISHING",
    "ENDPOINT_ERROR",
    "ENDPOINT_COMPLETE",
]
NO_VIDEO: Mapping[str, Any] = MappingProxyType(
    {"width": 0, "height": 0, "framerate": 0.0, "average_bitrate": 0}
)
NO_AUDIO: Mapping[str, Any] = MappingProxyType(
    {"average_bitrate": 0, "channels": 0, "sample_rate": 0}
)


class Measured(NamedTuple):
    """Hold what was measured of a publisher: `video` and `audio` as the contract's
    StreamHealthResponse has them, times by the world's clock, `started_at` None until something
    has arrived.
    """

    status: IngressStatus
    video: Mapping[str, Any] = NO_VIDEO
    audio: Mapping[str, Any] = NO_AUDIO
    started_at: datetime | None = None
    updated_at: datetime | None = None


# Of the world's time: what a publisher has sent by then.
Measure = Callable[[datetime], Measured]


class Publishers:
    """Find the publisher of a session, by the name of its world and its id.

    One can come or go in another thread than asks.
    """

    def __init__(self) -> None:
        self._connected: dict[tuple[str, str], Measure] = {}

    def __len__(self) -> int:
        """Return how many are connected."""
        return len(self._connected)

    def connect(self, world: str, session_id: str, measure: Measure) -> bool:
        """Take a publisher in; returns whether it is the only one, else nothing has changed."""
        return self._connected.setdefault((world, session_id), measure) is measure

    def disconnect(self, world: str, session_id: str, measure: Measure) -> None:
        """Take a publisher out again; nothing happens where it is not in."""
        if self._connected.get((world, session_id)) is measure:
            del self._connected[world, session_id]

    def find(self, world: str, session_id: str, now: datetime) -> Measured | None:
        """Return what is measured of a session's publisher at `now`, None where there is none."""
        measure = self._connected.get((world, session_id))
        return None if measure is None else measure(now)

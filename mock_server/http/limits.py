"""What one client may cost before it has said anything an operation could answer."""

from __future__ import annotations

from dataclasses import dataclass

from mock_server.settings import DEFAULT_CONNECTIONS

KIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Hold the limits of connections and of requests' heads; sizes in bytes, times in seconds.

    `connections` are those of one process. `spare_seconds` is how long a connection without a
    request may be kept from one that comes when all places are taken.
    """

    connections: int = DEFAULT_CONNECTIONS
    target: int = 8 * KIB
    headers: int = 16 * KIB
    pipelined: int = 32
    head_seconds: float = 10.0
    idle_seconds: float = 60.0
    unread_seconds: float = 30.0
    spare_seconds: float = 1.0
    leave_seconds: float = 2.0
    leaving: int = 100

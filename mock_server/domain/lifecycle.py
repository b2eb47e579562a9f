"""The lifecycle of a session: the contract's table as values, and what time does to a session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mock_server.domain.entities import Session, Status
from mock_server.domain.errors import Conflict

EXPIRES_AFTER = timedelta(hours=24)
_LAST_MICROSECOND = 999_999


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Hold, by operation, the statuses it may start from: for anyone, and for the room's host."""

    sources: Mapping[str, tuple[str, ...]]
    host_sources: Mapping[str, tuple[str, ...]]


def compile_lifecycle(document: Mapping[str, Any]) -> Lifecycle:
    """Read the table of `x-lifecycles` (contract: #/x-lifecycles/session/moves)."""
    sources: dict[str, tuple[str, ...]] = {}
    host_sources: dict[str, tuple[str, ...]] = {}
    for move in document["x-lifecycles"]["session"]["moves"]:
        if "operation" not in move:
            continue
        table = host_sources if move.get("caller") == "room_host" else sources
        table[move["operation"]] = (*table.get(move["operation"], ()), *move["from"])
    return Lifecycle(sources, host_sources)


def observe(session: Session, now: datetime) -> Status:
    """Tell the status at `now`: a scheduled session expires 24 h after its start time.

    Both count in whole seconds, so that within a second no session changes by itself.
    """
    start = session.scheduled_start_time
    if session.state != "scheduled" or start is None:
        return session.state
    return "expired" if start <= overdue_until(now) else "scheduled"


def overdue_until(now: datetime) -> datetime:
    """Return the last start time with which a session has expired at `now`."""
    return now.replace(microsecond=_LAST_MICROSECOND) - EXPIRES_AFTER


def require_move(
    lifecycle: Lifecycle, operation: str, session: Session, now: datetime, *, by_host: bool = False
) -> None:
    """Refuse an operation that the table does not allow in the session's status.

    Raises Conflict, saying what the status is and what it must be.
    """
    status = observe(session, now)
    allowed = lifecycle.sources[operation]
    if by_host:
        allowed = (*allowed, *lifecycle.host_sources.get(operation, ()))
    if status not in allowed:
        wanted = " or ".join(f"`{source}`" for source in allowed)
        raise Conflict(f"`{operation}`: session is `{status}`, must be {wanted}")

"""What is always true of a page of a list, and of the stats."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from conformance.invariants.registry import Broken, invariant
from conformance.reply import shown
from conformance.shapes import Asked, data_of, moment, rows_of

Json = Any

SHARED = ("list_rooms", "list_sessions", "list_live_sessions")
MOVED_MEANWHILE = 2


@invariant(
    "list.page",
    must="A page MUST hold at most `limit` rows, each once, as many as `total` leaves for it, and "
    "say which `page` and `limit` it answers",
    contract="#/components/parameters/Limit",
)
def page_agrees_with_itself(asked: Asked, body: Json) -> Broken:
    """Compare the rows of a page with its numbers and with what was asked."""
    rows = rows_of(asked, body)
    data = data_of(body)
    if rows is None:
        return
    page, limit, total = (data.get(name) for name in ("page", "limit", "total"))
    if not all(isinstance(number, int) for number in (page, limit, total)):
        return
    asked_page, asked_limit = (_number(asked, *pair) for pair in (("page", 1), ("limit", 10)))
    if (page, limit) != (asked_page, asked_limit):
        yield f"page {asked_page} with limit {asked_limit}", f"page {page} with limit {limit}"
    expected = max(0, min(limit, total - (page - 1) * limit))
    # Between counting and reading, others may have made or removed something on a shared list.
    slack = MOVED_MEANWHILE if asked.operation in SHARED else 0
    if len(rows) > limit or abs(len(rows) - expected) > slack:
        yield f"{expected} rows of {total} on page {page} with limit {limit}", str(len(rows))
    ids = [row.get("id") for row in rows]
    if len(set(map(str, ids))) != len(ids):
        yield "each row once", "an id twice on one page"


def _number(asked: Asked, name: str, default: int) -> int | None:
    try:
        return int(asked.query.get(name, default))
    except ValueError:
        return None


@invariant(
    "list.order",
    must="A list MUST show the newest first, by `created_at`",
    contract="#/components/parameters/Page",
)
def newest_come_first(asked: Asked, body: Json) -> Broken:
    """Compare the times of neighbouring rows."""
    times = [moment(row.get("created_at")) for row in rows_of(asked, body) or ()]
    for above, below in pairwise(times):
        if above and below and above < below:
            yield "no row newer than the one above it", f"{below.isoformat()}, {above.isoformat()}"


@invariant(
    "list.members",
    must="A list MUST hold only what it is a list of: live sessions, the room's sessions, the "
    "caller's rooms and presets",
    contract="#/paths",
)
def lists_hold_their_own(asked: Asked, body: Json) -> Broken:
    """Look for rows that belong elsewhere."""
    rows = rows_of(asked, body) or ()
    if asked.operation == "list_live_sessions":
        for row in rows:
            if row.get("status") != "live":
                yield "only live sessions", shown(row.get("status"))
    if asked.operation == "list_room_sessions":
        for row in rows:
            if str(row.get("room_id")).lower() != asked.id:
                yield f"only sessions of room `{asked.id}`", shown(row.get("room_id"))
    for operation, owner in (("list_my_rooms", "host_id"), ("list_presets", "user_id")):
        owners = {str(row.get(owner)) for row in rows}
        if asked.operation == operation and len(owners) > 1:
            yield f"one `{owner}`", shown(sorted(owners))


@invariant(
    "session.one_live",
    must="A room MUST NOT have two live sessions",
    contract="#/x-lifecycles/session",
)
def one_live_session_a_room(asked: Asked, body: Json) -> Broken:
    """Count the live sessions a list shows for each room."""
    rows = rows_of(asked, body) or ()
    live = [row.get("room_id") for row in rows if row.get("status") == "live"]
    for room in set(live):
        if live.count(room) > 1:
            yield "one live session a room", f"{live.count(room)} in room {shown(room)}"


@invariant(
    "stats.sum",
    must="The stats MUST be counts, of which the parts do not exceed `total_sessions`",
    contract="#/components/schemas/DashboardStatsResponse",
)
def stats_add_up(asked: Asked, body: Json) -> Broken:
    """Add up the parts of the stats."""
    data = data_of(body)
    if asked.operation != "get_session_stats" or not isinstance(data, dict):
        return
    names = ("total_sessions", "live_now", "scheduled", "ended")
    numbers = [data.get(name) for name in names]
    if all(isinstance(number, int) for number in numbers):
        total, *parts = (int(number) for number in numbers if number is not None)
        if sum(parts) > total or min(total, *parts) < 0:
            yield (
                f"parts of at most {total}, none negative",
                shown(dict(zip(names, numbers, strict=True))),
            )

"""Pages: complete, disjoint, ordered, and honest about their number."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from conformance.contract import bundled
from conformance.identities import Identity
from conformance.reply import Reply, shown
from conformance.rule import rule
from conformance.scenes import steady
from conformance.shapes import LISTS
from conformance.still import while_still
from conformance.world import World, unsupported

Json = Any

CONTRACT = bundled()
ROWS = 5
PAGES_AT_ONCE = 4
ALONE = pytest.mark.conformance_alone
PRIVATE = ("list_room_sessions", "list_my_rooms", "list_presets")
SHARED = ("list_rooms", "list_sessions", "list_live_sessions")
PAGE, LIMIT = "#/components/parameters/Page", "#/components/parameters/Limit"


def caller(world: World, operation: str) -> Identity | None:
    """Return who asks for a list: nobody where it is public."""
    return None if CONTRACT.operations[operation].public else world.host


def ask(world: World, operation: str, room: str | None, **query: object) -> Reply:
    """Ask for one page of a list."""
    by = caller(world, operation)
    return world.api.send(operation, room, by=by, query=query or None)


def filled(world: World, operation: str) -> str | None:
    """Make five rows for a list, and return the room whose sessions they are, if they are."""
    if operation == "list_presets":
        for _ in range(ROWS):
            world.new_preset()
    elif operation in ("list_rooms", "list_my_rooms"):
        for _ in range(ROWS):
            world.new_room()
    elif operation == "list_live_sessions":
        world.new_session("live")
        world.new_session("live")
    else:
        room: str = world.new_room()["id"]
        for _ in range(ROWS):
            world.new_session(room_id=room)
        return room if operation == "list_room_sessions" else None
    return None


def pages(world: World, operation: str, room: str | None, limit: int) -> Iterator[Reply]:
    """Yield all pages of a list."""
    page = 1
    while True:
        reply = ask(world, operation, room, page=page, limit=limit).must(200)
        yield reply
        if page * limit >= reply.data("total"):
            return
        page += 1


def walk(world: World, operation: str, room: str | None, limit: int, total: int) -> list[Reply]:
    """Return all pages of a list of so many rows, several asked for at a time."""

    def page(number: int) -> Reply:
        return ask(world, operation, room, page=number, limit=limit).must(200)

    numbers = range(1, max(-(-total // limit), 1) + 1)
    with ThreadPoolExecutor(PAGES_AT_ONCE) as pool:
        return list(pool.map(page, numbers))


@ALONE
@rule(
    "list.complete",
    level="decided",
    must="The pages together MUST hold every row exactly once, in one order, whatever the limit, "
    "and `total` of them",
    contract=PAGE,
    operations=PRIVATE,
)
@pytest.mark.parametrize("limit", ["1", "2", "n-1", "n", "100"])
@pytest.mark.parametrize("operation", PRIVATE)
def test_pages_hold_every_row_once(world: World, operation: str, limit: str) -> None:
    """Walk through a list of our own with one limit, and compare with one large page."""
    room = filled(world, operation)

    def whole() -> Reply:
        return ask(world, operation, room, limit=100).must(200)

    def judge() -> None:
        large = whole()
        expected, total = _ids(large, LISTS[operation]), large.data("total")
        if total > 100:
            unsupported(f"needs a caller with at most 100 rows: there are {total}")
        size = {"n-1": max(total - 1, 1), "n": total}.get(limit) or int(limit)
        walked = walk(world, operation, room, size, total)
        ids = [id_ for reply in walked for id_ in _ids(reply, LISTS[operation])]
        walked[-1].equal(ids, expected, f"the ids of all pages of {size}")
        walked[-1].equal(len(ids), total, "the number of rows on all pages")
        for reply in walked:
            reply.equal(reply.data("total"), total, "`total`")

    while_still(world, lambda: _ids(whole(), LISTS[operation]), judge)


@rule(
    "list.exact",
    level="decided",
    must="A room's list MUST hold its sessions of every status, newest first, and no others",
    contract="#/paths/~1rooms~1{id}~1sessions/get",
    operations=("list_room_sessions",),
)
def test_a_rooms_list_holds_its_sessions(world: World) -> None:
    """Make three sessions in one room and one in another."""
    first = world.new_session("ended")
    second = world.new_session(room_id=first.room_id)
    third = world.new_session("live", room_id=first.room_id)
    world.new_session()
    reply = ask(world, "list_room_sessions", first.room_id).must(200)
    reply.equal(reply.data("total"), 3, "`total`")
    rows = {row["id"]: row["status"] for row in reply.data("sessions")}
    expected = {third.id: "live", second.id: "scheduled", first.id: "ended"}
    reply.equal(rows, expected, "ids and statuses")
    for row in reply.data("sessions"):
        read = world.api.send("get_session", row["id"]).must(200)
        read.equal(steady(read.data()), steady(row), "the session to be as it is listed")


@ALONE
@rule(
    "list.shared",
    level="decided",
    must="Small pages of a list that everybody shares MUST hold what a large one holds",
    contract=PAGE,
    operations=SHARED,
)
@pytest.mark.parametrize("operation", SHARED)
def test_shared_lists_page_alike(world: World, operation: str) -> None:
    """Compare the first pages of limit 1, 2 and 3 with one page of 100."""
    filled(world, operation)
    rows = LISTS[operation]

    def whole() -> Reply:
        return ask(world, operation, None, limit=100).must(200)

    def judge() -> None:
        large = whole()
        for size in (1, 2, 3):
            two = [ask(world, operation, None, limit=size, page=page).must(200) for page in (1, 2)]
            ids = [id_ for reply in two for id_ in _ids(reply, rows)]
            two[-1].equal(ids, _ids(large, rows)[: 2 * size], f"two pages of {size}")
            for reply in two:
                reply.equal(reply.data("total"), large.data("total"), "`total`")

    def look() -> object:
        reply = whole()
        return _ids(reply, rows), reply.data("total")

    while_still(world, look, judge)


def _ids(reply: Reply, rows: str) -> list[str]:
    return [row["id"] for row in reply.data(rows)]


@rule(
    "list.live",
    level="decided",
    must="The list of live sessions MUST show a session from its start until its end",
    contract="#/paths/~1sessions~1live/get",
    operations=("list_live_sessions", "list_sessions"),
)
def test_live_sessions_come_and_go(world: World) -> None:
    """Look for a session among the live ones before, during and after it is live."""
    made = world.new_session()
    for operation, present in ((None, False), ("start_session", True), ("end_session", False)):
        if operation:
            world.api.send(operation, made.id, by=world.host).must(200)
        replies = list(pages(world, "list_live_sessions", None, 100))
        ids = [id_ for reply in replies for id_ in _ids(reply, "sessions")]
        expected = "the session in the list" if present else "no such row"
        replies[0].check((made.id in ids) is present, expected, "the opposite")
    listed = ask(world, "list_sessions", None, limit=100).must(200)
    listed.check(made.id in _ids(listed, "sessions"), "the new session on page 1", "no such row")


@ALONE
@rule(
    "list.past_the_end",
    level="decided",
    must="A page past the end MUST be an empty list with the same `total`",
    contract=PAGE,
    operations=LISTS,
)
@pytest.mark.parametrize("operation", LISTS)
def test_a_page_past_the_end_is_empty(world: World, operation: str) -> None:
    """Ask for page 1,000,000, and for the page after the last."""
    room = filled(world, operation)

    def judge() -> None:
        first = ask(world, operation, room, limit=100).must(200)
        after = -(-first.data("total") // 100) + 1
        for page in (after, after + 100, 1_000_000):
            reply = ask(world, operation, room, limit=100, page=page).must(200)
            reply.equal(reply.data(LISTS[operation]), [], "the rows")
            reply.equal(reply.data("total"), first.data("total"), "`total`")
            reply.equal(reply.data("page"), page, "`page`")

    while_still(world, lambda: ask(world, operation, room, limit=1).must(200).data("total"), judge)


@rule(
    "list.defaults",
    level="published",
    must="A list asked for without parameters MUST be page 1 of at most 10 rows",
    contract=LIMIT,
    operations=LISTS,
)
@pytest.mark.parametrize("operation", LISTS)
def test_lists_begin_at_page_1_with_10_rows(world: World, operation: str) -> None:
    """Ask for a list without parameters."""
    room = world.stage().room if operation == "list_room_sessions" else None
    reply = ask(world, operation, room).must(200)
    reply.equal((reply.data("page"), reply.data("limit")), (1, 10), "page and limit")
    count = len(reply.data(LISTS[operation]))
    reply.check(count <= 10, "at most 10 rows", shown(count))


BAD = ("0", "-1", "abc", "1.5", "", "0x1", "null", "true")
BAD_PAGES = [("page", value) for value in BAD]
BAD_LIMITS = [("limit", value) for value in (*BAD, "101", "1000000", "9" * 40)]


@rule(
    "list.malformed",
    level="decided",
    must="A `page` or `limit` that is no integer, empty or out of range MUST be refused with 400",
    contract=LIMIT,
    operations=LISTS,
)
@pytest.mark.parametrize("operation", LISTS)
def test_a_malformed_page_is_refused(world: World, operation: str) -> None:
    """Ask for pages and limits that cannot be."""
    room = world.stage().room if operation == "list_room_sessions" else None
    for name, value in (*BAD_PAGES, *BAD_LIMITS):
        ask(world, operation, room, **{name: value}).must(400)


@rule(
    "list.repeated",
    level="decided",
    must="A `page` or `limit` that is given twice MUST be refused with 400",
    contract=LIMIT,
    operations=LISTS,
)
@pytest.mark.parametrize("operation", LISTS)
def test_a_repeated_page_is_refused(world: World, operation: str) -> None:
    """Give a parameter twice, with the same value and with another."""
    room = world.stage().room if operation == "list_room_sessions" else None
    by = caller(world, operation)
    for name in ("page", "limit"):
        for values in (("1", "1"), ("1", "2")):
            query = [(name, value) for value in values]
            world.api.send(operation, room, by=by, query=query).must(400)


@rule(
    "list.bounds",
    level="decided",
    must="A `limit` from 1 to 100 MUST be answered, and parameters nobody knows MUST be ignored",
    contract=LIMIT,
    operations=LISTS,
)
@pytest.mark.parametrize("operation", LISTS)
def test_limits_within_bounds_are_answered(world: World, operation: str) -> None:
    """Ask for the smallest and largest pages, and with a parameter that does not exist."""
    room = world.stage().room if operation == "list_room_sessions" else None
    for limit in (1, 100):
        reply = ask(world, operation, room, limit=limit).must(200)
        reply.equal(reply.data("limit"), limit, "`limit`")
    reply = ask(world, operation, room, limit=3, unknown="x", offset="7").must(200)
    reply.equal(reply.data("page"), 1, "`page`")


@ALONE
@rule(
    "stats.follow",
    level="decided",
    must="The stats MUST follow what happens: a session is counted when made, started, ended and "
    "deleted",
    contract="#/components/schemas/DashboardStatsResponse",
    operations=("get_session_stats", "list_sessions", "list_live_sessions"),
)
def test_stats_agree_with_the_lists(world: World) -> None:
    """Compare the stats with the totals of the lists, at a moment when nothing moves."""
    made = world.new_session("live")

    def stats() -> Reply:
        return world.api.send("get_session_stats", by=world.viewer).must(200)

    def judge() -> None:
        now = stats()
        for name, operation in (
            ("total_sessions", "list_sessions"),
            ("live_now", "list_live_sessions"),
        ):
            total = ask(world, operation, None, limit=1).must(200).data("total")
            now.equal(now.data(name), total, f"`{name}`")
        now.check(now.data("live_now") >= 1, "`live_now` of at least 1", "0")

    while_still(world, lambda: stats().data(), judge)
    world.api.send("end_session", made.id, by=world.host).must(200)


@ALONE
@rule(
    "stats.exact",
    level="decided",
    must="The stats MUST be what counting the sessions of `/sessions` gives, without expired ones",
    contract="#/components/schemas/DashboardStatsResponse",
    operations=("get_session_stats", "list_sessions"),
)
def test_stats_are_the_counts_of_the_list(world: World) -> None:
    """Count the statuses on all pages of the list of sessions."""
    for state in ("ended", "scheduled", "live"):
        world.new_session(state)

    def stats() -> Reply:
        return world.api.send("get_session_stats", by=world.host).must(200)

    def judge() -> None:
        now = stats()
        if now.data("total_sessions") > 1000:
            unsupported("needs a target with at most 1,000 sessions to count")
        walked = pages(world, "list_sessions", None, 100)
        statuses = [row["status"] for reply in walked for row in reply.data("sessions")]
        counted = {
            "total_sessions": len(statuses),
            "live_now": statuses.count("live"),
            "scheduled": statuses.count("scheduled"),
            "ended": statuses.count("ended"),
        }
        now.equal({name: now.data(name) for name in counted}, counted, "the stats")

    while_still(world, lambda: stats().data(), judge)

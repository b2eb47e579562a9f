"""Calls at the same moment: exactly one of them makes the move."""

from __future__ import annotations

from collections import Counter

import pytest

from conformance.reply import Reply, shown
from conformance.rule import rule
from conformance.world import World, needed

AT_ONCE = 8
TABLE = "#/x-lifecycles/session"


def statuses(replies: list[Reply]) -> str:
    """Return how often each status was answered, in words."""
    counted = Counter(reply.status for reply in replies)
    return ", ".join(f"{count} of {status}" for status, count in sorted(counted.items()))


@rule(
    "concurrency.start",
    level="decided",
    must="Starts of one session at the same moment MUST all be answered alike, make one move, and "
    "give one ingress",
    contract=TABLE,
    operations=("start_session", "go_live"),
)
@pytest.mark.parametrize("operation", ["start_session", "go_live"])
def test_parallel_starts_make_one_move(world: World, operation: str) -> None:
    """Start one session eight times at once."""
    made = world.new_session()
    replies = world.all_at_once([(operation, made.id, {"by": world.host})] * AT_ONCE)
    for reply in replies:
        reply.must(200)
        reply.equal(reply.data("rtmp"), replies[0].data("rtmp"), "`rtmp`")
        first = replies[0].data("session", "started_at")
        reply.equal(reply.data("session", "started_at"), first, "`started_at`")
    after = world.api.send("get_session", made.id).must(200)
    after.equal(after.data("status"), "live", "`status`")
    after.equal(after.data("started_at"), replies[0].data("session", "started_at"), "`started_at`")


@rule(
    "concurrency.end",
    level="decided",
    must="Of ends of one session at the same moment exactly one MUST succeed, the others get 409",
    contract=TABLE,
    operations=("end_session",),
)
def test_parallel_ends_make_one_move(world: World) -> None:
    """End one session eight times at once."""
    made = world.new_session("live")
    replies = world.all_at_once([("end_session", made.id, {"by": world.host})] * AT_ONCE)
    _exactly_one(replies, 200, 409)
    winner = next(reply for reply in replies if reply.status == 200)
    after = world.api.send("get_session", made.id).must(200)
    after.equal(after.data("ended_at"), winner.data("ended_at"), "`ended_at`")


def _exactly_one(replies: list[Reply], success: int, refusal: int) -> None:
    won = [reply for reply in replies if reply.status == success]
    lost = [reply for reply in replies if reply.status == refusal]
    replies[0].check(
        len(won) == 1 and len(lost) == len(replies) - 1,
        f"1 of {success}, {len(replies) - 1} of {refusal}",
        statuses(replies),
    )


@rule(
    "concurrency.room",
    level="decided",
    must="Of starts of several sessions of one room at the same moment exactly one MUST succeed",
    contract=TABLE,
    operations=("start_session", "go_live"),
)
@pytest.mark.parametrize("operation", ["start_session", "go_live"])
def test_parallel_starts_in_one_room_make_one_live(world: World, operation: str) -> None:
    """Start four sessions of one room at once."""
    first = world.new_session()
    others = [world.new_session(room_id=first.room_id) for _ in range(3)]
    calls = [(operation, made.id, {"by": world.host}) for made in (first, *others)]
    replies = world.all_at_once(calls)
    _exactly_one(replies, 200, 409)
    page = world.api.send("list_room_sessions", first.room_id, by=world.host).must(200)
    live = [row["id"] for row in page.data("sessions") if row["status"] == "live"]
    page.check(len(live) == 1, "one live session in the room", shown(len(live)))


@rule(
    "concurrency.join",
    level="decided",
    must="Of callers who join at the same moment no more MUST be let in than there are places",
    contract="#/paths/~1sessions~1{id}~1join/post",
    operations=("join_session",),
)
def test_parallel_joins_keep_the_limit(world: World) -> None:
    """Let a viewer and another host join a session of one place, both at once, four times each."""
    made = world.new_session("live")
    body = {"max_join_limit": 1}
    needed(world.api.send("update_session_settings", made.id, by=world.host, body=body))
    callers = (world.viewer, world.other_host)
    calls = [("join_session", made.id, {"by": caller}) for caller in callers * (AT_ONCE // 2)]
    replies = world.all_at_once(calls)
    let_in = [
        any(reply.status == 200 for reply in replies[index :: len(callers)])
        for index in range(len(callers))
    ]
    replies[0].check(sum(let_in) == 1, "one of both callers let in", f"{sum(let_in)} let in")


@rule(
    "concurrency.code",
    level="decided",
    must="Of exchanges of one code at the same moment exactly one MUST succeed",
    contract="#/paths/~1auth~1code~1exchange/post",
    operations=("exchange_auth_code",),
)
def test_parallel_exchanges_sign_in_once(world: World) -> None:
    """Exchange one code eight times at once."""
    body = {"session_id": world.stage().session}
    made = needed(world.api.send("create_auth_code", by=world.viewer, body=body))
    code = {"body": {"code": made.data("code")}}
    _exactly_one(world.all_at_once([("exchange_auth_code", None, code)] * AT_ONCE), 200, 401)


@rule(
    "concurrency.refresh",
    level="decided",
    must="Of uses of one refresh token at the same moment exactly one MUST succeed",
    contract="#/paths/~1auth~1refresh/post",
    operations=("refresh_tokens",),
)
def test_parallel_refreshes_spend_once(world: World) -> None:
    """Spend one refresh token eight times at once."""
    body = {"body": {"refresh_token": world.new_viewer()["refresh_token"]}}
    _exactly_one(world.all_at_once([("refresh_tokens", None, body)] * AT_ONCE), 200, 401)


@rule(
    "concurrency.delete",
    level="decided",
    must="Of deletions of one thing at the same moment exactly one MUST succeed, the others "
    "get 404",
    contract="#/paths",
    operations=("delete_room", "delete_session", "delete_preset"),
)
@pytest.mark.parametrize("operation", ["delete_room", "delete_session", "delete_preset"])
def test_parallel_deletions_delete_once(world: World, operation: str) -> None:
    """Delete one thing eight times at once."""
    if operation == "delete_preset":
        id_ = world.new_preset()["id"]
    else:
        made = world.new_session()
        id_ = made.room_id if operation == "delete_room" else made.id
    replies = world.all_at_once([(operation, id_, {"by": world.host})] * AT_ONCE)
    _exactly_one(replies, 200, 404)


@rule(
    "concurrency.create",
    level="decided",
    must="Creations at the same moment MUST all succeed and make different things",
    contract="#/paths",
    operations=("create_room", "create_session"),
)
def test_parallel_creations_all_count(world: World) -> None:
    """Create eight sessions of one room at once."""
    room = world.new_room()["id"]
    body = {"title": world.title(), "preset_id": world.preset_id()}
    call = ("create_session", room, {"by": world.host, "body": body})
    replies = [reply.must(201) for reply in world.all_at_once([call] * AT_ONCE)]
    ids = {reply.data("session", "id") for reply in replies}
    keys = {reply.data("stream_key") for reply in replies}
    replies[0].check(
        len(ids) == len(keys) == AT_ONCE, "8 ids and 8 keys", f"{len(ids)}, {len(keys)}"
    )
    page = world.api.send("list_room_sessions", room, by=world.host).must(200)
    page.equal(page.data("total"), AT_ONCE, "`total`")

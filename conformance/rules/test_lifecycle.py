"""The life of a session: every operation in every state, straight from the contract's table."""

from __future__ import annotations

import pytest

from conformance.bodies import arguments
from conformance.contract import bundled
from conformance.reply import Reply
from conformance.rule import rule
from conformance.scenes import Scene, must_be_unchanged
from conformance.world import Made, World, needed

CONTRACT = bundled()
MORE_THAN_A_PAGE = 11
LIFECYCLE = CONTRACT.session
TABLE = "#/x-lifecycles/session"
OPERATIONS = [
    operation.id
    for operation in CONTRACT.operations.values()
    if operation.path.startswith("/sessions/{id}")
]
STATES = (*LIFECYCLE.states, "broadcasting")


def state_named(label: str) -> str:
    """Return the contract's state behind a label of ours: broadcasting is a kind of live."""
    return "live" if label == "broadcasting" else label


def allowed(operation: str, label: str, caller: str) -> bool:
    """Tell whether the table lets a caller call the operation in that state."""
    state, role = state_named(label), "room_host" if caller == "host" else caller
    row = LIFECYCLE.allows(operation, state, caller=role)
    return not LIFECYCLE.governs(operation) or row is not None


OPEN_TO_VIEWERS = [
    name
    for name in OPERATIONS
    if not CONTRACT.operations[name].roles and name != "update_session_settings"
]
TRIPLES = [
    *((operation, state, "host") for operation in OPERATIONS for state in STATES),
    *((operation, state, "viewer") for operation in OPEN_TO_VIEWERS for state in STATES),
]
ALLOWED = [pytest.param(*triple, id="-".join(triple)) for triple in TRIPLES if allowed(*triple)]
REFUSED = [pytest.param(*triple, id="-".join(triple)) for triple in TRIPLES if not allowed(*triple)]


def session_in(world: World, state: str) -> Made:
    """Make a session in a state; webcam, because every operation is open to that mode."""
    if state == "expired":
        world.bring("", state)
    return world.new_session(state, mode="webcam")


def call(world: World, operation: str, session: str, caller: str) -> Reply:
    """Call an operation with a body it accepts."""
    found = CONTRACT.operations[operation]
    by = world.host if caller == "host" else world.viewer
    return world.api.send(operation, session, by=by, **arguments(world, found))


@rule(
    "session.lifecycle.allowed",
    level="decided",
    must="An operation the lifecycle allows MUST succeed and leave the session in the state the "
    "lifecycle names",
    contract=TABLE,
    operations=OPERATIONS,
)
@pytest.mark.parametrize(("operation", "state", "caller"), ALLOWED)
def test_an_allowed_operation_moves_the_session(
    world: World, operation: str, state: str, caller: str
) -> None:
    """Call an operation in a state from which the table has a row."""
    made = session_in(world, state)
    reply = call(world, operation, made.id, caller).must(200)
    move = LIFECYCLE.allows(operation, state_named(state))
    target = move.target if move else "same"
    after = world.api.send("get_session", made.id)
    if target == "gone":
        after.must(404)
        return
    expected = state_named(state) if target == "same" else target
    status = after.must(200).data("status")
    reply.check(status == expected, f"the session to be `{expected}` afterwards", f"`{status}`")


@rule(
    "session.lifecycle.refused",
    level="decided",
    must="An operation the lifecycle does not allow MUST be refused with 409 and change nothing",
    contract=TABLE,
    operations=OPERATIONS,
)
@pytest.mark.parametrize(("operation", "state", "caller"), REFUSED)
def test_any_other_operation_is_refused(
    world: World, operation: str, state: str, caller: str
) -> None:
    """Call an operation in a state from which the table has no row."""
    made = session_in(world, state)
    scene = Scene(made.id, (("get_session", made.id), ("get_room", made.room_id)))
    before = scene.look(world)
    reply = call(world, operation, made.id, caller).must(409)
    must_be_unchanged(reply, before, scene.look(world))


@rule(
    "session.lifecycle.join_by_host",
    level="decided",
    must="The room's host MUST be let into a scheduled session, and nobody else",
    contract=TABLE,
    operations=("join_session",),
)
def test_only_the_host_joins_before_the_start(world: World) -> None:
    """Join a scheduled session as its host, as a viewer, and as another host."""
    made = world.new_session()
    world.api.send("join_session", made.id, by=world.host).must(200)
    world.api.send("join_session", made.id, by=world.viewer).must(409)
    world.api.send("join_session", made.id, by=world.other_host).must(409)


@rule(
    "session.lifecycle.webcam_only",
    level="decided",
    must="`start_webcam_hls` MUST be refused with 409 for a session whose mode is `rtmp`",
    contract=TABLE,
    operations=("start_webcam_hls",),
)
def test_the_webcam_broadcast_needs_the_webcam_mode(world: World) -> None:
    """Start the webcam's broadcast in an rtmp session."""
    made = world.new_session("live", mode="rtmp")
    world.api.send("start_webcam_hls", made.id, by=world.host).must(409)
    made = world.new_session("live", mode="webcam")
    world.api.send("start_webcam_hls", made.id, by=world.host).must(200)


@rule(
    "session.lifecycle.one_live",
    level="decided",
    must="While a session of a room is live, starting another one there MUST be refused with 409",
    contract=TABLE,
    operations=("start_session", "go_live"),
)
@pytest.mark.parametrize("operation", ["start_session", "go_live"])
@pytest.mark.parametrize("first", ["live", "broadcasting"])
def test_a_room_has_one_live_session(world: World, operation: str, first: str) -> None:
    """Start a second session while the first is live, and again when it has ended."""
    one = world.new_session(first)
    two = world.new_session(room_id=one.room_id)
    reply = world.api.send(operation, two.id, by=world.host).must(409)
    status = world.session(two.id)["status"]
    reply.check(status == "scheduled", "the second to stay `scheduled`", f"`{status}`")
    active = world.room(one.room_id).get("active_session_id")
    reply.check(active == one.id, f"the first, `{one.id}`, to stay active", f"`{active}`")
    needed(world.api.send("end_session", one.id, by=world.host))
    world.api.send(operation, two.id, by=world.host).must(200)


@rule(
    "session.lifecycle.room_freed",
    level="decided",
    must="A room's `active_session_id` MUST be its live session, and absent when it has none",
    contract="#/components/schemas/RoomResponse",
    operations=("start_session", "end_session", "get_room"),
)
def test_a_room_shows_its_live_session(world: World) -> None:
    """Read the room before the start, after it, and after the end."""
    made = world.new_session()
    room = world.api.send("get_room", made.room_id).must(200)
    room.check("active_session_id" not in room.data(), "no `active_session_id`", "one")
    world.bring(made.id, "live")
    room = world.api.send("get_room", made.room_id).must(200)
    room.equal(room.data("active_session_id"), made.id, "`active_session_id`")
    needed(world.api.send("end_session", made.id, by=world.host))
    room = world.api.send("get_room", made.room_id).must(200)
    room.check("active_session_id" not in room.data(), "no `active_session_id`", "one")
    world.api.send("delete_room", made.room_id, by=world.host).must(200)


@rule(
    "room.delete_while_live",
    level="decided",
    must="A room with a live session MUST NOT be deleted: 409, and nothing changes",
    contract="#/paths/~1rooms~1{id}/delete",
    operations=("delete_room",),
)
def test_a_room_with_a_live_session_stays(world: World) -> None:
    """Delete a room in which a session is live."""
    made = world.new_session("live")
    scene = Scene(made.room_id, (("get_session", made.id), ("get_room", made.room_id)))
    before = scene.look(world)
    reply = world.api.send("delete_room", made.room_id, by=world.host).must(409)
    must_be_unchanged(reply, before, scene.look(world))


@rule(
    "room.delete",
    level="decided",
    must="With a room all its sessions MUST go: each id is answered with 404 afterwards",
    contract="#/paths/~1rooms~1{id}/delete",
    operations=("delete_room", "get_room", "get_session"),
)
def test_a_rooms_sessions_go_with_it(world: World) -> None:
    """Delete a room that holds an ended session and scheduled ones, more than a page has."""
    ended = world.new_session("ended")
    count = MORE_THAN_A_PAGE if world.thorough else 1
    planned = [world.new_session(room_id=ended.room_id) for _ in range(count)]
    scheduled = planned[0]
    gone = world.api.send("delete_room", ended.room_id, by=world.host).must(200)
    gone.equal(gone.data("id"), ended.room_id, "`data.id`")
    world.api.send("get_room", ended.room_id).must(404)
    for session in (ended.id, scheduled.id):
        world.api.send("get_session", session).must(404)
        world.api.send("start_session", session, by=world.host).must(404)
    for each in planned:
        world.api.send("get_session", each.id).must(404)
    world.api.send("list_room_sessions", ended.room_id, by=world.host).must(404)
    world.api.send("delete_room", ended.room_id, by=world.host).must(404)
    for operation, rows in (("list_rooms", "rooms"), ("list_my_rooms", "rooms")):
        must_not_list(world, operation, rows, ended.room_id)
    for session in (ended.id, scheduled.id):
        must_not_list(world, "list_sessions", "sessions", session)


def must_not_list(world: World, operation: str, rows: str, id_: str) -> None:
    """Raise Mismatch when the newest rows of a list hold what was deleted."""
    by = None if CONTRACT.operations[operation].public else world.host
    page = world.api.send(operation, by=by, query={"limit": 100}).must(200)
    ids = [row["id"] for row in page.data(rows)]
    page.check(id_ not in ids, f"no `{id_}` in the list", "its row")


@rule(
    "session.delete",
    level="decided",
    must="A deleted session MUST be gone from every place, and its room MUST stay",
    contract="#/paths/~1sessions~1{id}/delete",
    operations=("delete_session",),
)
@pytest.mark.parametrize("state", ["scheduled", "ended"])
def test_a_deleted_session_is_gone(world: World, state: str) -> None:
    """Delete a session and look for it by id and in its room's list."""
    made = world.new_session(state)
    gone = world.api.send("delete_session", made.id, by=world.host).must(200)
    gone.equal(gone.data("id"), made.id, "`data.id`")
    world.api.send("get_session", made.id).must(404)
    world.api.send("delete_session", made.id, by=world.host).must(404)
    left = world.api.send("list_room_sessions", made.room_id, by=world.host).must(200)
    left.equal(left.data("total"), 0, "`total` of the room's sessions")
    must_not_list(world, "list_sessions", "sessions", made.id)
    world.api.send("get_room", made.room_id).must(200)

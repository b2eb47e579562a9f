"""Gives the rules that hold for every answer one answer of each kind to judge."""

from __future__ import annotations

import pytest

from conformance import invariants, responses
from conformance.bodies import arguments
from conformance.contract import bundled
from conformance.rule import rule
from conformance.scenes import scene_for
from conformance.world import World, later

CONTRACT = bundled()
JUDGED = [
    *(found for found, _ in invariants.INVARIANTS.values()),
    responses.NO_CRASH,
    responses.STATUS,
    responses.CONTENT_TYPE,
    responses.ENVELOPE,
    responses.SCHEMA,
    responses.CHALLENGE,
    responses.NO_INTERNALS,
]


@rule(
    "tour.success",
    level="published",
    must="Every operation MUST succeed at least once for a caller who may",
    contract="#/paths",
    operations=[
        name
        for name, op in CONTRACT.operations.items()
        if op.tag.lower() not in ("auth", "sign-in")
    ],
)
@pytest.mark.conformance_serves(*JUDGED)
@pytest.mark.parametrize("operation", CONTRACT.operations)
def test_every_operation_succeeds(world: World, operation: str) -> None:
    """Call each operation where it is allowed; credentials in bodies get their own rules."""
    found = CONTRACT.operations[operation]
    if found.public and found.body is not None:
        _sign_in_once(world, operation)
        return
    more = arguments(world, found)
    if operation == "create_session":
        more["body"]["preset_id"] = world.preset_id()
        more["body"]["scheduled_start_time"] = later(days=1)
    if operation == "create_auth_code":
        more["body"]["session_id"] = world.stage().session
    id_ = scene_for(world, found).id if found.has_id else None
    by = None if found.public else world.host
    world.api.send(operation, id_, by=by, **more).must(found.success)


def _sign_in_once(world: World, operation: str) -> None:
    viewer = world.new_viewer()
    if operation in ("refresh_tokens", "logout"):
        world.api.send(operation, body={"refresh_token": viewer["refresh_token"]}).must(200)
    elif operation == "device_login":
        world.api.send(operation, body={"device_token": viewer["device_token"]}).must(200)


@rule(
    "tour.states",
    level="decided",
    must="A session MUST be shown whole in every state it goes through",
    contract="#/components/schemas/SessionResponse",
    operations=("get_session", "list_room_sessions", "list_sessions", "list_live_sessions"),
)
@pytest.mark.conformance_serves(*JUDGED)
@pytest.mark.parametrize("state", ["scheduled", "live", "broadcasting", "ended"])
def test_sessions_are_shown_in_every_state(world: World, state: str) -> None:
    """Read a session by its id and in the lists, in each state."""
    made = world.new_session(state, description="Shown everywhere", mode="webcam")
    world.api.send("get_session", made.id).must(200)
    world.api.send("get_room", made.room_id).must(200)
    world.api.send("list_room_sessions", made.room_id, by=world.host).must(200)
    for operation in ("list_sessions", "list_live_sessions"):
        world.api.send(operation, query={"limit": 100}).must(200)
    world.api.send("get_session_stats", by=world.host).must(200)
    world.api.send("list_my_rooms", by=world.host, query={"limit": 100}).must(200)

"""Reading changes nothing."""

from __future__ import annotations

import pytest

from conformance.contract import bundled
from conformance.rule import rule
from conformance.scenes import Scene, must_be_unchanged
from conformance.world import World

CONTRACT = bundled()
READS = [op.id for op in CONTRACT.operations.values() if op.method == "GET"]


@rule(
    "read.safe",
    level="decided",
    must="Reading MUST NOT change anything",
    contract="#/paths",
    operations=READS,
)
@pytest.mark.parametrize("operation", READS)
def test_reading_changes_nothing(world: World, operation: str) -> None:
    """Look at a broadcasting session, its room and preset before and after reading twice."""
    preset = world.new_preset()["id"]
    made = world.new_session("broadcasting", preset_id=preset)
    found = CONTRACT.operations[operation]
    scene = Scene(
        made.id,
        (("get_session", made.id), ("get_room", made.room_id), ("get_preset", preset)),
    )
    ids = {"/rooms": made.room_id, "/sessions": made.id, "/presets": preset}
    id_ = ids["/" + found.path.split("/")[1]] if found.has_id else None
    before = scene.look(world)
    by = None if found.public else world.host
    for _ in range(2):
        reply = world.api.send(operation, id_, by=by).must(200)
    must_be_unchanged(reply, before, scene.look(world))


@rule(
    "read.refused_changes_nothing",
    level="decided",
    must="A change that is refused for its body MUST NOT change anything",
    contract="#/paths",
    operations=("update_room", "update_preset", "update_session_settings", "reschedule_session"),
)
@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("update_room", {"description": "changed", "title": "x"}),
        ("update_preset", {"chat_enabled": False, "max_join_limit": 99}),
        ("update_session_settings", {"chat_enabled": False, "max_join_limit": -1}),
        ("reschedule_session", {"scheduled_start_time": "soon"}),
    ],
    ids=["update_room", "update_preset", "update_session_settings", "reschedule_session"],
)
def test_half_a_change_is_no_change(world: World, operation: str, body: dict[str, object]) -> None:
    """Send a body of which one field is right and one is wrong."""
    preset = world.new_preset(chat_enabled=True)["id"]
    made = world.new_session(preset_id=preset)
    scene = Scene(
        made.id, (("get_session", made.id), ("get_room", made.room_id), ("get_preset", preset))
    )
    ids = {"update_room": made.room_id, "update_preset": preset}
    before = scene.look(world)
    reply = world.api.send(operation, ids.get(operation, made.id), by=world.host, body=body)
    reply.must(422)
    must_be_unchanged(reply, before, scene.look(world))

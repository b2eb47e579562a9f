"""Places in a session: who takes one, who takes none, and who keeps theirs."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.reply import Reply, shown
from conformance.rule import rule
from conformance.world import World, identity, needed

Json = Any

JOIN = "#/paths/~1sessions~1{id}~1join/post"


def settle(world: World, session: str, limit: int) -> None:
    """Give a session a join limit of its own."""
    body = {"max_join_limit": limit}
    needed(world.api.send("update_session_settings", session, by=world.host, body=body))


@rule(
    "session.join.preset_limit",
    level="decided",
    must="The join limit of the preset MUST hold where the session has none of its own",
    contract=JOIN,
    operations=("join_session", "create_preset"),
)
def test_the_presets_limit_holds(world: World) -> None:
    """Fill a session whose preset lets one in."""
    preset = world.new_preset(max_join_limit=1)["id"]
    made = world.new_session("live", preset_id=preset)
    world.api.send("join_session", made.id, by=world.viewer).must(200)
    world.api.send("join_session", made.id, by=world.other_host).must(409)
    world.api.send("join_session", made.id, by=world.host).must(200)


@rule(
    "session.join.apart",
    level="decided",
    must="Places of one session MUST NOT be taken by who joined another, or joined it before",
    contract=JOIN,
    operations=("join_session",),
)
def test_every_session_has_places_of_its_own(world: World) -> None:
    """Let one viewer into two sessions of one place each, then into the first room's next one."""
    first, second = world.new_session("live"), world.new_session("live")
    following = world.new_session(room_id=first.room_id)
    for made in (first, second, following):
        if made is following:
            needed(world.api.send("end_session", first.id, by=world.host))
            needed(world.api.send("start_session", made.id, by=world.host))
        settle(world, made.id, 1)
        world.api.send("join_session", made.id, by=world.viewer).must(200)
        world.api.send("join_session", made.id, by=world.other_host).must(409)


@rule(
    "session.settings.lower_limit",
    level="decided",
    must="A lower `max_join_limit` MUST send nobody away",
    contract="#/paths/~1sessions~1{id}~1settings/patch",
    operations=("update_session_settings", "join_session", "get_session"),
)
def test_a_lower_limit_sends_nobody_away(world: World) -> None:
    """Let two in, lower the limit to one, and count."""
    made = world.new_session("live")
    for caller in (world.viewer, world.other_host):
        needed(world.api.send("join_session", made.id, by=caller))
    settle(world, made.id, 1)
    third = identity("third viewer", world.new_viewer()["access_token"])
    world.api.send("join_session", made.id, by=third).must(409)
    read = world.api.send("get_session", made.id).must(200)
    count = read.data("viewer_count")
    read.check(count >= 2, "`viewer_count` of at least 2, who were in before", shown(count))


@rule(
    "session.monitor.unseen",
    level="decided",
    must="Who monitors MUST take no place",
    contract="#/paths/~1sessions~1{id}~1monitor/get",
    operations=("monitor_session", "join_session"),
)
def test_a_monitor_takes_no_place(world: World) -> None:
    """Monitor a session of one place with two callers before somebody joins, and afterwards."""
    made = world.new_session("live")
    settle(world, made.id, 1)
    for caller in (world.other_host, world.viewer):
        world.api.send("monitor_session", made.id, by=caller).must(200)
    world.api.send("join_session", made.id, by=world.viewer).must(200)
    world.api.send("join_session", made.id, by=world.other_host).must(409)
    world.api.send("monitor_session", made.id, by=world.other_host).must(200)


@rule(
    "session.host_state.apart",
    level="decided",
    must="The states of camera and microphone MUST be apart, each a session's own, whoever sets it",
    contract="#/paths/~1sessions~1{id}~1host_video_state/post",
    operations=("host_video_state", "host_audio_state"),
)
@pytest.mark.parametrize(
    ("one", "other"),
    [("host_video_state", "host_audio_state"), ("host_audio_state", "host_video_state")],
)
def test_camera_and_microphone_are_apart(world: World, one: str, other: str) -> None:
    """Set one state, change the other and another session's, and toggle the first."""
    here, there = world.new_session("live"), world.new_session("live")

    def tell(operation: str, session: str, enabled: bool) -> Reply:
        body = {"enabled": enabled}
        return needed(world.api.send(operation, session, by=world.host, body=body))

    tell(one, here.id, True)
    tell(other, here.id, False)
    tell(one, there.id, False)
    toggled = world.api.send(one, here.id, by=world.viewer).must(200)
    toggled.equal(toggled.data("enabled"), False, "`enabled` after a toggle")
    toggled = world.api.send(other, here.id, by=world.viewer).must(200)
    toggled.equal(toggled.data("enabled"), True, "`enabled` of the other after a toggle")

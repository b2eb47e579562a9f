"""Times: what is fixed, what grows, and whether the clock is right."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conformance.contract import bundled
from conformance.reply import Reply, shown
from conformance.rule import rule
from conformance.shapes import moment
from conformance.still import with_nothing_written
from conformance.world import World, later, needed

Json = Any

CONTRACT = bundled()
APART = timedelta(seconds=60)
ONE_STEP_OF_ANY_CLOCK = 1.05
TWO_STEPS_OF_ANY_CLOCK = 2.1


@rule(
    "time.clock",
    level="decided",
    must="`timestamp` MUST be the present in Unix seconds, on answers and on refusals",
    contract="#/components/schemas/Timestamp",
    operations=("list_rooms", "get_room"),
)
def test_the_timestamp_is_now(world: World) -> None:
    """Compare the target's clock with ours, a minute either way."""
    for reply in (
        world.api.send("list_rooms"),
        world.api.raw("GET", "/no-such-path"),
        world.api.send("get_me"),
    ):
        now = datetime.now(UTC).timestamp()
        stamp = reply.at("timestamp")
        reply.check(
            isinstance(stamp, int) and abs(stamp - now) <= APART.total_seconds(),
            f"a `timestamp` within a minute of {now:.0f}",
            shown(stamp),
        )


@rule(
    "time.runs",
    level="decided",
    must="`timestamp` MUST be of each answer: it runs as time does",
    contract="#/components/schemas/Timestamp",
    operations=("list_rooms", "get_room"),
)
@pytest.mark.conformance_long
def test_the_timestamp_runs(world: World) -> None:
    """Ask the same twice, some seconds apart, while this run writes nothing that would end a cache.

    Replicas may be a little apart, too.
    """
    room = world.new_room()["id"]

    def stamps() -> list[tuple[Reply, float]]:
        asked = [("list_rooms", None), ("get_room", room)]
        replies = [world.api.send(name, id_).must(200) for name, id_ in asked]
        return [(reply, reply.made_at().timestamp()) for reply in replies]

    with with_nothing_written(world):
        first = stamps()
        time.sleep(TWO_STEPS_OF_ANY_CLOCK)
        second = stamps()
    for (_, before), (reply, after) in zip(first, second, strict=True):
        reply.check(after > before, f"a `timestamp` after {before:.0f}", f"{after:.0f}")


@rule(
    "time.created",
    level="decided",
    must="What is created MUST say so: `created_at` is the moment of the answer",
    contract="#/components/schemas/RoomResponse",
    operations=("create_room", "create_session", "create_preset", "register_viewer"),
)
def test_created_at_is_the_moment_of_creation(world: World) -> None:
    """Compare `created_at` with the envelope's timestamp."""
    room = world.api.send("create_room", by=world.host, body={"title": world.title()}).must(201)
    body = {"title": world.title(), "preset_id": world.preset_id()}
    id_ = room.data("room", "id")
    session = world.api.send("create_session", id_, by=world.host, body=body).must(201)
    viewer = world.api.send("register_viewer", body={"display_name": world.title()}).must(201)
    for reply, name in ((room, "room"), (session, "session"), (viewer, "user")):
        made = moment(reply.data(name, "created_at"))
        stamp = reply.made_at()
        near = made is not None and abs(made - stamp) <= timedelta(seconds=5)
        reply.check(near, f"a `created_at` near {stamp.isoformat()}", shown(str(made)))


def changes(world: World) -> dict[str, tuple[str, str, Json]]:
    """Return one change for each operation that changes something: (reader, id, body)."""
    session, live = world.new_session(), world.new_session("live", mode="webcam")
    aired = world.new_session("live", mode="webcam")
    room, preset = world.new_room()["id"], world.new_preset(chat_enabled=True)["id"]
    return {
        "update_room": ("get_room", room, {"title": world.title("renamed")}),
        "update_preset": ("get_preset", preset, {"chat_enabled": False}),
        "start_session": ("get_session", world.new_session().id, None),
        "go_live": ("get_session", world.new_session().id, None),
        "ensure_hls_egress": ("get_session", aired.id, None),
        "start_webcam_hls": ("get_session", live.id, None),
        "end_session": ("get_session", world.new_session("live").id, None),
        "reschedule_session": (
            "get_session",
            session.id,
            {"scheduled_start_time": later(days=3)},
        ),
        "update_session_settings": (
            "get_session",
            world.new_session().id,
            {"max_join_limit": 3},
        ),
    }


@rule(
    "time.updated",
    level="decided",
    must="Every change MUST move `updated_at` forward, and never `created_at`",
    contract="#/components/schemas/SessionResponse",
    operations=(
        "update_room",
        "update_preset",
        "start_session",
        "go_live",
        "end_session",
        "reschedule_session",
        "update_session_settings",
    ),
)
@pytest.mark.conformance_long
def test_a_change_moves_updated_at(world: World) -> None:
    """Change one of everything, a clock's step after it was made."""
    made = changes(world)
    before = {name: read(world, *change[:2]) for name, change in made.items()}
    time.sleep(ONE_STEP_OF_ANY_CLOCK)
    for name, (reader, id_, body) in made.items():
        more = {} if body is None else {"body": body}
        needed(world.api.send(name, id_, by=world.host, **more))
        after = read(world, reader, id_)
        old, new = (moment(reply.data("updated_at")) for reply in (before[name], after))
        after.check(
            old is not None and new is not None and new > old,
            f"`updated_at` after `{name}` to be later than {old}",
            str(new),
        )
        created = before[name].data("created_at")
        after.equal(after.data("created_at"), created, "`created_at`")


def read(world: World, operation: str, id_: str) -> Reply:
    """Read a resource."""
    by = None if CONTRACT.operations[operation].public else world.host
    return needed(world.api.send(operation, id_, by=by))


@rule(
    "time.started",
    level="decided",
    must="`started_at` and `ended_at` MUST be the moments of the answers that set them",
    contract="#/components/schemas/SessionResponse",
    operations=("start_session", "go_live", "end_session"),
)
@pytest.mark.parametrize("operation", ["start_session", "go_live"])
def test_starts_and_ends_happen_when_they_are_answered(world: World, operation: str) -> None:
    """Start and end a session, and compare its times with the answers' timestamps."""
    made = world.new_session()
    started = world.api.send(operation, made.id, by=world.host).must(200)
    ended = world.api.send("end_session", made.id, by=world.host).must(200)
    for reply, value in (
        (started, started.data("session", "started_at")),
        (ended, ended.data("ended_at")),
    ):
        stamp = reply.made_at()
        at = moment(value)
        near = at is not None and abs(at - stamp) <= timedelta(seconds=5)
        reply.check(near, f"a moment near {stamp.isoformat()}", shown(value))
    kept = ended.data("started_at")
    ended.equal(kept, started.data("session", "started_at"), "`started_at` after the end")

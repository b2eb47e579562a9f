"""What a call touches and what it leaves alone: fields, other resources, and what is gone."""

from __future__ import annotations

import time
from typing import Any

import pytest

from conformance.bodies import arguments
from conformance.contract import bundled
from conformance.reply import Reply, shown
from conformance.rule import rule
from conformance.scenes import difference, steady
from conformance.world import A_CLOCKS_STEP, World, later, needed, unknown_id

Json = Any

CONTRACT = bundled()
SESSION = "#/components/schemas/SessionResponse"

MAY_CHANGE: dict[str, tuple[str, frozenset[str]]] = {
    "start_session": ("scheduled", frozenset({"status", "started_at"})),
    "go_live": ("scheduled", frozenset({"status", "started_at", "hls_url"})),
    "ensure_hls_egress": ("live", frozenset({"hls_url"})),
    "start_webcam_hls": ("live", frozenset({"hls_url"})),
    "end_session": ("broadcasting", frozenset({"status", "ended_at", "duration"})),
    "reschedule_session": ("scheduled", frozenset({"scheduled_start_time"})),
    "update_session_settings": (
        "scheduled",
        frozenset({"chat_enabled_override", "effective_chat_enabled"}),
    ),
    "join_session": ("live", frozenset()),
    "host_video_state": ("live", frozenset()),
    "host_audio_state": ("live", frozenset()),
    "monitor_session": ("live", frozenset()),
    "stream_health": ("live", frozenset()),
}
TIME_AND_ROOM = ("updated_at", "room")


@rule(
    "session.only_what_is_meant",
    level="decided",
    must="An operation on a session MUST change what it is for, keep every other field, and show "
    "in its answer what is so afterwards",
    contract=SESSION,
    operations=MAY_CHANGE,
)
@pytest.mark.parametrize("operation", MAY_CHANGE)
def test_an_operation_changes_what_it_is_for(world: World, operation: str) -> None:
    """Call an operation on a session with all its fields, and compare before and after."""
    state, may = MAY_CHANGE[operation]
    fields: Json = {"description": "Kept", "scheduled_start_time": later(days=1), "mode": "webcam"}
    made = world.new_session(**fields)
    body = {"stage_enabled": False, "max_join_limit": 9}
    needed(world.api.send("update_session_settings", made.id, by=world.host, body=body))
    world.bring(made.id, state)
    kept = frozenset({*may, *TIME_AND_ROOM})
    before = world.session(made.id)
    more = arguments(world, CONTRACT.operations[operation])
    reply = world.api.send(operation, made.id, by=world.host, **more).must(200)
    after = world.session(made.id)
    old, new = (
        {name: value for name, value in steady(session).items() if name not in kept}
        for session in (before, after)
    )
    if old != new:
        reply.check(False, "every other field to stay", difference(old, new))
    told = reply.data().get("session", reply.data())
    if told.get("id") == made.id and steady(told) != steady(after):
        found = difference(steady(told), steady(after))
        reply.check(False, "to show the session as it is afterwards", found)


@rule(
    "session.go_live.after_start",
    level="decided",
    must="Going live after the start MUST keep the ingress and `started_at`, and begin the "
    "broadcast",
    contract="#/paths/~1sessions~1{id}~1go_live/post",
    operations=("start_session", "go_live"),
)
@pytest.mark.conformance_long
def test_going_live_goes_on_from_the_start(world: World) -> None:
    """Start a session, wait for a clock's step, and go live."""
    made = world.new_session()
    started = world.api.send("start_session", made.id, by=world.host).must(200)
    time.sleep(A_CLOCKS_STEP)
    live = world.api.send("go_live", made.id, by=world.host).must(200)
    for keys in (("rtmp",), ("whip_url",), ("session", "started_at")):
        live.equal(live.data(*keys), started.data(*keys), f"`{'.'.join(keys)}`")
    live.data("session", "hls_url")


@rule(
    "session.lifecycle.rooms_apart",
    level="decided",
    must="A live session MUST NOT keep sessions of other rooms from starting, of the same host too",
    contract="#/x-lifecycles/session",
    operations=("start_session", "go_live"),
)
@pytest.mark.parametrize("operation", ["start_session", "go_live"])
def test_rooms_are_live_independently(world: World, operation: str) -> None:
    """Start sessions in two rooms of one host, and look at both."""
    first, second = world.new_session(), world.new_session()
    world.api.send(operation, first.id, by=world.host).must(200)
    reply = world.api.send(operation, second.id, by=world.host).must(200)
    status = world.session(first.id)["status"]
    reply.check(status == "live", "the session of the other room to stay `live`", f"`{status}`")
    needed(world.api.send("end_session", second.id, by=world.host))
    status = world.session(first.id)["status"]
    reply.check(status == "live", "it to stay `live` when this one ends", f"`{status}`")


GONE_SESSION = [
    op.id for op in CONTRACT.operations.values() if op.path.startswith("/sessions/{id}")
]
GONE_ROOM = [op.id for op in CONTRACT.operations.values() if op.path.startswith("/rooms/{id}")]
GONE_PRESET = [op.id for op in CONTRACT.operations.values() if op.path.startswith("/presets/{id}")]


@rule(
    "resource.gone",
    level="decided",
    must="What was deleted MUST be answered with 404 by every operation that takes its id",
    contract="#/components/schemas/DeletedEnvelope",
    operations=(*GONE_SESSION, *GONE_ROOM, *GONE_PRESET),
)
@pytest.mark.parametrize("kind", ["session", "room", "preset"])
def test_what_is_gone_is_gone_for_every_operation(world: World, kind: str) -> None:
    """Delete one thing of a kind, and call everything with its id."""
    made = world.new_session("ended")
    ids = {"session": made.id, "room": made.room_id}
    id_ = ids.get(kind) or world.new_preset()["id"]
    needed(world.api.send(f"delete_{kind}", id_, by=world.host))
    operations = {"session": GONE_SESSION, "room": GONE_ROOM, "preset": GONE_PRESET}[kind]
    for name in operations:
        found = CONTRACT.operations[name]
        by = None if found.public else world.host
        world.api.send(name, id_, by=by, **arguments(world, found)).must(404)
    if kind == "session":
        body = {"session_id": id_}
        world.api.send("create_auth_code", by=world.viewer, body=body).must(404)
    if kind == "preset":
        body = {"title": world.title(), "preset_id": id_}
        room = world.stage().room
        world.api.send("create_session", room, by=world.host, body=body).must(422)


READ_ONLY: dict[str, Json] = {
    "update_room": {"host_id": None, "library_id": None, "active_session_id": None},
    "update_preset": {"user_id": None, "library_id": None},
    "update_session_settings": {
        "room_id": None,
        "status": "ended",
        "title": "Taken over",
        "mode": "rtmp",
        "viewer_count": 7,
        "max_viewers": 7,
        "effective_chat_enabled": False,
        "recording_enabled": True,
        "hls_url": "https://cdn.greenroom.test/index.m3u8",
    },
}
MADE_UP = {"created_at": "2001-02-03T04:05:06Z", "updated_at": "2001-02-03T04:05:06Z"}


@rule(
    "body.read_only",
    level="decided",
    must="Fields that only answers have MUST be ignored in a request",
    contract="#/info",
    operations=READ_ONLY,
)
@pytest.mark.parametrize("operation", READ_ONLY)
def test_fields_of_answers_cannot_be_written(world: World, operation: str) -> None:
    """Change a resource by fields that are the server's to set."""
    preset = world.new_preset(chat_enabled=True, recording_enabled=False)["id"]
    made = world.new_session(preset_id=preset, mode="webcam")
    reader, id_ = {
        "update_room": ("get_room", made.room_id),
        "update_preset": ("get_preset", preset),
        "update_session_settings": ("get_session", made.id),
    }[operation]
    given = {name: unknown_id() if v is None else v for name, v in READ_ONLY[operation].items()}
    before = steady(needed(world.api.send(reader, id_, by=world.host)).data())
    body = {**given, **MADE_UP, "id": unknown_id()}
    reply = world.api.send(operation, id_, by=world.host, body=body).must(200)
    _unmoved(reply, before, steady(reply.data()))
    after = needed(world.api.send(reader, id_, by=world.host))
    _unmoved(reply, before, steady(after.data()))


def _unmoved(reply: Reply, before: Json, after: Json) -> None:
    if before != after:
        reply.check(False, "fields that cannot be written to stay", difference(before, after))


@rule(
    "body.read_only.created",
    level="decided",
    must="Fields that only answers have MUST be ignored when something is created",
    contract="#/info",
    operations=("create_session", "create_room", "create_preset"),
)
def test_fields_of_answers_cannot_be_given_at_birth(world: World) -> None:
    """Create a session, a room and a preset with fields that are the server's to set."""
    old = MADE_UP["created_at"]
    body: Json = {**MADE_UP, "title": world.title(), "preset_id": world.preset_id()}
    body |= {"status": "live", "started_at": old, "stream_key": "chosen", "max_viewers": 7}
    room = world.new_room()["id"]
    reply = world.api.send("create_session", room, by=world.host, body=body).must(201)
    reply.equal(reply.data("session", "status"), "scheduled", "`status`")
    reply.equal(reply.data("session", "max_viewers"), 0, "`max_viewers`")
    key = reply.data("stream_key")
    reply.check(key != "chosen", "a stream key of the server's own", shown(key))
    reply.check(reply.data("session", "created_at") != old, "`created_at` of now", shown(old))
    for operation, owner, given in (
        ("create_room", "host_id", {"title": world.title()}),
        (
            "create_preset",
            "user_id",
            arguments(world, CONTRACT.operations["create_preset"])["body"],
        ),
    ):
        sent = {**given, **MADE_UP, owner: unknown_id()}
        reply = world.api.send(operation, by=world.host, body=sent).must(201)
        made = reply.data().get("room") or reply.data()
        reply.check(made[owner] != sent[owner], f"`{owner}` to be the caller", shown(made[owner]))
        reply.check(made["created_at"] != old, "`created_at` of now", shown(old))


@rule(
    "preset.freed",
    level="decided",
    must="A preset MUST be free to go when the sessions that used it are gone with their room",
    contract="#/paths/~1presets~1{id}/delete",
    operations=("delete_preset", "delete_room"),
)
def test_a_deleted_room_frees_its_presets(world: World) -> None:
    """Delete a room with a scheduled session, and then the session's preset."""
    preset = world.new_preset()["id"]
    made = world.new_session(preset_id=preset)
    world.api.send("delete_preset", preset, by=world.host).must(409)
    needed(world.api.send("delete_room", made.room_id, by=world.host))
    world.api.send("delete_preset", preset, by=world.host).must(200)


@rule(
    "time.passing",
    level="decided",
    must="Time MUST NOT change what nobody touches",
    contract=SESSION,
    operations=("get_session", "get_room", "get_preset"),
)
@pytest.mark.conformance_long
def test_time_alone_changes_nothing(world: World) -> None:
    """Read an ended and a scheduled session, a room and a preset, a clock's step apart."""
    preset = world.new_preset()["id"]
    ended = world.new_session("ended", preset_id=preset)
    waiting = world.new_session(preset_id=preset, scheduled_start_time=later(days=1))
    reads = [("get_session", ended.id), ("get_session", waiting.id)]
    reads += [("get_room", ended.room_id), ("get_preset", preset)]
    before = [needed(world.api.send(name, id_, by=world.host)) for name, id_ in reads]
    time.sleep(A_CLOCKS_STEP)
    for (name, id_), first in zip(reads, before, strict=True):
        again = needed(world.api.send(name, id_, by=world.host))
        _unmoved(again, steady(first.data()), steady(again.data()))
        if id_ == ended.id:
            again.equal(again.data("max_viewers"), first.data("max_viewers"), "`max_viewers`")

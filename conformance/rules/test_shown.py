"""One thing, shown in many places: by its id, in lists, inside other things."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.reply import Reply, shown
from conformance.rule import rule
from conformance.scenes import steady
from conformance.world import World, later, needed

Json = Any

ROOM = "#/components/schemas/RoomResponse"
SESSION = "#/components/schemas/SessionResponse"


def listed(world: World, operation: str, rows: str, id_: str, room: str | None = None) -> Json:
    """Return the row with that id of a list's first hundred, which its newest are."""
    public = world.contract.operations[operation].public
    by = None if public else world.host
    page = world.api.send(operation, room, by=by, query={"limit": 100}).must(200)
    found = [row for row in page.data(rows) if row["id"] == id_]
    page.check(found, f"`{id_}` among the newest rows", "no such row")
    return found[0]


@rule(
    "room.shown_alike",
    level="decided",
    must="A room MUST be the same by its id, in every list and inside its sessions, with its live "
    "session in `active_session_id`",
    contract=ROOM,
    operations=("get_room", "list_rooms", "list_my_rooms", "get_session", "list_room_sessions"),
)
@pytest.mark.parametrize("state", ["scheduled", "live", "ended"])
def test_a_room_is_shown_alike(world: World, state: str) -> None:
    """Rename a room with a session in it, and look at it wherever it is shown."""
    made = world.new_session(state)
    body = {"title": world.title("a renamed room"), "description": "New words"}
    needed(world.api.send("update_room", made.room_id, by=world.host, body=body))
    room = world.api.send("get_room", made.room_id).must(200)
    room.equal(room.data("title"), body["title"], "`title` after the change")
    active = made.id if state == "live" else None
    room.equal(room.data().get("active_session_id"), active, "`active_session_id`")
    whole = steady(room.data())
    for operation in ("list_rooms", "list_my_rooms"):
        row = listed(world, operation, "rooms", made.room_id)
        room.equal(steady(row), whole, f"the room in `{operation}`")
    session = world.api.send("get_session", made.id).must(200)
    session.equal(steady(session.data("room")), whole, "the room inside its session")
    row = listed(world, "list_room_sessions", "sessions", made.id, made.room_id)
    session.equal(steady(row["room"]), whole, "the room inside its session's row")


@rule(
    "session.shown_alike",
    level="decided",
    must="A session MUST be the same by its id and in every list that holds it",
    contract=SESSION,
    operations=("get_session", "list_sessions", "list_room_sessions", "list_live_sessions"),
)
@pytest.mark.parametrize("state", ["scheduled", "live", "broadcasting", "ended"])
def test_a_session_is_shown_alike(world: World, state: str) -> None:
    """Read a session with all its fields by its id, and in the lists."""
    made = world.new_session(
        description="Shown everywhere", scheduled_start_time=later(days=2), mode="webcam"
    )
    body = {"chat_enabled": False, "max_join_limit": 9}
    needed(world.api.send("update_session_settings", made.id, by=world.host, body=body))
    world.bring(made.id, state)
    read = world.api.send("get_session", made.id).must(200)
    lists = {"list_sessions": None, "list_room_sessions": made.room_id}
    if state in ("live", "broadcasting"):
        lists["list_live_sessions"] = None
    for operation, room in lists.items():
        row = listed(world, operation, "sessions", made.id, room)
        read.equal(steady(row), steady(read.data()), f"the session in `{operation}`")


@rule(
    "preset.shown_alike",
    level="decided",
    must="A preset MUST be the same by its id, in the list, and inside its sessions",
    contract="#/components/schemas/PresetResponse",
    operations=("get_preset", "list_presets", "get_session", "list_room_sessions"),
)
@pytest.mark.parametrize("state", ["scheduled", "live"])
def test_a_preset_is_shown_alike(world: World, state: str) -> None:
    """Change a preset under a session, and look at it wherever it is shown."""
    logo = "https://cdn.greenroom.test/logo.png"
    preset = world.new_preset(recording_enabled=False, logo=logo)["id"]
    made = world.new_session(state, preset_id=preset)
    body = {"name": world.title("renamed"), "recording_enabled": True, "primary_color": "#0B7285"}
    needed(world.api.send("update_preset", preset, by=world.host, body=body))
    read = world.api.send("get_preset", preset, by=world.host).must(200)
    whole = steady(read.data())
    row = listed(world, "list_presets", "presets", preset)
    read.equal(steady(row), whole, "the preset in the list")
    session = world.api.send("get_session", made.id).must(200)
    session.equal(steady(session.data("preset")), whole, "the preset inside its session")
    row = listed(world, "list_room_sessions", "sessions", made.id, made.room_id)
    session.equal(steady(row["preset"]), whole, "the preset inside its session's row")


WHO = ("id", "username", "role", "organization_id", "external_user_id")


@rule(
    "room.shows_host",
    level="decided",
    must="The `host` inside a room MUST be the user who owns it, as `get_me` tells",
    contract=ROOM,
    operations=("create_room", "get_room", "get_me"),
)
@pytest.mark.parametrize("who", ["host", "other_host"])
def test_a_room_shows_its_host(world: World, who: str) -> None:
    """Make a room and compare the host inside it with its maker."""
    by = world.host if who == "host" else world.other_host
    me = needed(world.api.send("get_me", by=by))
    made = world.api.send("create_room", by=by, body={"title": world.title()}).must(201)
    read = world.api.send("get_room", made.data("room", "id")).must(200)
    for reply, room in ((made, made.data("room")), (read, read.data())):
        reply.equal(room["host_id"], me.data("id"), "`host_id`")
        inside = {name: room["host"].get(name) for name in WHO}
        reply.equal(inside, {name: me.data().get(name) for name in WHO}, "the `host` of the room")


@rule(
    "room.library",
    level="decided",
    must="A host's rooms and presets MUST be in one library",
    contract=ROOM,
    operations=("create_room", "create_preset", "get_session"),
)
@pytest.mark.parametrize("who", ["host", "other_host"])
def test_rooms_and_presets_share_a_library(world: World, who: str) -> None:
    """Make two rooms and a preset, and compare their libraries."""
    by = world.host if who == "host" else world.other_host
    preset = world.new_preset(by=by)
    for _ in range(2):
        reply = world.api.send("create_room", by=by, body={"title": world.title()}).must(201)
        library = reply.data("room", "library_id")
        reply.equal(library, preset["library_id"], "`library_id` to be the preset's")


@rule(
    "list.everyone",
    level="published",
    must="The lists of all rooms and all sessions MUST hold those of every host, in every status",
    contract="#/paths/~1sessions/get",
    operations=("list_rooms", "list_sessions"),
)
@pytest.mark.conformance_long
def test_public_lists_hold_everybodys(world: World) -> None:
    """Make sessions of two hosts in three states, and look for them and their rooms."""
    made = {
        world.new_session(state, by=by): state
        for by in (world.host, world.other_host)
        for state in ("scheduled", "live", "ended")
    }
    rooms = world.api.send("list_rooms", query={"limit": 100}).must(200)
    sessions = world.api.send("list_sessions", query={"limit": 100}).must(200)
    statuses = {row["id"]: row["status"] for row in sessions.data("sessions")}
    present = {row["id"] for row in rooms.data("rooms")}
    for session, state in made.items():
        rooms.check(session.room_id in present, f"room `{session.room_id}`", "no such row")
        sessions.equal(statuses.get(session.id), state, f"the status of session `{session.id}`")


@rule(
    "session.created",
    level="decided",
    must="A created session MUST show what was given, nothing that was not, its room and its "
    "preset, and read the same afterwards",
    contract="#/components/schemas/CreateSessionResponse",
    operations=("create_session", "get_session"),
)
def test_a_created_session_is_found_again(world: World) -> None:
    """Create sessions with and without optional fields, and read them."""
    room, preset = world.new_room(), world.new_preset()
    plain = {"title": world.title("  Ünïcödé — 直播 🎬  "), "preset_id": preset["id"]}
    full = {**plain, "description": "line\nbreak", "mode": "webcam"}
    for body in (plain, full):
        made = world.api.send("create_session", room["id"], by=world.host, body=body).must(201)
        session = made.data("session")
        for name in ("title", "description"):
            made.equal(session.get(name), body.get(name), f"`{name}`")
        made.equal(session["viewer_count"], 0, "`viewer_count`")
        made.equal(session["max_viewers"], 0, "`max_viewers`")
        _absent(made, session)
        made.equal(_undated(session["room"]), _undated(room), "the room inside")
        made.equal(_undated(session["preset"]), _undated(preset), "the preset inside")
        read = world.api.send("get_session", session["id"]).must(200)
        read.equal(steady(read.data()), steady(session), "the session read by its id")


def _undated(resource: Json) -> Json:
    return {**steady(resource), "updated_at": None}


def _absent(reply: Reply, session: Json) -> None:
    names = [f"{name}_override" for name in ("chat_enabled", "stage_enabled", "max_join_limit")]
    for name in ("scheduled_start_time", *names):
        reply.check(name not in session, f"no `{name}`", shown(session.get(name)))

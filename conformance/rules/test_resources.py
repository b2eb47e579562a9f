"""Rooms and presets: created, read, changed in part, deleted."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.contract import bundled
from conformance.reply import shown
from conformance.rule import rule
from conformance.scenes import steady
from conformance.world import COLOR, World, needed

Json = Any

ANALYTICS = {"google_tag_manager": {"container_id": "GTM-AB12CD", "enabled": True}}
LONG = "On the third evening we shall hear the other half. " * 20
TEXTS = (
    LONG,
    "Ünïcödé — 直播間 🎬",
    '"quotes" & <b>tags</b> \\ back',
    "line\nbreak\ttab",
    "  spaces  ",
)
FLAGS = ("chat_enabled", "stage_enabled", "poll_enabled", "host_chat_send_file")


@rule(
    "room.created",
    level="decided",
    must="A created room MUST be the caller's, show what was given and nothing that was not, and "
    "read the same everywhere",
    contract="#/components/schemas/RoomResponse",
    operations=("create_room", "get_room", "list_my_rooms", "list_rooms"),
)
def test_a_created_room_is_found_again(world: World) -> None:
    """Create rooms with and without optional fields, and find them by id and in the lists."""
    plain = world.api.send("create_room", by=world.host, body={"title": world.title()}).must(201)
    for name in ("description", "analytics", "active_session_id"):
        plain.check(name not in plain.data("room"), f"no `{name}`", shown(plain.data("room")))
    body = {"title": world.title(), "description": "With all", "analytics": ANALYTICS}
    full = world.api.send("create_room", by=world.host, body=body).must(201)
    room = full.data("room")
    for name, given in body.items():
        full.equal(room.get(name), given, f"`{name}`")
    me = needed(world.api.send("get_me", by=world.host))
    full.equal(room["host_id"], me.data("id"), "`host_id`")
    read = world.api.send("get_room", room["id"]).must(200)
    read.equal(steady(read.data()), steady(room), "the room read by its id")
    for operation in ("list_my_rooms", "list_rooms"):
        page = world.api.send(operation, by=world.host, query={"limit": 100}).must(200)
        listed = [row for row in page.data("rooms") if row["id"] == room["id"]]
        page.equal(steady(listed), steady([room]), "the new room's row on the first page")


@rule(
    "room.text",
    level="decided",
    must="Texts MUST be kept as they were given: any characters, nothing trimmed",
    contract="#/components/schemas/CreateRoomRequest",
    operations=("create_room", "update_room", "get_room"),
)
@pytest.mark.parametrize("text", TEXTS, ids=["long", "unicode", "markup", "controls", "spaces"])
def test_texts_are_kept(world: World, text: str) -> None:
    """Write titles and descriptions with unusual characters, and read them."""
    title = world.title(text[:100])
    body = {"title": title, "description": text}
    made = world.api.send("create_room", by=world.host, body=body).must(201)
    room = made.data("room")
    read = world.api.send("get_room", room["id"]).must(200)
    read.equal((read.data("title"), read.data("description")), (title, text), "both texts")
    body = {"title": text[:100] + title, "description": text + text}
    needed(world.api.send("update_room", room["id"], by=world.host, body=body))
    read = world.api.send("get_room", room["id"]).must(200)
    read.equal(read.data("title"), body["title"], "`title`")
    read.equal(read.data("description"), body["description"], "`description`")
    emptied = world.api.send("update_room", room["id"], by=world.host, body={"description": ""})
    emptied.must(200).equal(emptied.data().get("description"), "", "the emptied `description`")


@rule(
    "preset.text",
    level="decided",
    must="Texts of presets MUST be kept as they were given: any characters, nothing trimmed",
    contract="#/components/schemas/CreatePresetRequest",
    operations=("create_preset", "update_preset", "get_preset"),
)
@pytest.mark.parametrize("text", TEXTS[1:], ids=["unicode", "markup", "controls", "spaces"])
def test_texts_of_presets_are_kept(world: World, text: str) -> None:
    """Write a name and a logo with unusual characters, and read them."""
    preset = world.new_preset(name=world.title(text))
    made = world.api.send("get_preset", preset["id"], by=world.host).must(200)
    made.equal(made.data("name"), world.title(text), "`name`")
    body = {"name": text + world.title(text), "logo": text}
    needed(world.api.send("update_preset", preset["id"], by=world.host, body=body))
    read = world.api.send("get_preset", preset["id"], by=world.host).must(200)
    read.equal({name: read.data(name) for name in body}, body, "both texts")


@rule(
    "room.change",
    level="decided",
    must="A change MUST touch the fields that were given, and keep those that were not",
    contract="#/components/schemas/UpdateRoomRequest",
    operations=("update_room", "get_room"),
)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", "A new title"),
        ("description", "A new description"),
        ("analytics", {"google_tag_manager": {"container_id": "GTM-ZZ99ZZ", "enabled": False}}),
    ],
    ids=["title", "description", "analytics"],
)
def test_a_room_changes_in_part(world: World, name: str, value: Json) -> None:
    """Change one field of a room and read the whole."""
    before = world.new_room(description="Kept", analytics=ANALYTICS)
    reply = world.api.send("update_room", before["id"], by=world.host, body={name: value})
    reply.must(200)
    read = world.api.send("get_room", before["id"]).must(200)
    read.equal(steady(read.data()), steady(reply.data()), "the room read afterwards")
    expected = {**before, name: value, "updated_at": read.data("updated_at")}
    read.equal(steady(read.data()), steady(expected), "the room with one field changed")


@rule(
    "room.change.analytics",
    level="decided",
    must="`analytics` that is given MUST replace the whole object",
    contract="#/components/schemas/UpdateRoomRequest",
    operations=("update_room",),
)
def test_analytics_are_replaced_whole(world: World) -> None:
    """Replace analytics with less than there was."""
    room = world.new_room(analytics=ANALYTICS)
    for value in ({"google_tag_manager": {"enabled": False}}, {}):
        body = {"analytics": value}
        reply = world.api.send("update_room", room["id"], by=world.host, body=body).must(200)
        reply.equal(reply.data().get("analytics"), value, "`analytics`")


@rule(
    "resource.empty_change",
    level="decided",
    must="An empty change MUST be answered with 200 and change nothing",
    contract="#/components/schemas/UpdateRoomRequest",
    operations=("update_room", "update_preset", "update_session_settings"),
)
@pytest.mark.parametrize("body", [{}, {"unknown_field": 1}], ids=["empty", "unknown"])
@pytest.mark.parametrize("operation", ["update_room", "update_preset", "update_session_settings"])
def test_an_empty_change_changes_nothing(world: World, operation: str, body: Json) -> None:
    """Change a resource by nothing at all, or by a field nobody knows."""
    if operation == "update_room":
        read, id_ = "get_room", world.new_room(description="Kept", analytics=ANALYTICS)["id"]
    elif operation == "update_preset":
        read, id_ = "get_preset", world.new_preset()["id"]
    else:
        read, id_ = "get_session", world.new_session().id
    before = steady(needed(world.api.send(read, id_, by=world.host)).data())
    reply = world.api.send(operation, id_, by=world.host, body=body).must(200)
    reply.equal(steady(reply.data()), before, "what is answered")
    after = world.api.send(read, id_, by=world.host).must(200)
    after.equal(steady(after.data()), before, "what is read afterwards")


@rule(
    "preset.created",
    level="decided",
    must="A created preset MUST be the caller's, show what was given, and be listed",
    contract="#/components/schemas/PresetResponse",
    operations=("create_preset", "get_preset", "list_presets"),
)
@pytest.mark.parametrize("type_", ["whip", "rtmp"])
def test_a_created_preset_is_found_again(world: World, type_: str) -> None:
    """Create a preset with some flags, and find it by id and in the list."""
    flags = {name: index % 2 == 0 for index, name in enumerate(FLAGS)}
    body = {"name": world.title(), "type": type_, "primary_color": "#AbCdEf", **flags}
    made = world.api.send("create_preset", by=world.host, body=body).must(201)
    for name, given in body.items():
        made.equal(made.data(name), given, f"`{name}`")
    me = needed(world.api.send("get_me", by=world.host))
    made.equal(made.data("user_id"), me.data("id"), "`user_id`")
    for name in ("logo", "logo_destination_url"):
        made.check(name not in made.data(), f"no `{name}`", shown(made.data().get(name)))
    read = world.api.send("get_preset", made.data("id"), by=world.host).must(200)
    whole = steady(made.data())
    read.equal(steady(read.data()), whole, "the preset read by its id")
    page = world.api.send("list_presets", by=world.host, query={"limit": 100}).must(200)
    listed = [row for row in page.data("presets") if row["id"] == made.data("id")]
    page.equal(steady(listed), [whole], "the new preset's row on the first page")


FLAG_NAMES = sorted(
    name
    for name, schema in bundled()
    .document["components"]["schemas"]["CreatePresetRequest"]["properties"]
    .items()
    if schema.get("type") == "boolean" and name != "is_default"
)


@rule(
    "preset.flags",
    level="decided",
    must="Every flag of a preset MUST be kept as it was given and as it was changed, each for "
    "itself",
    contract="#/components/schemas/CreatePresetRequest",
    operations=("create_preset", "update_preset", "get_preset"),
)
@pytest.mark.parametrize("bit", range((len(FLAG_NAMES) - 1).bit_length()))
def test_every_flag_is_kept(world: World, bit: int) -> None:
    """Create a preset with half of the flags on, read it, turn all around, and read again."""
    # By a bit of their numbers: of any two flags one is on and one is off in some try.
    flags: dict[str, Json] = {name: bool(index >> bit & 1) for index, name in enumerate(FLAG_NAMES)}
    id_ = world.new_preset(**flags)["id"]
    for _ in range(2):
        read = world.api.send("get_preset", id_, by=world.host).must(200)
        for name, given in flags.items():
            read.equal(read.data(name), given, f"`{name}`")
        flags = {name: not given for name, given in flags.items()}
        world.api.send("update_preset", id_, by=world.host, body=flags).must(200)


@rule(
    "preset.default_limit",
    level="decided",
    must="A preset created without `max_join_limit` MUST have 100",
    contract="#/components/schemas/CreatePresetRequest",
    operations=("create_preset",),
)
def test_the_join_limit_defaults_to_a_hundred(world: World) -> None:
    """Create a preset without a limit."""
    body = {"name": world.title(), "type": "rtmp", "primary_color": COLOR}
    made = world.api.send("create_preset", by=world.host, body=body).must(201)
    made.equal(made.data("max_join_limit"), 100, "`max_join_limit`")


@rule(
    "preset.change",
    level="decided",
    must="A change of a preset MUST touch the fields that were given, and keep the others",
    contract="#/components/schemas/UpdatePresetRequest",
    operations=("update_preset", "get_preset"),
)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "Renamed"),
        ("type", "whip"),
        ("primary_color", "#000000"),
        ("max_join_limit", 4),
        ("chat_enabled", False),
        ("chat_enabled", True),
        ("logo", "https://cdn.greenroom.test/logo.png"),
    ],
    ids=["name", "type", "primary_color", "max_join_limit", "off", "on", "logo"],
)
def test_a_preset_changes_in_part(world: World, name: str, value: Json) -> None:
    """Change one field of a preset and read the whole."""
    before = world.new_preset(type="rtmp", chat_enabled=value is False)
    reply = world.api.send("update_preset", before["id"], by=world.host, body={name: value})
    reply.must(200)
    read = world.api.send("get_preset", before["id"], by=world.host).must(200)
    read.equal(steady(read.data()), steady(reply.data()), "the preset read afterwards")
    expected = {**before, name: value, "updated_at": read.data("updated_at")}
    read.equal(steady(read.data()), steady(expected), "the preset with one field changed")


@rule(
    "preset.foreign",
    level="decided",
    must="A session with another host's preset, or with one that does not exist, MUST be refused "
    "with 422",
    contract="#/components/schemas/CreateSessionRequest",
    operations=("create_session",),
)
@pytest.mark.parametrize("whose", ["another host's", "nobody's"])
def test_only_own_presets_can_be_used(world: World, whose: str) -> None:
    """Create sessions with presets the host does not own."""
    preset = world.stage().preset
    if whose == "another host's":
        preset = world.new_preset(by=world.other_host)["id"]
    else:
        preset = preset[:-4] + ("0000" if not preset.endswith("0000") else "1111")
    body = {"title": world.title(), "preset_id": preset}
    world.api.send("create_session", world.stage().room, by=world.host, body=body).must(422)


@rule(
    "preset.delete_while_used",
    level="decided",
    must="A preset MUST NOT be deleted while a session that has not ended uses it: 409; afterwards "
    "it MUST go, and an ended session keep showing it",
    contract="#/paths/~1presets~1{id}/delete",
    operations=("delete_preset", "get_preset"),
)
@pytest.mark.parametrize("state", ["scheduled", "live"])
def test_a_preset_in_use_stays(world: World, state: str) -> None:
    """Delete a preset under a session, and again when the session is over or gone."""
    preset = world.new_preset()["id"]
    made = world.new_session(state, preset_id=preset)
    world.api.send("delete_preset", preset, by=world.host).must(409)
    world.api.send("get_preset", preset, by=world.host).must(200)
    over = "end_session" if state == "live" else "delete_session"
    needed(world.api.send(over, made.id, by=world.host))
    gone = world.api.send("delete_preset", preset, by=world.host).must(200)
    gone.equal(gone.data("id"), preset, "`data.id`")
    world.api.send("get_preset", preset, by=world.host).must(404)
    world.api.send("delete_preset", preset, by=world.host).must(404)
    page = world.api.send("list_presets", by=world.host, query={"limit": 100}).must(200)
    ids = [row["id"] for row in page.data("presets")]
    page.check(preset not in ids, "no row of the deleted preset", "its row")
    if state == "live":
        ended = world.api.send("get_session", made.id).must(200)
        ended.equal(ended.data("preset", "id"), preset, "`preset.id` of the ended session")

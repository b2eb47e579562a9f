"""Who may do what: roles, ownership, and ids nobody was given."""

from __future__ import annotations

import uuid

import pytest

from conformance.bodies import arguments
from conformance.contract import bundled
from conformance.rule import rule
from conformance.scenes import must_be_unchanged, scene_for
from conformance.world import World, unknown_id

CONTRACT = bundled()
OPERATIONS = CONTRACT.operations
HOST_ONLY = [operation.id for operation in OPERATIONS.values() if "host" in operation.roles]
WITH_ID = [operation.id for operation in OPERATIONS.values() if operation.has_id]
OWNED = [*(name for name in HOST_ONLY if OPERATIONS[name].has_id), "update_session_settings"]
OPEN_TO_ALL = [
    operation.id
    for operation in OPERATIONS.values()
    if not operation.public
    and not operation.roles
    and operation.id not in ("update_session_settings", "create_auth_code")
]


@rule(
    "access.owner",
    level="decided",
    must="What belongs to one host MUST be refused with 403 to another host, and MUST NOT change",
    contract="#/components/responses",
    operations=OWNED,
)
@pytest.mark.parametrize("operation", OWNED)
def test_another_host_is_refused(world: World, operation: str) -> None:
    """Try every operation of the owner as a host of another organisation."""
    other = world.other_host
    found = OPERATIONS[operation]
    scene = scene_for(world, found)
    before = scene.look(world)
    reply = world.api.send(operation, scene.id, by=other, **arguments(world, found))
    reply.must(403)
    must_be_unchanged(reply, before, scene.look(world))


@rule(
    "access.role",
    level="published",
    must="An operation for hosts MUST be refused to a viewer, and MUST NOT change anything",
    contract="#/paths",
    operations=HOST_ONLY,
)
@pytest.mark.parametrize("operation", [*HOST_ONLY, "update_session_settings"])
def test_a_viewer_is_refused(world: World, operation: str) -> None:
    """Try every operation for hosts as a viewer."""
    viewer = world.viewer
    found = OPERATIONS[operation]
    if not found.has_id:
        reply = world.api.send(operation, by=viewer, **arguments(world, found))
        reply.must_refuse(403, strictly=world.strict)
        return
    scene = scene_for(world, found)
    before = scene.look(world)
    reply = world.api.send(operation, scene.id, by=viewer, **arguments(world, found))
    reply.must_refuse(403, strictly=world.strict)
    must_be_unchanged(reply, before, scene.look(world))


@rule(
    "access.any_caller",
    level="published",
    must="An operation for any signed-in caller MUST answer a viewer, and a host of another room",
    contract="#/paths",
    operations=OPEN_TO_ALL,
)
@pytest.mark.parametrize("who", ["viewer", "other_host"])
@pytest.mark.parametrize("operation", OPEN_TO_ALL)
def test_any_caller_is_answered(world: World, operation: str, who: str) -> None:
    """Try every operation that names no role as a viewer, and as somebody else's host."""
    by = world.viewer if who == "viewer" else world.other_host
    found = OPERATIONS[operation]
    id_ = scene_for(world, found).id if found.has_id else None
    reply = world.api.send(operation, id_, by=by, **arguments(world, found))
    reply.must(found.success)


@rule(
    "access.unknown_id",
    level="decided",
    must="An id that nothing bears MUST be answered with 404",
    contract="#/components/responses",
    operations=WITH_ID,
)
@pytest.mark.parametrize("operation", WITH_ID)
def test_an_unknown_id_is_not_found(world: World, operation: str) -> None:
    """Ask every operation with an id for ones that do not exist, of several uuid versions."""
    found = OPERATIONS[operation]
    by = None if found.public else world.host
    nil, first_version = "0" * 8 + "-0000" * 3 + "-" + "0" * 12, str(uuid.uuid1())
    for id_ in (unknown_id(), first_version, nil):
        world.api.send(operation, id_, by=by, **arguments(world, found)).must(404)
    if not found.public and not found.roles:
        # Whose it is cannot be asked of what is not there.
        sent = world.api.send(operation, unknown_id(), by=world.viewer, **arguments(world, found))
        sent.must(404)


@rule(
    "access.malformed_id",
    level="decided",
    must="An id that is no uuid MUST be refused with 400",
    contract="#/components/responses",
    operations=WITH_ID,
)
@pytest.mark.parametrize("operation", WITH_ID)
def test_a_malformed_id_is_refused(world: World, operation: str) -> None:
    """Ask every operation with an id for what is no uuid."""
    found = OPERATIONS[operation]
    by = None if found.public else world.host
    real = unknown_id()
    for id_ in ("1", "not-a-uuid", real[:-1], real + "0", f"{real[:-1]}g", "%20"):
        world.api.send(operation, id_, by=by, **arguments(world, found)).must(400)


@rule(
    "access.id_spelling",
    level="decided",
    must="An id MUST be understood in upper and in lower case, in a body too",
    contract="#/components/parameters",
    operations=("get_room", "get_session", "get_preset", "create_session", "create_auth_code"),
)
@pytest.mark.parametrize("operation", ["get_room", "get_session", "get_preset"])
def test_ids_are_read_in_either_case(world: World, operation: str) -> None:
    """Read a resource by its id in upper and lower case."""
    found = OPERATIONS[operation]
    id_ = world.stage().id_for(found.path)
    by = None if found.public else world.host
    for spelling in (str(id_).upper(), str(id_).lower()):
        world.api.send(operation, spelling, by=by).must(200)
    if operation == "get_preset":
        body = {"title": world.title(), "preset_id": str(id_).upper()}
        room = world.new_room()["id"]
        world.api.send("create_session", room, by=world.host, body=body).must(201)
    if operation == "get_session":
        body = {"session_id": str(id_).upper()}
        world.api.send("create_auth_code", by=world.viewer, body=body).must(200)


@rule(
    "access.private_lists",
    level="decided",
    must="The lists of own rooms and own presets MUST NOT show another caller's",
    contract="#/paths",
    operations=("list_my_rooms", "list_presets"),
)
def test_own_lists_show_no_others(world: World) -> None:
    """Make a room and a preset, and look for them as its owner and as others."""
    room, preset = world.new_room()["id"], world.new_preset()["id"]
    for operation, rows, made in (
        ("list_my_rooms", "rooms", room),
        ("list_presets", "presets", preset),
    ):
        own = world.api.send(operation, by=world.host, query={"limit": 100}).must(200)
        ids = [row["id"] for row in own.data(rows)]
        own.check(made in ids, f"the new one, `{made}`, on the owner's first page", "no such row")
        foreign = world.api.send(operation, by=world.other_host, query={"limit": 100}).must(200)
        ids = [row["id"] for row in foreign.data(rows)]
        foreign.check(made not in ids, f"no `{made}` in another host's list", "that row")
    seen = world.api.send("list_my_rooms", by=world.viewer).must(200)
    seen.equal(seen.data("total"), 0, "`total` of a viewer's own rooms")

"""Bodies that cannot be read: what is sent instead of the JSON that is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.bodies import valid
from conformance.client import Client
from conformance.contract import Operation, bundled
from conformance.curl import compact
from conformance.identities import Identity
from conformance.reply import Reply
from conformance.rule import rule
from conformance.scenes import scene_for
from conformance.world import World, unknown_id

Json = Any

CONTRACT = bundled()
WITH_BODY = [op.id for op in CONTRACT.operations.values() if op.body is not None]
REQUIRED = [op.id for op in CONTRACT.operations.values() if op.body_required]
WITHOUT_BODY = [
    op.id
    for op in CONTRACT.operations.values()
    if op.body is None and op.method in ("POST", "DELETE")
]
JSON = "application/json"
MIB = 1 << 20

UNREADABLE: dict[str, bytes] = {
    "no JSON": b"{title: 1}",
    "half JSON": b'{"title": "x"',
    "two values": b"{} {}",
    "NaN": b'{"title": NaN}',
    "Infinity": b'{"title": -Infinity}',
    "not UTF-8": b'{"title": "caf\xe9"}',
    "UTF-16": '{"title": "x"}'.encode("utf-16"),
    "single quotes": b"{'title': 'x'}",
    "a comma too many": b'{"title": "x",}',
    "only space": b"  \n ",
    "deep nesting": b"[" * 100_000,
}
NO_OBJECTS: dict[str, bytes] = {
    "an array": b"[]",
    "an array of objects": b'[{"title": "x"}]',
    "a string": b'"title"',
    "a number": b"1",
    "true": b"true",
    "null": b"null",
}


def post(world: World, operation: Operation, content: bytes, media_type: str | None) -> Reply:
    """Send bytes as the body of an operation on the stage."""
    by: Identity | None = None if operation.public else world.host
    headers = {} if media_type is None else {"Content-Type": media_type}
    id_ = world.stage().id_for(operation.path)
    api: Client = world.api
    return api.send(operation.id, id_, by=by, content=content, headers=headers)


@rule(
    "body.unreadable",
    level="decided",
    must="A body that is not JSON in UTF-8 MUST be refused with 400",
    contract="#/components/responses/MalformedBody",
    operations=WITH_BODY,
)
@pytest.mark.parametrize("operation", WITH_BODY)
def test_unreadable_bodies_are_refused(world: World, operation: str) -> None:
    """Send what only looks like JSON."""
    found = CONTRACT.operations[operation]
    for name, content in UNREADABLE.items():
        reply = post(world, found, content, JSON)
        if name != "deep nesting":
            reply.must(400)
        else:
            reply.must(400, 422)


@rule(
    "body.no_object",
    level="decided",
    must="JSON that is not an object MUST be refused with 422",
    contract="#/components/schemas",
    operations=WITH_BODY,
)
@pytest.mark.parametrize("operation", WITH_BODY)
def test_json_that_is_no_object_is_refused(world: World, operation: str) -> None:
    """Send arrays, strings, numbers and null."""
    for content in NO_OBJECTS.values():
        post(world, CONTRACT.operations[operation], content, JSON).must(422)


@rule(
    "body.missing",
    level="decided",
    must="A body that is required and missing MUST be refused with 400",
    contract="#/components/responses/MalformedBody",
    operations=REQUIRED,
)
@pytest.mark.parametrize("operation", REQUIRED)
def test_a_missing_body_is_refused(world: World, operation: str) -> None:
    """Send no body, with and without a Content-Type."""
    found = CONTRACT.operations[operation]
    for media_type in (JSON, None):
        post(world, found, b"", media_type).must(400)


@rule(
    "body.media_type",
    level="decided",
    must="A body whose `Content-Type` is missing or is not JSON MUST be refused with 415",
    contract="#/components/responses/NotJsonMediaType",
    operations=WITH_BODY,
)
@pytest.mark.parametrize("operation", WITH_BODY)
def test_another_media_type_is_refused(world: World, operation: str) -> None:
    """Send a good body under wrong names."""
    found = CONTRACT.operations[operation]
    content = compact(valid(world, found))
    types = (None, "text/plain", "application/xml", "application/x-www-form-urlencoded", "json")
    for media_type in types:
        post(world, found, content, media_type).must(415)


@rule(
    "body.charset",
    level="decided",
    must="`Content-Type` MUST be understood with a charset, and in any case of letters",
    contract="#/components/responses/NotJsonMediaType",
    operations=("update_room",),
)
@pytest.mark.parametrize(
    "media_type",
    [
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "application/json ; charset=utf-8",
        "Application/JSON",
    ],
)
def test_a_charset_is_understood(world: World, media_type: str) -> None:
    """Send a good body with a charset."""
    room = world.new_room()["id"]
    content = compact({"title": world.title("Ünïcödé")})
    headers = {"Content-Type": media_type}
    reply = world.api.send("update_room", room, by=world.host, content=content, headers=headers)
    reply.must(200)


@rule(
    "body.too_large",
    level="decided",
    must="A body of more than 1 MiB MUST be refused with 413, and one of 1 MiB read",
    contract="#/components/responses/BodyTooLarge",
    operations=WITH_BODY,
)
@pytest.mark.parametrize("operation", WITH_BODY)
def test_a_body_has_a_limit(world: World, operation: str) -> None:
    """Send bodies of 1 MiB, of one byte more, and of 2 MiB."""
    found = CONTRACT.operations[operation]
    for size in (MIB + 1, 2 * MIB):
        post(world, found, _padded(size), JSON).must(413)
    reply = post(world, found, _padded(MIB), JSON)
    reply.check(reply.status != 413, "anything but 413 for 1 MiB", reply.summary())


def _padded(size: int) -> bytes:
    return b"[" + b" " * (size - 2) + b"]"


@rule(
    "body.unknown_field",
    level="decided",
    must="Fields nobody knows MUST be ignored",
    contract="#/components/schemas",
    operations=WITH_BODY,
)
@pytest.mark.parametrize("operation", ["create_room", "create_preset", "register_viewer"])
def test_unknown_fields_are_ignored(world: World, operation: str) -> None:
    """Send a good body with more in it, fields of the answer among them."""
    found = CONTRACT.operations[operation]
    more = {"id": unknown_id(), "host_id": unknown_id(), "role": "host", "x": [1]}
    by = None if found.public else world.host
    body = {**(valid(world, found) or {}), **more}
    reply = world.api.send(operation, by=by, body=body).must(201)
    made = reply.data()
    inner = made.get("room") or made.get("user") or made
    reply.check(inner["id"] != more["id"], "an id of the server's own", "the one that was sent")
    if operation == "register_viewer":
        reply.equal(inner["role"], "viewer", "`role`")


@rule(
    "body.not_needed",
    level="decided",
    must="A body on an operation that takes none MUST be ignored",
    contract="#/paths",
    operations=WITHOUT_BODY,
)
@pytest.mark.parametrize("operation", WITHOUT_BODY)
def test_a_needless_body_is_ignored(world: World, operation: str) -> None:
    """Send JSON, and what is none, to operations without a body."""
    found = CONTRACT.operations[operation]
    for content, media_type in ((b'{"title": 1}', JSON), (b"{", JSON), (b"hello", "text/plain")):
        scene = scene_for(world, found)
        headers = {"Content-Type": media_type}
        world.api.send(operation, scene.id, by=world.host, content=content, headers=headers).must(
            found.success
        )


@rule(
    "body.odd_text",
    level="decided",
    must="Text with null characters or halves of surrogate pairs MUST be answered as documented",
    contract="#/components/responses/MalformedBody",
    operations=("create_room",),
)
@pytest.mark.parametrize("escape", ["\\u0000", "\\ud800", "\\udc00\\ud800", "\\uffff"])
def test_odd_text_is_answered(world: World, escape: str) -> None:
    """Write a title with characters that stores and encoders stumble over."""
    content = f'{{"title": "{world.title()} {escape}"}}'.encode()
    headers = {"Content-Type": JSON}
    reply = world.api.send("create_room", by=world.host, content=content, headers=headers)
    reply.must(201, 400, 422)
    if reply.status == 201:
        world.api.send("get_room", reply.data("room", "id")).must(200)


@rule(
    "body.duplicate_keys",
    level="decided",
    must="A body that names a field twice MUST be answered as documented, whichever is heeded",
    contract="#/components/responses/MalformedBody",
    operations=("update_room",),
)
def test_duplicate_keys_are_answered(world: World) -> None:
    """Name the title twice."""
    room = world.new_room()["id"]
    content = b'{"title": "first title", "title": "second title"}'
    headers = {"Content-Type": JSON}
    reply = world.api.send("update_room", room, by=world.host, content=content, headers=headers)
    reply.must(200, 400, 422)

"""Bounds of every field: both sides, derived from the contract's schemas."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest

from conformance.bodies import valid
from conformance.contract import Operation, bundled
from conformance.identities import Identity
from conformance.reply import Reply
from conformance.rule import rule
from conformance.samples import Sample, samples, with_value
from conformance.world import World

Json = Any

CONTRACT = bundled()
WITH_BODY = [op for op in CONTRACT.operations.values() if op.body is not None]
NAMES = [op.id for op in WITH_BODY]
SAMPLES = [sample for op in WITH_BODY for sample in samples(CONTRACT, op)]
FIELDS = [
    pytest.param(list(group), id=f"{operation}-{name}")
    for (operation, name), group in groupby(SAMPLES, lambda sample: (sample.operation, sample.name))
]
REQUIRED = [
    (op.id, name) for op in WITH_BODY for name in sorted(CONTRACT.required(op.body)) if op.body
]


def send(world: World, operation: Operation, body: Json, *, fresh: bool) -> Reply:
    """Send a body; where it would change something, to a thing made for it."""
    by: Identity | None = None if operation.public else world.host
    id_ = world.stage().id_for(operation.path)
    if fresh and operation.has_id and operation.path.endswith(("state", "settings", "reschedule")):
        id_ = world.new_session("live" if operation.path.endswith("state") else "scheduled").id
    elif fresh and operation.id == "update_room":
        id_ = world.new_room()["id"]
    elif fresh and operation.id == "update_preset":
        id_ = world.new_preset()["id"]
    return world.api.send(operation.id, id_, by=by, body=body)


def accepted(world: World, operation: Operation) -> dict[str, Json]:
    """Return a body that is accepted as it is."""
    body = valid(world, operation) or {}
    if operation.id == "create_session":
        body["preset_id"] = world.preset_id()
    return body


@rule(
    "body.bounds.outside",
    level="published",
    must="A value outside what its schema allows MUST be refused (with 422)",
    contract="#/components/schemas",
    operations=NAMES,
)
@pytest.mark.parametrize("field", FIELDS)
def test_values_outside_the_bounds_are_refused(world: World, field: list[Sample]) -> None:
    """Send, one at a time, every value of a field the contract does not allow."""
    operation = CONTRACT.operations[field[0].operation]
    body = accepted(world, operation)
    tried = [s for s in field if not s.good and (world.strict or s.provenance == "published")]
    for sample in tried:
        if not world.strict and sample.value is None:
            continue
        reply = send(world, operation, with_value(body, sample), fresh=False)
        _refused(world, reply, sample)


def _refused(world: World, reply: Reply, sample: Sample) -> None:
    refused = reply.status == 422 if world.strict else 400 <= reply.status < 500
    expected = "422" if world.strict else "a 4xx status"
    reply.check(
        refused,
        f"{expected} for `{sample.name}` being {sample.label}",
        reply.summary(),
    )


@rule(
    "body.bounds.inside",
    level="published",
    must="A value inside what its schema allows MUST be accepted",
    contract="#/components/schemas",
    operations=NAMES,
)
@pytest.mark.parametrize("field", FIELDS)
def test_values_inside_the_bounds_are_accepted(world: World, field: list[Sample]) -> None:
    """Send, one at a time, the outermost values of a field the contract allows."""
    operation = CONTRACT.operations[field[0].operation]
    body = accepted(world, operation)
    for sample in field:
        if sample.good and (world.strict or sample.provenance == "published"):
            reply = send(world, operation, with_value(body, sample), fresh=True)
            reply.check(
                reply.status == operation.success,
                f"{operation.success} for `{sample.name}` being {sample.label}",
                reply.summary(),
            )


@rule(
    "body.required",
    level="published",
    must="A body without a field its schema requires MUST be refused (with 422)",
    contract="#/components/schemas",
    operations=sorted({operation for operation, _ in REQUIRED}),
)
@pytest.mark.parametrize(("operation", "name"), REQUIRED, ids=["-".join(p) for p in REQUIRED])
def test_required_fields_are_required(world: World, operation: str, name: str) -> None:
    """Leave out one required field, and then every field."""
    found = CONTRACT.operations[operation]
    body = {key: value for key, value in accepted(world, found).items() if key != name}
    send(world, found, body, fresh=False).must_refuse(422, strictly=world.strict)
    send(world, found, {}, fresh=False).must_refuse(422, strictly=world.strict)


@rule(
    "body.message",
    level="decided",
    must="A `message` about a refused body MUST name each field that is wrong",
    contract="#/components/schemas/ErrorResponse",
    operations=NAMES,
)
@pytest.mark.parametrize("operation", NAMES)
def test_a_message_names_each_wrong_field(world: World, operation: str) -> None:
    """Send a body whose every field is of a wrong type, and read the message if there is one."""
    found = CONTRACT.operations[operation]
    wrong = {
        s.path[0]: s.value
        for s in reversed(SAMPLES)
        if s.operation == operation and is_plainly_wrong(s)
    }
    reply = send(world, found, wrong, fresh=False).must_refuse(422, strictly=world.strict)
    message = reply.json.get("message")
    for name in wrong if isinstance(message, str) else ():
        reply.check(bare(name) in bare(message), f"a `message` that names `{name}`", message)


def is_plainly_wrong(sample: Sample) -> bool:
    """Tell whether a sample is the value of a whole field, of a type that is not its own."""
    return len(sample.path) == 1 and sample.label.startswith("a wrong type")


def bare(text: str) -> str:
    """Return the letters and digits of a text: `display_name` may be spelled `display name`."""
    return "".join(each for each in text.lower() if each.isalnum())


@rule(
    "body.optional",
    level="published",
    must="A body with nothing but the required fields MUST be accepted",
    contract="#/components/schemas",
    operations=("create_room", "create_preset", "create_session"),
)
@pytest.mark.parametrize("operation", ["create_room", "create_preset", "create_session"])
def test_optional_fields_are_optional(world: World, operation: str) -> None:
    """Send only what is required."""
    found = CONTRACT.operations[operation]
    required = CONTRACT.required(found.body)
    body = {key: value for key, value in accepted(world, found).items() if key in required}
    send(world, found, body, fresh=True).must(found.success)

"""Values on both sides of every bound a schema sets, derived from the contract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.contract import Contract, Operation, Provenance

Json = Any

WIDE = "𝄞"
WRONG_TYPES: dict[str, tuple[Json, ...]] = {
    "string": (7, True, [], {}),
    "integer": ("7", 1.5, True, []),
    "number": ("7", True, []),
    "boolean": ("true", 1, 0, []),
    "object": ("{}", [], 1),
    "array": ({}, "[]"),
}
WRONG_FORMATS: dict[str, tuple[str, ...]] = {
    "uuid": ("", "1", "not-a-uuid", "g0000000-0000-4000-8000-000000000000"),
    "email": ("", "no at sign", "@", "a@"),
    "date-time": (
        "",
        "tomorrow",
        "2051-03-04",
        "2051-03-04T05:06:07",
        "2051-02-30T05:06:07Z",
        "2051-03-04T25:06:07Z",
        "1893456000",
    ),
}
WRONG_COLORS = (
    "",
    "red",
    "#fff",
    "#12345g",
    "123456",
    "#1234567",
    "#123456 ",
    " #123456",
    "#123456\n",
)
ALMOST_ENUM = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one field: what it shows, and whether the contract accepts it."""

    operation: str
    path: tuple[str, ...]
    label: str
    value: Json
    good: bool
    provenance: Provenance

    @property
    def name(self) -> str:
        """Return the field's dotted name."""
        return ".".join(self.path)


def samples(contract: Contract, operation: Operation) -> Iterator[Sample]:
    """Yield values for every field of an operation's body."""
    if operation.body is not None:
        yield from _of_object(contract, operation, operation.body, (), "published")


def _of_object(
    contract: Contract,
    operation: Operation,
    schema: Json,
    path: tuple[str, ...],
    around: Provenance,
) -> Iterator[Sample]:
    resolved = contract.resolve(schema)
    here: Provenance = resolved.get("x-provenance", around)
    for name, raw in contract.properties(resolved).items():
        field = contract.resolve(raw)
        said: Provenance = raw.get("x-provenance", field.get("x-provenance", here))
        for label, value, good in _of_value(field):
            yield Sample(operation.id, (*path, name), label, value, good, said)
        if field.get("type") == "object":
            yield from _of_object(contract, operation, field, (*path, name), said)


def _of_value(field: Json) -> Iterator[tuple[str, Json, bool]]:
    yield "null", None, False
    for value in WRONG_TYPES.get(field.get("type", ""), ()):
        yield f"a wrong type, {type(value).__name__}", value, False
    yield from _of_text(field)
    yield from _of_number(field)
    for value in WRONG_FORMATS.get(field.get("format", ""), ()):
        yield f"no {field['format']}, {value!r}", value, False
    if field.get("type") == "boolean":
        yield "true", True, True
        yield "false", False, True
    for value in field.get("enum", ()):
        yield f"one of the values, {value}", value, True
        if isinstance(value, str) and len(value) >= ALMOST_ENUM:
            for near in (value.upper(), value + " ", value[:-1], ""):
                yield f"none of the values, {near!r}", near, False


def _of_text(field: Json) -> Iterator[tuple[str, Json, bool]]:
    if field.get("type") != "string" or "enum" in field:
        return
    least, most = field.get("minLength", 0), field.get("maxLength")
    if least:
        yield f"{least - 1} characters", "x" * (least - 1), False
        yield f"{least - 1} wide characters", WIDE * (least - 1), False
        yield f"{least} characters", "x" * least, True
        yield f"{least} wide characters", WIDE * least, True
    if most:
        yield f"{most} characters", "x" * most, True
        yield f"{most} wide characters", WIDE * most, True
        yield f"{most + 1} characters", "x" * (most + 1), False
        yield f"{most + 1} wide characters", WIDE * (most + 1), False
    if "0-9a-fA-F]{6}" in field.get("pattern", ""):
        for good in ("#000000", "#FFFFFF", "#aBcDeF"):
            yield f"the pattern, {good}", good, True
        for bad in WRONG_COLORS:
            yield f"not the pattern, {bad!r}", bad, False


def _of_number(field: Json) -> Iterator[tuple[str, Json, bool]]:
    if field.get("type") != "integer":
        return
    for name, step in (("minimum", -1), ("maximum", 1)):
        if name in field:
            bound = field[name]
            yield f"the {name}, {bound}", bound, True
            yield f"past the {name}, {bound + step}", bound + step, False
            yield f"far past the {name}", bound + step * 10**9, False
            yield f"enormously past the {name}", bound + step * 10**30, False


def with_value(body: dict[str, Json], sample: Sample) -> dict[str, Json]:
    """Return a body in which a sample's field has its value."""
    changed = dict(body)
    node = changed
    for part in sample.path[:-1]:
        node[part] = dict(node.get(part) or {})
        node = node[part]
    node[sample.path[-1]] = sample.value
    return changed

"""What the contract says of each operation, as far as requests are made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """`template` lacks the base path. `parameters` are those of the query and `fields` the body's
    properties, both with their schemas, which have no references.
    """

    id: str
    method: str
    template: str
    public: bool
    host_only: bool
    parameters: Mapping[str, Schema]
    takes_body: bool
    body_required: bool
    fields: Mapping[str, Schema]
    required: frozenset[str]

    @property
    def has_id(self) -> bool:
        return "{id}" in self.template


def operations_of(document: Mapping[str, Any]) -> dict[str, Operation]:
    """Return every operation by its operationId."""
    table = {}
    for template, methods in document["paths"].items():
        for method, written in methods.items():
            operation = _operation(document, template, method, written)
            table[operation.id] = operation
    return table


def _operation(document: Mapping[str, Any], template: str, method: str, written: Any) -> Operation:
    body = written.get("requestBody")
    schema = {} if body is None else _whole(document, body["content"]["application/json"]["schema"])
    parameters = [_whole(document, each) for each in written.get("parameters", ())]
    return Operation(
        id=written["operationId"],
        method=method.upper(),
        template=template,
        public=not written.get("security", document["security"]),
        host_only="host" in written.get("x-roles", ()),
        parameters={each["name"]: each["schema"] for each in parameters if each["in"] == "query"},
        takes_body=body is not None,
        body_required=bool(body and body.get("required")),
        fields=schema.get("properties", {}),
        required=frozenset(schema.get("required", ())),
    )


def _whole(document: Mapping[str, Any], value: Any) -> Any:
    """Replace every reference below a value by what it points at."""
    if isinstance(value, list):
        return [_whole(document, item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        target: Any = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return _whole(document, target)
    return {name: _whole(document, item) for name, item in value.items()}

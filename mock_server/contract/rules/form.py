"""Rules on the form of the document: it is OpenAPI 3.0, its references resolve, its names agree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mock_server.contract.document import (
    Document,
    Finding,
    at,
    bodies,
    look_up,
    operations,
    schemas,
)

_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PASCAL = re.compile(r"([A-Z][a-z0-9]*)+")
_READABLE = 200
_AVOIDED = ("nullable", "oneOf", "anyOf", "discriminator")
_PROVENANCES = ("published", "decided")


def references_resolve(document: Document) -> Iterator[Finding]:
    """Demand that every `$ref` is local and leads to something."""
    for reference, pointer in _references(document, "#"):
        try:
            found = reference.startswith("#/") and look_up(document, reference) is not None
        except KeyError:
            found = False
        if not found:
            yield Finding(pointer, f"`{reference}` leads nowhere, must be a place in this document")


def version_is_3_0(document: Document) -> Iterator[Finding]:
    """Demand OpenAPI 3.0."""
    version = document.get("openapi")
    if not isinstance(version, str) or not version.startswith("3.0."):
        yield Finding("#/openapi", f"version is `{version}`, must be 3.0.x")


def valid_openapi(document: Document) -> Iterator[Finding]:
    """Demand valid OpenAPI, as `openapi-spec-validator` sees it."""
    from openapi_spec_validator import OpenAPIV30SpecValidator  # noqa: PLC0415  slow to import
    from openapi_spec_validator.validation.exceptions import (  # noqa: PLC0415
        DuplicateOperationIDError,
    )

    for error in OpenAPIV30SpecValidator(document).iter_errors():
        if isinstance(error, DuplicateOperationIDError):
            continue  # `operation_ids` says where
        reason = error.message.partition("\n")[0]
        if len(reason) > _READABLE:  # the whole object, told as JSON
            reason = "a field is missing, unknown or of the wrong type"
        pointer = at("#", *error.absolute_path)
        yield Finding(pointer, f"is not valid OpenAPI 3.0: {reason}")


def operation_ids(document: Document) -> Iterator[Finding]:
    """Demand an operationId of every operation, in snake_case and its own."""
    seen: dict[str, str] = {}
    for operation in operations(document):
        name = operation.body.get("operationId")
        pointer = at(operation.pointer, "operationId")
        if not isinstance(name, str) or not _SNAKE.fullmatch(name):
            yield Finding(pointer, f"operationId is `{name}`, must be snake_case")
        elif seen.setdefault(name, pointer) != pointer:
            yield Finding(pointer, f"`{name}` is also at `{seen[name]}`, must be there once")


def names(document: Document) -> Iterator[Finding]:
    """Demand snake_case of properties and names of examples, PascalCase of components."""
    for kind in ("schemas", "examples", "responses", "parameters"):
        for name in document.get("components", {}).get(kind, {}):
            if not _PASCAL.fullmatch(name):
                yield Finding(at("#/components", kind, name), f"`{name}` must be PascalCase")
    for schema, pointer in schemas(document):
        for name in schema.get("properties", {}):
            if not _SNAKE.fullmatch(name):
                yield Finding(at(pointer, "properties", name), f"`{name}` must be snake_case")
    for media in bodies(document):
        for name in media.body.get("examples", {}):
            if not _SNAKE.fullmatch(name):
                yield Finding(at(media.pointer, "examples", name), f"`{name}` must be snake_case")


def plain_schemas(document: Document) -> Iterator[Finding]:
    """Demand schemas without `nullable`, `oneOf`, `anyOf` and `discriminator`."""
    for schema, pointer in schemas(document):
        for keyword in _AVOIDED:
            if keyword in schema:
                yield Finding(at(pointer, keyword), f"`{keyword}` is used, must not be")


def properties_exist(document: Document) -> Iterator[Finding]:
    """Demand that every name in `required` is a property of the schema."""
    for schema, pointer in schemas(document):
        for name in schema.get("required", []):
            if name not in schema.get("properties", {}):
                yield Finding(at(pointer, "required"), f"`{name}` is required, must be a property")


def descriptions(document: Document) -> Iterator[Finding]:
    """Demand a description of every schema and every property that is written out."""
    for schema, pointer in schemas(document):
        if pointer.startswith("#/components/schemas/") and not schema.get("description"):
            yield Finding(pointer, "has no description, must have one")


def components_are_used(document: Document) -> Iterator[Finding]:
    """Demand that every component is used somewhere."""
    used = {reference for reference, _ in _references(document, "#")}
    used |= {
        f"#/components/securitySchemes/{name}"
        for node in (document, *(operation.body for operation in operations(document)))
        for alternative in node.get("security", [])
        for name in alternative
    }
    for kind, members in document.get("components", {}).items():
        for name in members:
            if (pointer := at("#/components", kind, name)) not in used:
                yield Finding(pointer, f"`{name}` is used nowhere, must be used or removed")


def provenance(document: Document) -> Iterator[Finding]:
    """Demand `x-provenance` of operations, refusals, parameters and schemas, with a known value."""
    places: list[tuple[dict[str, Any], str]] = [(o.body, o.pointer) for o in operations(document)]
    for operation in operations(document):
        for status, node in operation.body.get("responses", {}).items():
            if not status.startswith("2") and "$ref" not in node:
                places.append((node, at(operation.pointer, "responses", status)))
    for kind in ("schemas", "responses", "parameters"):
        for name, node in document.get("components", {}).get(kind, {}).items():
            places.append((node, at("#/components", kind, name)))
    for node, pointer in places:
        if "x-provenance" not in node:
            yield Finding(pointer, "has no `x-provenance`, must be `published` or `decided`")
    marked = [*places, *schemas(document)]
    for node, pointer in marked:
        if node.get("x-provenance", "decided") not in _PROVENANCES:
            mark = node["x-provenance"]
            yield Finding(
                at(pointer, "x-provenance"), f"is `{mark}`, must be `published` or `decided`"
            )


def _references(node: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"], at(pointer, "$ref")
        for key, child in node.items():
            yield from _references(child, at(pointer, key))
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _references(child, at(pointer, index))

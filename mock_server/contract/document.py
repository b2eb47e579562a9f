"""Ways through an OpenAPI document: pointers, references, operations, schemas, examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
JSON = "application/json"
# Events as they happen, which have no end and so no envelope.
EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Finding:
    """One place of the contract that breaks a rule: a JSON pointer, and what is and must be."""

    pointer: str
    message: str


Rule = Callable[[Document], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation with its place; `body` is the operation object."""

    path: str
    method: str
    pointer: str
    body: dict[str, Any]

    @property
    def name(self) -> str:
        """Return the operationId, or the method and path where there is none."""
        return str(self.body.get("operationId", f"{self.method.upper()} {self.path}"))


@dataclass(frozen=True, slots=True)
class Media:
    """One body, of a request or a response; `body` is the media type object."""

    operation: Operation
    status: str | None
    type: str
    pointer: str
    body: dict[str, Any]


def at(pointer: str, *parts: str | int) -> str:
    """Return the pointer of a place below another one."""
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return "/".join((pointer, *escaped))


def look_up(document: Document, pointer: str) -> Any:
    """Return what a local pointer (`#/…`) leads to; raises KeyError when that is nothing."""
    node: Any = document
    for part in pointer.removeprefix("#").split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        try:
            node = node[int(key)] if isinstance(node, list) else node[key]
        except (KeyError, TypeError, ValueError, IndexError):
            raise KeyError(pointer) from None
    return node


def follow(document: Document, node: dict[str, Any], pointer: str) -> tuple[dict[str, Any], str]:
    """Return what a node stands for, and where that is, through any number of references."""
    while isinstance(node.get("$ref"), str):
        pointer = node["$ref"]
        node = look_up(document, pointer)
    return node, pointer


def operations(document: Document) -> Iterator[Operation]:
    """Give every operation, in the document's order."""
    for path, item in document["paths"].items():
        for method, body in item.items():
            if method in METHODS:
                yield Operation(path, method, at("#/paths", path, method), body)


def parameters(document: Document, operation: Operation) -> Iterator[tuple[dict[str, Any], str]]:
    """Give every parameter of an operation, references followed, with its place."""
    for index, node in enumerate(operation.body.get("parameters", [])):
        yield follow(document, node, at(operation.pointer, "parameters", index))


def responses(
    document: Document, operation: Operation
) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Give every response of an operation, references followed: status, object, place."""
    for status, node in operation.body.get("responses", {}).items():
        yield status, *follow(document, node, at(operation.pointer, "responses", status))


def bodies(document: Document) -> Iterator[Media]:
    """Give every body of every operation, requests first."""
    for operation in operations(document):
        places: list[tuple[str | None, dict[str, Any], str]] = []
        if "requestBody" in operation.body:
            pointer = at(operation.pointer, "requestBody")
            places.append((None, *follow(document, operation.body["requestBody"], pointer)))
        places.extend(responses(document, operation))
        for status, node, pointer in places:
            for media_type, body in node.get("content", {}).items():
                place = at(pointer, "content", media_type)
                yield Media(operation, status, media_type, place, body)


def request_schema(document: Document, operation: Operation) -> dict[str, Any] | None:
    """Return the schema of an operation's JSON body, or None when it takes none."""
    node, _ = follow(document, operation.body.get("requestBody", {}), "#")
    media = node.get("content", {}).get(JSON)
    return None if media is None else follow(document, media.get("schema", {}), "#")[0]


def schemas(document: Document) -> Iterator[tuple[dict[str, Any], str]]:
    """Give every schema that is written out, wherever it is, with its place."""
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        yield from _below(schema, at("#/components/schemas", name))
    for kind in ("parameters", "headers"):
        for name, node in document.get("components", {}).get(kind, {}).items():
            yield from _below(node.get("schema"), at("#/components", kind, name, "schema"))
    for media in bodies(document):
        yield from _below(media.body.get("schema"), at(media.pointer, "schema"))


def _below(node: Any, pointer: str) -> Iterator[tuple[dict[str, Any], str]]:
    if not isinstance(node, dict) or "$ref" in node:
        return
    yield node, pointer
    for name, child in node.get("properties", {}).items():
        yield from _below(child, at(pointer, "properties", name))
    for keyword in ("items", "additionalProperties", "not"):
        yield from _below(node.get(keyword), at(pointer, keyword))
    for keyword in ("allOf", "oneOf", "anyOf"):
        for index, child in enumerate(node.get(keyword, [])):
            yield from _below(child, at(pointer, keyword, index))


def strings(node: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """Give every text inside a value, with its place."""
    if isinstance(node, str):
        yield node, pointer
    elif isinstance(node, dict):
        for key, child in node.items():
            yield from strings(child, at(pointer, key))
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from strings(child, at(pointer, index))

"""The contract as the suite reads it: operations, schemas and lifecycles of the bundle."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Json = Any
Provenance = Literal["published", "decided"]

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
BASE_PATH = "/v1/webinar"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the contract."""

    id: str
    method: str
    path: str
    tag: str
    public: bool
    roles: tuple[str, ...]
    provenance: Provenance
    statuses: tuple[str, ...]
    parameters: tuple[Json, ...]
    body: Json | None
    body_required: bool

    @property
    def success(self) -> int:
        """Return the one 2xx status the operation answers with."""
        return int(next(status for status in self.statuses if status.startswith("2")))

    @property
    def has_id(self) -> bool:
        """Tell whether the path names a resource by its id."""
        return "{" in self.path

    def query(self, name: str) -> Json | None:
        """Return the query parameter of that name, or None."""
        found = (p for p in self.parameters if p["in"] == "query" and p["name"] == name)
        return next(found, None)


@dataclass(frozen=True, slots=True)
class Move:
    """One row of a lifecycle: what an operation does to a resource's state."""

    operation: str
    sources: tuple[str, ...]
    target: str
    caller: str | None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The states of a resource and the moves between them."""

    states: tuple[str, ...]
    initial: str
    moves: tuple[Move, ...]

    def allows(self, operation: str, state: str, *, caller: str | None = None) -> Move | None:
        """Return the row that allows the operation in the state for the caller, or None."""
        for move in self.moves:
            meant = move.caller is None or move.caller == caller
            if meant and move.operation == operation and state in move.sources:
                return move
        return None

    def governs(self, operation: str) -> bool:
        """Tell whether any row speaks of the operation."""
        return any(move.operation == operation for move in self.moves)


@dataclass(frozen=True, slots=True)
class Contract:
    """The bundle with every reference still local, and what was derived from it."""

    document: Json
    operations: Mapping[str, Operation]
    session: Lifecycle
    version: str

    def resolve(self, node: Json) -> Json:
        """Follow `$ref` until a node that is none."""
        while isinstance(node, Mapping) and "$ref" in node:
            node = point(self.document, node["$ref"])
        return node

    def schema(self, name: str) -> Json:
        """Return the component schema of that name, resolved at its top."""
        return self.resolve(self.document["components"]["schemas"][name])

    def properties(self, schema: Json) -> dict[str, Json]:
        """Return the properties of an object schema, with `allOf` parts merged."""
        schema = self.resolve(schema)
        merged: dict[str, Json] = {}
        for part in schema.get("allOf", ()):
            merged.update(self.properties(part))
        merged.update(schema.get("properties", {}))
        return merged

    def required(self, schema: Json) -> frozenset[str]:
        """Return the names an object schema requires, with `allOf` parts merged."""
        schema = self.resolve(schema)
        names = set(schema.get("required", ()))
        for part in schema.get("allOf", ()):
            names |= self.required(part)
        return frozenset(names)

    def response(self, operation: str, status: int) -> Json | None:
        """Return what the contract says of an operation's answer with that status, or None."""
        found = self.operations[operation]
        responses = self.document["paths"][found.path][found.method.lower()]["responses"]
        return self.resolve(responses.get(str(status)) or responses.get("default"))


def point(document: Json, pointer: str) -> Json:
    """Return the node a local JSON pointer names.

    Raises LookupError when the pointer leads nowhere.
    """
    node = document
    for raw in pointer.removeprefix("#/").split("/"):
        part = raw.replace("~1", "/").replace("~0", "~")
        try:
            node = node[int(part)] if isinstance(node, list) else node[part]
        except (KeyError, IndexError, ValueError):
            raise LookupError(f"`{pointer}` leads nowhere: no `{part}`") from None
    return node


def bundle_path() -> Path:
    """Return where the bundle is: beside this package when installed, else in the checkout.

    Raises FileNotFoundError when it is in neither place.
    """
    here = Path(__file__).resolve().parent
    places = (here / "openapi.json", here.parent / "openapi" / "dist" / "openapi.json")
    for place in places:
        if place.is_file():
            return place
    raise FileNotFoundError(f"the contract's bundle must be at `{places[0]}` or `{places[1]}`")


@cache
def bundled() -> Contract:
    """Return the contract this suite was made for, read once."""
    return read(json.loads(bundle_path().read_text("utf-8")))


def read(document: Json) -> Contract:
    """Derive operations and lifecycles from a bundle."""
    operations = {operation.id: operation for operation in _operations(document)}
    return Contract(
        document=document,
        operations=operations,
        session=_lifecycle(document.get("x-lifecycles", {}).get("session", {})),
        version=document["info"]["version"],
    )


def _operations(document: Json) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield _operation(document, path, method, item)


def _operation(document: Json, path: str, method: str, item: Json) -> Operation:
    node = item[method]
    body = _follow(document, node.get("requestBody"))
    parameters = [*item.get("parameters", ()), *node.get("parameters", ())]
    return Operation(
        id=node["operationId"],
        method=method.upper(),
        path=path,
        tag=(node.get("tags") or ["other"])[0],
        public=not node.get("security", document.get("security", [])),
        roles=tuple(node.get("x-roles", ())),
        provenance=node.get("x-provenance", "decided"),
        statuses=tuple(node["responses"]),
        parameters=tuple(_follow(document, parameter) for parameter in parameters),
        body=body["content"]["application/json"]["schema"] if body else None,
        body_required=bool(body and body.get("required")),
    )


def _follow(document: Json, node: Json) -> Json:
    while isinstance(node, Mapping) and "$ref" in node:
        node = point(document, node["$ref"])
    return node


def _lifecycle(node: Json) -> Lifecycle:
    moves = tuple(
        Move(
            operation=row["operation"],
            sources=tuple(row["from"]),
            target=row["to"],
            caller=row.get("caller"),
        )
        for row in node.get("moves", ())
        if "operation" in row
    )
    return Lifecycle(tuple(node.get("states", ())), node.get("initial", ""), moves)


def route_of(contract: Contract, method: str, path: str) -> Operation | None:
    """Return the operation that answers a path below the base, static segments first."""
    matches = [
        operation
        for operation in contract.operations.values()
        if operation.method == method.upper() and re.fullmatch(_pattern(operation.path), path)
    ]
    return min(matches, key=lambda found: found.path.count("{"), default=None)


def _pattern(path: str) -> str:
    return re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))

"""Rules on what the mock leans on when it serves a contract, ours or a user's (`--contract`)."""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.contract.document import (
    EVENT_STREAM,
    JSON,
    Document,
    Finding,
    at,
    follow,
    look_up,
    operations,
    parameters,
    responses,
)


def bodies_are_json(document: Document) -> Iterator[Finding]:
    """Demand a schema for JSON of what an operation takes and of what it answers on success, where
    it does not answer with a stream of events.
    """
    for operation in operations(document):
        places = [
            (node, pointer)
            for status, node, pointer in responses(document, operation)
            if status.startswith("2") and EVENT_STREAM not in node.get("content", {})
        ]
        if "requestBody" in operation.body:
            pointer = at(operation.pointer, "requestBody")
            places.append(follow(document, operation.body["requestBody"], pointer))
        for node, pointer in places:
            if "schema" not in node.get("content", {}).get(JSON, {}):
                yield Finding(pointer, f"has no schema for `{JSON}`, must have one")


def query_is_readable(document: Document) -> Iterator[Finding]:
    """Demand that a parameter of the query is an integer with a default or a text by a pattern."""
    for operation in operations(document):
        for node, pointer in parameters(document, operation):
            schema, _ = follow(document, node.get("schema", {}), at(pointer, "schema"))
            needed = {"integer": "default", "string": "pattern"}.get(schema.get("type", ""))
            if node.get("in") == "query" and (needed is None or needed not in schema):
                yield Finding(
                    pointer,
                    f"`{node['name']}` must be an integer with a default or a text with a pattern",
                )


def roles_are_names(document: Document) -> Iterator[Finding]:
    """Demand that `x-roles` is a list of names."""
    for operation in operations(document):
        roles = operation.body.get("x-roles", [])
        if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
            yield Finding(
                at(operation.pointer, "x-roles"), f"is `{roles}`, must be a list of names"
            )


def sessions_have_moves(document: Document) -> Iterator[Finding]:
    """Demand the table of `x-lifecycles` for sessions: rows that say which states they are from."""
    pointer = "#/x-lifecycles/session/moves"
    try:
        rows = look_up(document, pointer)
    except KeyError:
        rows = None
    if not isinstance(rows, list):
        yield Finding(pointer, "is no list of rows, must be the moves of a session")
        return
    for index, row in enumerate(rows):
        if not isinstance(row, dict) or not isinstance(row.get("from"), list):
            yield Finding(at(pointer, index), "has no list `from`, must have one")

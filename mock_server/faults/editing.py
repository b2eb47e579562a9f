"""Edit the copy of the contract that a faulty mock enforces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mock_server.faults.fault import Document

Edit = Callable[[Document], None]


def schema(document: Document, name: str) -> Document:
    """Return a schema of the document."""
    found: Document = document["components"]["schemas"][name]
    return found


def operation(document: Document, name: str) -> Document:
    """Return an operation of the document; raises KeyError where it has none of this name."""
    for methods in document["paths"].values():
        for found in methods.values():
            if isinstance(found, dict) and found.get("operationId") == name:
                return found
    raise KeyError(name)


def bound(schema_name: str, field: str, **limits: Any) -> Edit:
    """Give a field of a request other limits."""

    def edit(document: Document) -> None:
        schema(document, schema_name)["properties"][field].update(limits)

    return edit


def without(schema_name: str, field: str, keyword: str) -> Edit:
    """Take a keyword from a field of a request."""

    def edit(document: Document) -> None:
        del schema(document, schema_name)["properties"][field][keyword]

    return edit


def parameter(name: str, **limits: Any) -> Edit:
    """Give a parameter of the query other limits."""

    def edit(document: Document) -> None:
        document["components"]["parameters"][name]["schema"].update(limits)

    return edit


def everyone_may(name: str) -> Edit:
    """Take the role from an operation."""

    def edit(document: Document) -> None:
        del operation(document, name)["x-roles"]

    return edit


def signed_in_only(name: str) -> Edit:
    """Let a public operation ask for credentials."""

    def edit(document: Document) -> None:
        del operation(document, name)["security"]

    return edit


def allowed(name: str, status: str) -> Edit:
    """Let a move start from one more status."""
    return lambda document: _move(document, name)["from"].append(status)


def forbidden(name: str, status: str) -> Edit:
    """Let a move no longer start from a status."""
    return lambda document: _move(document, name)["from"].remove(status)


def without_host_row(name: str) -> Edit:
    """Take from a move the row that holds for the room's host only."""

    def edit(document: Document) -> None:
        lifecycle = document["x-lifecycles"]["session"]
        lifecycle["moves"] = [
            move
            for move in lifecycle["moves"]
            if move.get("operation") != name or "caller" not in move
        ]

    return edit


def _move(document: Document, name: str) -> Document:
    moves = document["x-lifecycles"]["session"]["moves"]
    found: Document = next(
        move for move in moves if move.get("operation") == name and "caller" not in move
    )
    return found

"""Rules on `x-lifecycles`: the table speaks of statuses and operations that exist, and of all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mock_server.contract.document import Document, Finding, at, operations

_OUTCOMES = ("same", "gone")


def states_are_the_statuses(document: Document) -> Iterator[Finding]:
    """Demand that states are the enum of the field, and the initial state one of them."""
    schemas = document["components"].get("schemas", {})
    for table, pointer in _tables(document):
        field = schemas.get(table.get("schema"), {}).get("properties", {}).get(table.get("field"))
        place = f"`{table.get('schema')}.{table.get('field')}`"
        if not field or "enum" not in field:
            yield Finding(at(pointer, "field"), f"{place} has no enum, must have one")
        elif table.get("states") != field["enum"]:
            yield Finding(at(pointer, "states"), f"differ from {place}, must be the same")
        if table.get("initial") not in table.get("states", []):
            yield Finding(at(pointer, "initial"), "is no state of this lifecycle, must be one")


def moves_exist(document: Document) -> Iterator[Finding]:
    """Demand moves by an operation or by time, from states to a state, `same` or `gone`."""
    known = {operation.body.get("operationId") for operation in operations(document)}
    for table, pointer in _tables(document):
        states = table.get("states", [])
        for index, move in enumerate(table.get("moves", [])):
            place = at(pointer, "moves", index)
            if ("operation" in move) == ("time" in move):
                yield Finding(place, "must have either `operation` or `time`")
            if "operation" in move and move["operation"] not in known:
                yield Finding(place, f"`{move['operation']}` is no operation, must be one")
            for state in move.get("from", ["?"]):
                if state not in states:
                    yield Finding(at(place, "from"), f"`{state}` is no state, must be one")
            if move.get("to") not in (*states, *_OUTCOMES):
                yield Finding(
                    at(place, "to"), f"`{move.get('to')}` is neither a state nor an outcome"
                )


def moves_are_said_once(document: Document) -> Iterator[Finding]:
    """Demand that no two rows speak of the same operation, caller and state."""
    for table, pointer in _tables(document):
        seen: set[tuple[str, str, str]] = set()
        for index, move in enumerate(table.get("moves", [])):
            for state in move.get("from", []):
                key = (str(move.get("operation")), str(move.get("caller")), state)
                if key in seen:
                    place = at(pointer, "moves", index, "from")
                    yield Finding(place, f"`{state}` is in another row too, must be in one")
                seen.add(key)


def refusals_for_state_have_rows(document: Document) -> Iterator[Finding]:
    """Demand a row of what answers 409, and 409 of what is not allowed in every state."""
    for name, table in document.get("x-lifecycles", {}).items():
        rows: dict[str, set[str]] = {}
        for move in table.get("moves", []):
            rows.setdefault(str(move.get("operation")), set()).update(move.get("from", []))
        for operation in operations(document):
            if not operation.path.startswith(f"/{name}s/{{id}}"):
                continue
            refuses = "409" in operation.body.get("responses", {})
            allowed = rows.get(operation.name)
            if refuses and allowed is None:
                yield Finding(
                    at(operation.pointer, "responses", "409"),
                    f"`{operation.name}` answers 409, must have a row in `x-lifecycles`",
                )
            if not refuses and allowed is not None and allowed != set(table.get("states", [])):
                yield Finding(
                    at(operation.pointer, "responses"),
                    f"`{operation.name}` is not allowed in every state, must document 409",
                )


def _tables(document: Document) -> Iterator[tuple[dict[str, Any], str]]:
    for name, table in document.get("x-lifecycles", {}).items():
        yield table, at("#/x-lifecycles", name)

"""Both sides of every bound of the contract, great length where there is none, null everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from contract_table import Operation, Schema
from draft import Draft

# Lengths are counted in characters, whatever they take in UTF-8 or UTF-16.
_CHARACTER = "🎥"
_BOUNDS = {"maxLength", "enum", "pattern", "format"}
_MALFORMED = {
    "date-time": ("2031-01-01T12:00:00", "2031-01-01", "2001-01-01T12:00:00Z"),
    "uuid": ("0a5f3c1e7b7d4f7e9d553f2f6c8f0b11",),
    "email": ("nobody", "nobody@"),
}


@dataclass(frozen=True)
class Edge:
    """A value of one field of an operation's body, or of a parameter of its query."""

    operation: str
    name: str
    value: Any
    in_query: bool = False

    def put_into(self, draft: Draft) -> Draft:
        if self.in_query:
            return replace(draft, query=((self.name, str(self.value)),))
        return replace(draft, value={**(draft.value or {}), self.name: self.value})


def edges_of(table: Mapping[str, Operation]) -> list[Edge]:
    """Return every edge of every operation."""
    found: list[Edge] = []
    for name, operation in sorted(table.items()):
        for field, schema in operation.fields.items():
            found += (Edge(name, field, value) for value in (*_near_bounds(schema), None))
        for parameter, schema in operation.parameters.items():
            found += (Edge(name, parameter, each, in_query=True) for each in _near_bounds(schema))
    return found


def _near_bounds(schema: Schema) -> Iterator[Any]:
    if schema.get("type") == "string" and not _BOUNDS & schema.keys():
        yield _CHARACTER * 1_000
    for bound, outside in (("minLength", -1), ("maxLength", 1)):
        if bound in schema:
            yield _CHARACTER * schema[bound]
            yield _CHARACTER * (schema[bound] + outside)
    for bound, outside in (("minimum", -1), ("maximum", 1)):
        if bound in schema:
            yield schema[bound]
            yield schema[bound] + outside
    if "enum" in schema:
        yield from schema["enum"]
        yield schema["enum"][0].upper()
    yield from _MALFORMED.get(schema.get("format", ""), ())
    if "pattern" in schema:
        yield "#00ff7F"
        yield "#00ff7G"

"""Rules on links: from what creates something to what uses it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mock_server.contract.document import (
    JSON,
    Document,
    Finding,
    Operation,
    at,
    follow,
    operations,
    parameters,
    request_schema,
    responses,
)

_EXPRESSION = re.compile(r"\$response\.body#((?:/[^/]+)+)")


def creations_have_links(document: Document) -> Iterator[Finding]:
    """Demand links of every 201: from the thing made to what uses it."""
    for operation in operations(document):
        for status, node, pointer in responses(document, operation):
            if status == "201" and not node.get("links"):
                yield Finding(pointer, f"`{operation.name}` makes something, must have links")


def links_resolve(document: Document) -> Iterator[Finding]:
    """Demand that a link names an operation, parameters it takes, and fields its body has."""
    known = {operation.body.get("operationId"): operation for operation in operations(document)}
    for link, pointer, _ in _links(document):
        target = known.get(link.get("operationId"))
        if target is None:
            name = link.get("operationId")
            yield Finding(at(pointer, "operationId"), f"`{name}` is no operation, must be one")
            continue
        taken = {node["name"] for node, _ in parameters(document, target)}
        fields = (request_schema(document, target) or {}).get("properties", {})
        for keyword, allowed in (("parameters", taken), ("requestBody", set(fields))):
            for name in link.get(keyword, {}):
                if name not in allowed:
                    yield Finding(
                        at(pointer, keyword, name),
                        f"`{target.name}` takes no `{name}`, must be one of its own",
                    )


def expressions_lead_somewhere(document: Document) -> Iterator[Finding]:
    """Demand runtime expressions that point at a field the answer always has."""
    for link, pointer, media in _links(document):
        for keyword in ("parameters", "requestBody"):
            for name, expression in link.get(keyword, {}).items():
                place = at(pointer, keyword, name)
                match = _EXPRESSION.fullmatch(str(expression))
                if match is None:
                    yield Finding(place, f"is `{expression}`, must be `$response.body#/…`")
                elif not _always_has(document, media.get("schema", {}), match[1].split("/")[1:]):
                    yield Finding(place, f"`{match[1]}` is not in every answer, must be")


def _links(document: Document) -> Iterator[tuple[dict[str, Any], str, dict[str, Any]]]:
    def of(operation: Operation) -> Iterator[tuple[dict[str, Any], str, dict[str, Any]]]:
        for _, node, pointer in responses(document, operation):
            media = node.get("content", {}).get(JSON, {})
            for name, link in node.get("links", {}).items():
                yield *follow(document, link, at(pointer, "links", name)), media

    for operation in operations(document):
        yield from of(operation)


def _always_has(document: Document, schema: dict[str, Any], parts: list[str]) -> bool:
    for part in parts:
        schema, _ = follow(document, schema, "#")
        if part not in schema.get("required", []):
            return False
        schema = schema["properties"].get(part, {})
    return True

"""Rules on examples: there are some, they keep their schema, and they look like the real thing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from mock_server.contract.document import (
    Document,
    Finding,
    at,
    bodies,
    follow,
    operations,
    parameters,
    responses,
    strings,
)

_PLACEHOLDER = re.compile(
    r"(?i)^(string|text|value|todo|foo|bar|test|<[\w ]+>)$|example\.(com|net|org)|lorem ipsum"
)


def bodies_have_examples(document: Document) -> Iterator[Finding]:
    """Demand named examples of every body, each with a summary and a full value."""
    for media in bodies(document):
        if not media.body.get("examples"):
            what = f"{media.status} of" if media.status else "the request of"
            yield Finding(
                at(media.pointer, "examples"),
                f"{what} `{media.operation.name}` has no examples, must have at least one",
            )
        for name, node in media.body.get("examples", {}).items():
            example, pointer = follow(document, node, at(media.pointer, "examples", name))
            if "value" not in example or not example.get("summary"):
                yield Finding(pointer, "has no value or no summary, must have both")


def examples_keep_their_schema(document: Document) -> Iterator[Finding]:
    """Demand valid examples of bodies, parameters and headers, formats included."""
    validators: dict[str, Any] = {}
    for schema, value, pointer in _examples(document):
        key = repr(schema)
        if key not in validators:
            validators[key] = validator_for(document, schema)
        for error in validators[key].iter_errors(value):
            place = at(pointer, *error.instance_path)
            yield Finding(place, f"the example breaks its schema: {error.message}")


def no_placeholders(document: Document) -> Iterator[Finding]:
    """Demand realistic examples: no `string`, no `<string>`, no example.com, no lorem ipsum."""
    for _, value, pointer in _examples(document):
        for text, place in strings(value, pointer):
            if _PLACEHOLDER.search(text):
                yield Finding(place, f"`{text}` is a placeholder, must look like the real thing")


def validator_for(document: Document, schema: dict[str, Any]) -> jsonschema_rs.Validator:
    """Make a validator, formats included, of a schema whose references lead into the document."""
    # References are local to the root, so the components travel along with the schema.
    whole = {"components": document.get("components", {}), **schema}
    return jsonschema_rs.validator_for(whole, validate_formats=True)


def _examples(document: Document) -> Iterator[tuple[dict[str, Any], Any, str]]:
    for media in bodies(document):
        for name, node in media.body.get("examples", {}).items():
            example, pointer = follow(document, node, at(media.pointer, "examples", name))
            yield media.body.get("schema", {}), example.get("value"), at(pointer, "value")
    for operation in operations(document):
        for node, pointer in parameters(document, operation):
            if "example" in node:
                yield node.get("schema", {}), node["example"], at(pointer, "example")
        for _, response, pointer in responses(document, operation):
            for name, node in response.get("headers", {}).items():
                header, place = follow(document, node, at(pointer, "headers", name))
                if "example" in header:
                    yield header.get("schema", {}), header["example"], at(place, "example")

"""JSON Schemas of the contract, compiled once, and their findings as readable sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from mock_server.http.parameters import is_uuid

_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)
_SIZES: Mapping[str, tuple[str, str]] = {
    "minLength": ("characters", "least"),
    "maxLength": ("characters", "most"),
    "minItems": ("items", "least"),
    "maxItems": ("items", "most"),
    "minProperties": ("fields", "least"),
    "maxProperties": ("fields", "most"),
}
# More than any body of the contract has fields, of which a refusal names each.
_MAX_FINDINGS = 100
_MAX_SHOWN = 60
_MAX_NAMES = 200


class SchemaSet:
    """Compile schemas of one document; references resolve within it."""

    def __init__(self, document: dict[str, Any]) -> None:
        resources = [("urn:contract", document)]
        self._answers = jsonschema_rs.Registry(resources)
        self._requests = jsonschema_rs.Registry(resources, draft=jsonschema_rs.Draft4)

    def compile_request(self, schema: Mapping[str, Any]) -> jsonschema_rs.Draft4Validator:
        """Return a validator, formats included, for what is sent to us.

        An integer of OpenAPI 3.0 is written without a fraction: `5.0` is none, as in Draft 4.
        """
        return jsonschema_rs.Draft4Validator(
            _absolute(schema),
            registry=self._requests,
            validate_formats=True,
            # Draft 4 does not know it.
            formats={"uuid": is_uuid},
        )

    def compile_answer(self, schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
        """Return a validator, formats included, for what we answer, which is many uuids.

        OpenAPI 3.0 schemas without `nullable` and `exclusive*` (the linter forbids them) mean
        the same in JSON Schema 2020-12, but for integers such as `5.0`.
        """
        return jsonschema_rs.Draft202012Validator(
            _absolute(schema), registry=self._answers, validate_formats=True
        )


def _absolute(schema: Any) -> Any:
    if isinstance(schema, Mapping):
        return {
            key: f"urn:contract{value}" if key == "$ref" else _absolute(value)
            for key, value in schema.items()
            if key not in {"example", "examples"}
        }
    if isinstance(schema, list):
        return [_absolute(item) for item in schema]
    return schema


def findings(validator: jsonschema_rs.Validator, instance: Any) -> list[str]:
    """List what is wrong, at most a hundred: each says which field, what is and what must be."""
    found: list[str] = []
    for error in validator.iter_errors(instance):
        if len(found) == _MAX_FINDINGS:
            found.append("and more")
            break
        found.append(_sentence(error))
    return found


def _sentence(error: jsonschema_rs.ValidationError) -> str:
    kind: Any = error.kind
    path = ".".join(str(part) for part in error.instance_path)
    if kind.name == "required":
        return f"`{'.'.join(filter(None, [path, kind.property]))}` is missing"
    if kind.name == "additionalProperties":
        names = ", ".join(f"`{'.'.join(filter(None, [path, name]))}`" for name in kind.unexpected)
        return f"{names[:_MAX_NAMES]} {'is' if len(kind.unexpected) == 1 else 'are'} no field here"
    return (
        f"{f'`{path}`' if path else 'the body'} {_predicate(kind.name, kind.value, error.instance)}"
    )


def _predicate(keyword: str, limit: Any, value: Any) -> str:  # noqa: PLR0911
    if keyword in _SIZES:
        what, most = _SIZES[keyword]
        return f"has {len(value)} {what}, must have at {most} {limit}"
    match keyword:
        case "type":
            wanted = " or ".join(limit if isinstance(limit, list) else [limit])
            return f"is {_article(_type_name(value))}, must be {_article(wanted)}"
        case "minimum":
            return f"is {_shown(value)}, must be at least {limit}"
        case "maximum":
            return f"is {_shown(value)}, must be at most {limit}"
        case "enum":
            wanted = " or ".join(f"`{option}`" for option in limit)
            return f"is {_shown(value)}, must be {wanted}"
        case "format":
            return f"is {_shown(value)}, must be a `{limit}`"
        case "pattern":
            return f"is {_shown(value)}, must match `{limit}`"
        case _:
            return f"breaks `{keyword}`"


def _type_name(value: Any) -> str:
    return next((name for type_, name in _TYPES if isinstance(value, type_)), "null")


def _article(noun: str) -> str:
    return noun if noun == "null" else f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _shown(value: Any) -> str:
    if isinstance(value, int):
        return str(value) if abs(value) < 10**_MAX_SHOWN else "too large to show"
    text = str(value)
    return f"`{text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + '…'}`"

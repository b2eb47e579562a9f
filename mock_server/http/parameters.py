"""Parameters of a request, read by the plan the contract gives for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from mock_server.http.errors import Refusal

_INTEGER = re.compile(r"-?[0-9]{1,1000}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class IntegerParameter:
    """Describe an integer in the query: its default and its bounds, None where there is none."""

    name: str
    default: int
    minimum: int | None
    maximum: int | None


@dataclass(frozen=True, slots=True)
class TextParameter:
    """Describe a text in the query, empty where it is not given; `pattern` is the contract's."""

    name: str
    pattern: re.Pattern[str]
    default: str = ""


QueryParameter = IntegerParameter | TextParameter


def query_parameters(parameters: Sequence[Mapping[str, Any]]) -> tuple[QueryParameter, ...]:
    """Read the query parameters of an operation: integers with a default, texts without one."""
    return tuple(
        _query_parameter(parameter["name"], parameter["schema"])
        for parameter in parameters
        if parameter["in"] == "query"
    )


def _query_parameter(name: str, schema: Mapping[str, Any]) -> QueryParameter:
    if schema["type"] == "string":
        return TextParameter(name, re.compile(schema["pattern"]))
    return IntegerParameter(name, schema["default"], schema.get("minimum"), schema.get("maximum"))


def header_parameters(parameters: Sequence[Mapping[str, Any]]) -> tuple[TextParameter, ...]:
    """Read the header parameters of an operation that are texts with a pattern."""
    return tuple(
        TextParameter(parameter["name"], re.compile(parameter["schema"]["pattern"]))
        for parameter in parameters
        if parameter["in"] == "header" and "pattern" in parameter.get("schema", {})
    )


def path_reader(parameters: Sequence[Mapping[str, Any]]) -> Callable[[str], str] | None:
    """Return what reads the path's parameter, a uuid or a text by a pattern; None without one."""
    for parameter in parameters:
        if parameter["in"] == "path":
            name, schema = parameter["name"], parameter["schema"]
            if schema.get("format") == "uuid":
                return partial(read_uuid, name)
            return partial(_read_text, TextParameter(name, re.compile(schema["pattern"])))
    return None


def read_query(plan: tuple[QueryParameter, ...], query_string: bytes) -> dict[str, Any]:
    """Return a value for each parameter of the plan; raises Refusal 400 naming the first mistake.

    Unknown parameters are ignored; an empty or repeated one of the plan is refused.
    """
    if not query_string:
        return {parameter.name: parameter.default for parameter in plan}
    given: dict[str, list[str]] = {}
    for name, value in parse_qsl(query_string.decode("latin-1"), keep_blank_values=True):
        given.setdefault(name, []).append(value)
    return {parameter.name: _read_value(parameter, given) for parameter in plan}


def read_headers(
    plan: tuple[TextParameter, ...], headers: Iterable[tuple[bytes, bytes]]
) -> dict[str, str]:
    """Return a text for each header of the plan, empty where it is not sent; raises Refusal 400."""
    sent = {name: value.decode("latin-1") for name, value in headers}
    found = {each.name: sent.get(each.name.lower().encode()) for each in plan}
    return {
        each.name: each.default if (value := found[each.name]) is None else _read_text(each, value)
        for each in plan
    }


def _read_value(parameter: QueryParameter, given: Mapping[str, list[str]]) -> Any:
    if isinstance(parameter, IntegerParameter):
        return _read_integer(parameter, given)
    values = given.get(parameter.name)
    return parameter.default if values is None else _read_text(parameter, values[-1])


def _read_text(parameter: TextParameter, value: str) -> str:
    if not parameter.pattern.search(value):
        raise Refusal(
            400,
            f"`{parameter.name}` is `{value[:60]}`, must match `{parameter.pattern.pattern}`",
        )
    return value


def _read_integer(parameter: IntegerParameter, given: Mapping[str, list[str]]) -> int:
    values = given.get(parameter.name)
    if values is None:
        return parameter.default
    wanted = f"must be an integer{_bounds(parameter)}"
    if len(values) > 1:
        raise Refusal(400, f"`{parameter.name}` is given {len(values)} times, must be given once")
    if not _INTEGER.fullmatch(values[0]):
        shown = f"`{values[0][:60]}`" if values[0] else "empty"
        raise Refusal(400, f"`{parameter.name}` is {shown}, {wanted}")
    value = int(values[0])
    too_small = parameter.minimum is not None and value < parameter.minimum
    too_large = parameter.maximum is not None and value > parameter.maximum
    if too_small or too_large:
        raise Refusal(400, f"`{parameter.name}` is {value}, {wanted}")
    return value


def _bounds(parameter: IntegerParameter) -> str:
    if parameter.minimum is not None and parameter.maximum is not None:
        return f" from {parameter.minimum} to {parameter.maximum}"
    return "" if parameter.minimum is None else f" of at least {parameter.minimum}"


def is_uuid(value: str) -> bool:
    """Tell whether a text is a uuid: in letters of any case, with its hyphens (RFC 9562, 4)."""
    return _UUID.fullmatch(value) is not None


def read_uuid(name: str, value: str) -> str:
    """Return a uuid of the path in lower case; raises Refusal 400."""
    if not is_uuid(value):
        raise Refusal(400, f"`{name}` is `{value[:60]}`, must be a uuid")
    return value.lower()

"""Reading the YAML of a scenario: typed fields, with a line and a sentence for each mistake."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import yaml

from mock_server.domain.clock import EARLIEST, LATEST, read_time
from mock_server.domain.errors import Unprocessable
from mock_server.scenarios.shape import USUAL_CALLER, AskStep, ClockStep, Reference, Step
from mock_server.seeds.errors import SeedMistake
from mock_server.seeds.nodes import Fields, Value, fields, integer, items, matching, text
from mock_server.seeds.times import ZERO, parse_offset

_NAME = "[a-z][a-z0-9_]*"
_REFERENCE = re.compile(rf"\$({_NAME})", re.ASCII)
_PERSONA = re.compile(r"[a-z][a-z0-9_-]{0,63}", re.ASCII)
_PATH = r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*"
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}
_TIME_FORM = "a time with an offset such as `2026-03-12T18:00:00Z`"
_LEAST, _MOST = 100, 599
_A_REFERENCE = "`$` and a name that an earlier step saved (`$$` stands for a `$` itself)"


def read_steps(value: Value) -> tuple[list[Step], list[SeedMistake]]:
    """Read every step, and return what is wrong with those that could not be read."""
    steps: list[Step] = []
    mistakes: list[SeedMistake] = []
    for number, item in enumerate(items(value), start=1):
        try:
            steps.append(read_step(Value(item.file, f"step {number}", item.node, item.line)))
        except SeedMistake as mistake:
            mistakes.append(mistake)
    return steps, mistakes


def read_step(value: Value) -> Step:
    """Read one step; raises SeedMistake."""
    given = fields(value)
    if "clock" in given.left:
        step = given.take("clock", _clock)
        given.finish()
        return step
    return _ask(value, given)


def read_moment(value: Value) -> datetime:
    """Read a time with an offset, in UTC."""
    written = _scalar(value)
    if written is None or not _TIME.fullmatch(written):
        value.of_type(_TIME_FORM)
    try:
        found = read_time(value.name, written)
    except Unprocessable:
        value.of_type(_TIME_FORM)
    if not EARLIEST <= found <= LATEST:
        value.of_type(f"in the years {EARLIEST.year} to {LATEST.year}")
    return found


def _clock(value: Value) -> ClockStep:
    written = _scalar(value)
    if written == "freeze":
        return ClockStep(line=value.line, freeze=True)
    length = None if written is None else parse_offset(written)
    if length is not None:
        if length <= ZERO:
            value.refuse(f"{value.name} is {value.described}, must go forward, such as `+10m`")
        return ClockStep(line=value.line, by=length)
    if written is None or not _TIME.fullmatch(written):
        value.of_type(f"a length such as `+10m`, {_TIME_FORM}, or `freeze`")
    return ClockStep(line=value.line, to=read_moment(value))


def _ask(value: Value, given: Fields) -> AskStep:
    lines = {name: item.line for name, item in given.left.items()}
    operation = given.take("operation", matching("[a-z][a-z0-9_]*", "the name of an operation"))
    caller = given.maybe("as", _caller) or USUAL_CALLER
    request = given.maybe("with", fields)
    expected = given.maybe("expect", fields)
    save = given.maybe("save", _saves) or {}
    given.finish()
    path_id, query, body = _request(request, lines)
    status, data, error = _expected(expected, lines)
    lines |= {f"save.{name}": line for name, (_, line) in save.items()}
    return AskStep(
        line=value.line,
        operation=operation,
        caller=caller,
        id=path_id,
        query=query,
        body=body,
        status=status,
        data=data,
        error=error,
        save={name: path for name, (path, _) in save.items()},
        lines=lines,
    )


def _request(
    given: Fields | None, lines: dict[str, int]
) -> tuple[Any, Mapping[str, Any], Mapping[str, Any] | None]:
    if given is None:
        return None, {}, None
    lines |= {name: item.line for name, item in given.left.items()}
    path_id = given.maybe("id", _text_or_reference)
    query = given.maybe("query", lambda value: _members(value, "query", lines)) or {}
    body = given.maybe("body", lambda value: _members(value, "body", lines))
    given.finish()
    return path_id, query, body


def _expected(
    given: Fields | None, lines: dict[str, int]
) -> tuple[int | None, Mapping[str, Any] | None, str | None]:
    if given is None:
        return None, None, None
    lines |= {name: item.line for name, item in given.left.items()}
    status = given.maybe("status", integer(_LEAST, _MOST))
    data = given.maybe("data", lambda value: _members(value, "data", lines))
    error = given.maybe("error", text())
    given.finish()
    if data is not None and error is not None:
        given.value.refuse(f"{given.value.name} has `data` and `error`, must have one of them")
    return status, data, error


def _members(value: Value, part: str, lines: dict[str, int]) -> dict[str, Any]:
    given = fields(value)
    lines |= {f"{part}.{name}": item.line for name, item in given.left.items()}
    return {name: _json(item) for name, item in given.left.items()}


def _saves(value: Value) -> dict[str, tuple[tuple[str, ...], int]]:
    path = matching(_PATH, "the place of a value in the answer's `data`, such as `room.id`")
    found = {}
    for name, item in fields(value).left.items():
        if not re.fullmatch(_NAME, name, re.ASCII):
            item.refuse(f"`{name}` is no name, must be lower case letters, digits and `_`")
        found[name] = tuple(path(item).split(".")), item.line
    return found


def _caller(value: Value) -> str | Reference:
    found = _text_or_reference(value)
    if isinstance(found, str) and not _PERSONA.fullmatch(found):
        value.of_type("a persona, `nobody`, or a saved access token such as `$zoe`")
    return found


def _text_or_reference(value: Value) -> str | Reference:
    if not value.is_a("str"):
        value.of_type("text (in quotes, if YAML takes it for something else)")
    return _read_text(value)


def _json(value: Value) -> Any:
    node = value.node
    if isinstance(node, yaml.MappingNode):
        return {name: _json(item) for name, item in fields(value).left.items()}
    if isinstance(node, yaml.SequenceNode):
        return [_json(item) for item in items(value)]
    if value.is_a("str"):
        return _read_text(value)
    if value.is_a("timestamp"):
        return str(node.value)
    return _plain(value, str(node.value))


def _read_text(value: Value) -> str | Reference:
    written = str(value.node.value)
    if not written.startswith("$"):
        return written
    if written.startswith("$$"):
        return written[1:]
    found = _REFERENCE.fullmatch(written)
    if found is None:
        value.of_type(_A_REFERENCE)
    return Reference(found[1], value.line)


def _plain(value: Value, written: str) -> Any:
    if value.is_a("bool") and written.lower() in _BOOLEANS:
        return _BOOLEANS[written.lower()]
    if value.is_a("int") and _WHOLE_NUMBER.fullmatch(written):
        return int(written)
    if value.is_a("float") and _NUMBER.fullmatch(written) and math.isfinite(float(written)):
        return float(written)
    if not value.is_a("null"):
        # YAML has more ways to write a number, a truth or a time than JSON has.
        value.of_type("in quotes, or a value as JSON writes it")
    return None


def _scalar(value: Value) -> str | None:
    return str(value.node.value) if isinstance(value.node, yaml.ScalarNode) else None

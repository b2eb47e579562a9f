"""What is wrong with a scenario before anything is played: held against the contract, line by line.

A body is only looked into where a success is expected: a story may well send what is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from mock_server.http.validation import SchemaSet, findings
from mock_server.playing.catalogue import Catalogue, Documented
from mock_server.playing.play import Unanswerable, require_in_order
from mock_server.scenarios.shape import NOBODY, AskStep, ClockStep, Reference, Scenario
from mock_server.seeds.errors import SeedMistake
from mock_server.seeds.times import parse_offset

_UUID = "00000000-0000-4000-8000-000000000000"
_TIME = "2026-03-12T18:00:00Z"
Schema = Mapping[str, Any]


def check_scenario(scenario: Scenario, catalogue: Catalogue) -> list[SeedMistake]:
    """Return everything in a scenario that the contract does not know or allow, in its order."""
    check = _Check(scenario, catalogue)
    for step in scenario.steps:
        check.step(step) if isinstance(step, AskStep) else check.clock(step)
    return check.mistakes


class _Check:
    """Go through a scenario; what was saved, and its schema, is known from step to step."""

    def __init__(self, scenario: Scenario, catalogue: Catalogue) -> None:
        self.mistakes: list[SeedMistake] = []
        self._file = scenario.file
        self._catalogue = catalogue
        self._personas = [persona.name for persona in scenario.seed_file.personas]
        self._now = scenario.now
        self._saved: dict[str, Schema] = {}
        self._asked: set[str] = set()
        self._schemas: dict[bool, SchemaSet] = {}

    def clock(self, step: ClockStep) -> None:
        """Look whether the clock goes forward, where it is known what it shows."""
        if step.to is not None and self._now is not None and step.to < self._now:
            self._add(
                step.line,
                f"`clock` is {_shown_time(step.to)}, before {_shown_time(self._now)} which it "
                "shows by then, must be later",
            )
        if step.to is not None:
            self._now = step.to
        elif self._now is not None:
            self._now += step.by or timedelta()

    def step(self, step: AskStep) -> None:
        """Look at a request and what is expected of it."""
        operation = self._catalogue.find(step.operation)
        if operation is None:
            self._add(step.line_of("operation"), self._catalogue.unknown(step.operation))
            return
        try:
            require_in_order(step, self._catalogue, self._asked)
        except Unanswerable as error:
            self._add(step.line_of("operation"), f"`{step.operation}`: {error}")
        self._asked.add(step.operation)
        self._caller(step)
        self._parameters(step, operation)
        expected = operation.success if step.status is None else step.status
        if str(expected) not in operation.written["responses"]:
            listed = ", ".join(sorted(operation.written["responses"]))
            self._add(
                step.line_of("status"),
                f"`{step.operation}` never answers {expected}, must be one of {listed}",
            )
        if expected == operation.success:
            self._body(step, operation)
            self._answer(step, operation)
        elif step.data is not None or step.save:
            part = "data" if step.data is not None else "save"
            self._add(
                step.line_of(part),
                f"a refusal has no `data`, must have no `{part}` with {expected}",
            )

    def _caller(self, step: AskStep) -> None:
        known = [*self._personas, NOBODY]
        if isinstance(step.caller, str) and step.caller not in known:
            listed = ", ".join(f"`{name}`" for name in known)
            self._add(step.line_of("as"), f"`as` is `{step.caller}`, must be one of {listed}")

    def _parameters(self, step: AskStep, operation: Documented) -> None:
        known = {(each["in"], each["name"]) for each in operation.parameters}
        wants = any(place == "path" for place, _ in known)
        if wants and step.id is None:
            self._add(step.line, f"`{step.operation}` has no `id`, must have one in `with`")
        if not wants and step.id is not None:
            self._add(step.line_of("id"), f"`{step.operation}` takes no `id`, must not have one")
        for name in step.query:
            if ("query", name) not in known:
                self._add(
                    step.line_of("query", name),
                    f"`{step.operation}` has no parameter `{name}` in its query",
                )
        if step.body is not None and operation.body_schema is None:
            self._add(step.line_of("body"), f"`{step.operation}` takes no body, must not have one")

    def _body(self, step: AskStep, operation: Documented) -> None:
        schema = operation.body_schema
        if schema is None:
            return
        moments = set(operation.moments)
        body = {
            name: _TIME if name in moments and _is_offset(value) else self._sample(value)
            for name, value in (step.body or {}).items()
        }
        if step.body is None and not operation.body_required:
            return
        if operation.control not in self._schemas:
            self._schemas[operation.control] = SchemaSet(dict(operation.document))
        validator = self._schemas[operation.control].compile_request(schema)
        for finding in findings(validator, body):
            # Each begins with the place it is about: `title` is …
            field = finding.split("`")[1].partition(".")[0] if "`" in finding else ""
            self._add(step.line_of("body", field), f"`{step.operation}`: {finding}")

    def _answer(self, step: AskStep, operation: Documented) -> None:
        schema = operation.data_schema
        for name, value in (step.data or {}).items():
            for place in _unknown(operation, schema, name, value):
                self._add(step.line_of("data", name), f"`data.{place}` is no field of the answer")
        for name, path in step.save.items():
            found: Schema | None = schema
            for part in path:
                found = None if found is None else _inner(operation, found, part)
            if found is None:
                self._add(
                    step.line_of(f"save.{name}"),
                    f"`{step.operation}` answers no `{'.'.join(path)}` in its `data`",
                )
            self._saved[name] = found or {}

    def _sample(self, value: Any) -> Any:
        if isinstance(value, Reference):
            return _example(self._saved.get(value.name, {}))
        if isinstance(value, Mapping):
            return {name: self._sample(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._sample(item) for item in value]
        return value

    def _add(self, line: int, sentence: str) -> None:
        self.mistakes.append(SeedMistake(self._file, line, sentence))


def _unknown(operation: Documented, schema: Schema, name: str, value: Any) -> Iterator[str]:
    inner = _inner(operation, schema, name)
    if inner is None:
        yield name
        return
    parts: list[tuple[str, Any]] = []
    if isinstance(value, Mapping):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = [(str(number), item) for number, item in enumerate(value)]
    for part, item in parts:
        for place in _unknown(operation, inner, part, item):
            yield f"{name}.{place}"


def _inner(operation: Documented, schema: Schema, name: str) -> Schema | None:
    """Return the schema of a part of what `schema` describes, None where there is no such part."""
    if schema.get("type") == "array":
        found: Schema = operation.resolve(schema["items"])
        return found if name.isdecimal() else None
    if schema.get("type", "object") != "object":
        return None
    fields = schema.get("properties")
    if fields is None:
        return {}
    return operation.resolve(fields[name]) if name in fields else None


def _example(schema: Schema) -> Any:
    """Return some value of a schema, where only its form matters."""
    if "enum" in schema:
        return schema["enum"][0]
    simple = {"integer": schema.get("minimum", 1), "number": 1, "boolean": True}
    forms = {"uuid": _UUID, "date-time": _TIME, "email": "host@pinecove.test"}
    kind = str(schema.get("type", "string"))
    return simple.get(kind, forms.get(str(schema.get("format")), _UUID))


def _is_offset(value: Any) -> bool:
    return isinstance(value, str) and parse_offset(value) is not None


def _shown_time(time: datetime) -> str:
    return f"`{time:%Y-%m-%dT%H:%M:%SZ}`"

"""Going through a scenario's steps, wherever they are asked: what is sent, kept and compared."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import orjson

from mock_server.http.views import date_time
from mock_server.playing.catalogue import Catalogue, Documented
from mock_server.scenarios.errors import ScenarioFailed
from mock_server.scenarios.shape import NOBODY, AskStep, ClockStep, Reference, Scenario, Step
from mock_server.seeds.times import parse_offset

_SHOWN = 120


class Question(NamedTuple):
    """Hold a request with everything in its place; `token` is None where nobody asks."""

    operation: Documented
    operation_id: str
    token: str | None
    id: str
    query: Mapping[str, str]
    body: bytes | None


class Said(NamedTuple):
    """Hold an answer: its status and its bytes."""

    status: int
    body: bytes


class Theatre(Protocol):
    """Be where a scenario is played: a world that is asked and whose clock is moved."""

    @property
    def now(self) -> datetime:
        """Return what the clock shows."""

    def token(self, persona: str) -> str | None:
        """Return a persona's access token, None where there is no such persona."""

    def ask(self, question: Question) -> Said:
        """Return the answer to a request."""

    def move(self, step: ClockStep) -> None:
        """Move the clock; raises ScenarioFailed where it would go back."""


@dataclass(frozen=True, slots=True)
class Played:
    """Hold a step that was played: the answer, None of a clock, and what is wrong with it."""

    step: Step
    now: datetime
    said: Said | None = None
    problems: tuple[str, ...] = ()


class Unanswerable(Exception):
    """Say why a step can't be asked."""


def play(scenario: Scenario, theatre: Theatre, catalogue: Catalogue) -> Iterator[Played]:
    """Yield each step as it was played, ending with the first that did not go as it says."""
    saved: dict[str, Any] = {}
    asked: set[str] = set()
    for step in scenario.steps:
        played = _played(step, theatre, catalogue, saved, asked)
        yield played
        if played.problems:
            return


def require_played(scenario: Scenario, played: Played) -> None:
    """Raise ScenarioFailed where a step did not go as it says."""
    if played.problems:
        name = played.step.operation if isinstance(played.step, AskStep) else "clock"
        raise ScenarioFailed(
            f"{scenario.file}:{played.step.line}: `{name}`: {'; '.join(played.problems)}"
        )


def _played(
    step: Step,
    theatre: Theatre,
    catalogue: Catalogue,
    saved: dict[str, Any],
    asked: set[str],
) -> Played:
    if isinstance(step, ClockStep):
        try:
            theatre.move(step)
        except ScenarioFailed as error:
            return Played(step, theatre.now, problems=(str(error),))
        return Played(step, theatre.now)
    now = theatre.now
    try:
        require_in_order(step, catalogue, asked)
        asked.add(step.operation)
        said = theatre.ask(question_of(step, theatre, catalogue, saved))
    except Unanswerable as error:
        return Played(step, now, problems=(str(error),))
    problems = [*_compared(step, said, catalogue, saved)]
    return Played(step, now, said, tuple(problems or _save(step, said, saved)))


def require_in_order(step: AskStep, catalogue: Catalogue, asked: Container[str]) -> None:
    """Refuse what would meet a fault of the scenario's own; raises Unanswerable."""
    operation = catalogue.find(step.operation)
    if "add_fault" in asked and operation is not None and not operation.control:
        raise Unanswerable(
            "it comes after `add_fault` and would meet the fault, must come before "
            "(faults are for who opens the world)"
        )


def question_of(
    step: AskStep, theatre: Theatre, catalogue: Catalogue, saved: Mapping[str, Any]
) -> Question:
    """Return what a step asks; raises Unanswerable."""
    operation = catalogue.find(step.operation)
    if operation is None:
        raise Unanswerable(catalogue.unknown(step.operation))
    body = None
    if step.body is not None:
        moments = set(operation.moments)
        body = {
            name: _moment(value, theatre.now) if name in moments else value
            for name, value in _filled_in(step.body, saved).items()
        }
    query = {name: _text(value) for name, value in _filled_in(step.query, saved).items()}
    return Question(
        operation,
        step.operation,
        None if operation.public else _token(step.caller, theatre, saved),
        "" if step.id is None else _text(_filled_in(step.id, saved)),
        query,
        None if body is None else orjson.dumps(body),
    )


def _token(caller: str | Reference, theatre: Theatre, saved: Mapping[str, Any]) -> str | None:
    if isinstance(caller, Reference):
        return _text(_filled_in(caller, saved))
    if caller == NOBODY:
        return None
    token = theatre.token(caller)
    if token is None:
        raise Unanswerable(f"no persona has the name `{caller}`")
    return token


def _filled_in(value: Any, saved: Mapping[str, Any]) -> Any:
    if isinstance(value, Reference):
        if value.name not in saved:
            raise Unanswerable(f"nothing is saved under the name `{value.name}`")
        return saved[value.name]
    if isinstance(value, Mapping):
        return {name: _filled_in(item, saved) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled_in(item, saved) for item in value]
    return value


def _moment(value: Any, now: datetime) -> Any:
    offset = parse_offset(value) if isinstance(value, str) else None
    return value if offset is None else date_time(now + offset)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _compared(
    step: AskStep, said: Said, catalogue: Catalogue, saved: Mapping[str, Any]
) -> Iterator[str]:
    operation = catalogue.find(step.operation)
    assert operation is not None, "what was asked is documented"
    try:
        envelope = orjson.loads(said.body)
    except orjson.JSONDecodeError:
        yield f"status is {said.status} and the answer is no JSON"
        return
    wanted = operation.success if step.status is None else step.status
    if said.status != wanted:
        told = envelope.get("error") if isinstance(envelope, dict) else None
        yield f"status is {said.status}, must be {wanted}{f': {told}' if told else ''}"
    elif step.error is not None and envelope.get("error") != step.error:
        yield f"`error` is {_shown(envelope.get('error'))}, must be {_shown(step.error)}"
    elif step.data is not None:
        yield from _differences("data", _filled_in(step.data, saved), envelope.get("data"))


def _differences(place: str, wanted: Any, found: Any) -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name, part in wanted.items():
            inner = f"{place}.{name}"
            if part is None:
                if name in found:
                    yield f"`{inner}` is {_shown(found[name])}, must be absent"
            elif name not in found:
                yield f"`{inner}` is absent, must be {_shown(part)}"
            else:
                yield from _differences(inner, part, found[name])
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, (part, item) in enumerate(zip(wanted, found, strict=True)):
            yield from _differences(f"{place}.{number}", part, item)
    elif not _same(wanted, found):
        yield f"`{place}` is {_shown(found)}, must be {_shown(wanted)}"


def _same(one: Any, other: Any) -> bool:
    # Python takes True for 1.
    return isinstance(one, bool) is isinstance(other, bool) and one == other


def _save(step: AskStep, said: Said, saved: dict[str, Any]) -> Iterator[str]:
    data = orjson.loads(said.body).get("data") if step.save else None
    for name, path in step.save.items():
        found = data
        for part in path:
            if isinstance(found, dict):
                found = found.get(part)
            elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
                found = found[int(part)]
            else:
                found = None
        if found is None:
            yield f"`data.{'.'.join(path)}` is absent, must be there to be saved as `{name}`"
        saved[name] = found


def _shown(value: Any) -> str:
    text = _text(value)
    return f"`{text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}`"

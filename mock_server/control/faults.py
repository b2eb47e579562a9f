"""Faults of a world: added, listed, removed. What they do is decided in `mock_server/injection`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from mock_server.domain.clock import read_time
from mock_server.domain.entities import World
from mock_server.domain.errors import Conflict, NotFound, Unprocessable
from mock_server.env import Call
from mock_server.http.views import View, date_time
from mock_server.injection.answers import BrokenExample
from mock_server.injection.decide import Count, Counts, is_over
from mock_server.injection.meet import RULES, read_counts, write_counts
from mock_server.injection.rules import Rule, read_rule
from mock_server.storage.protocol import Transaction

MOST = 100
_PREFIX = "fault-"
Document = Mapping[str, Any]


def list_faults(call: Call) -> View:
    """List the faults of the world in the order in which they are asked."""
    counts = read_counts(call.tx)
    return {"faults": [_view(call, each, counts) for each in _documents(_world(call.tx))]}


def add_fault(call: Call) -> View:
    """Let calls of the world fail from now on."""
    world = _world(call.tx)
    documents = _documents(world)
    document = _document(call, documents)
    _check(call, document)
    _keep(call.tx, world, [*documents, document])
    # What another fault of this id has counted before is not this one's.
    counts = {name: each for name, each in read_counts(call.tx).items() if name != document["id"]}
    write_counts(call.tx, counts, world)
    return _view(call, document, counts)


def remove_fault(call: Call) -> View:
    """Take a fault away and show it a last time."""
    world = _world(call.tx)
    documents = _documents(world)
    found = next((each for each in documents if each["id"] == call.id), None)
    if found is None:
        raise NotFound(
            f"`remove_fault`: the world has no fault with the id `{call.id}`, "
            "must be one that `list_faults` shows"
        )
    shown = _view(call, found, read_counts(call.tx))
    _keep(call.tx, world, [each for each in documents if each is not found])
    return shown


def clear_faults(call: Call) -> View:
    """Let the world work as it should again."""
    world = _world(call.tx)
    removed = len(_documents(world))
    _keep(call.tx, world, [])
    return {"removed": removed}


def list_contract_faults(_: Call) -> View:
    """List the deliberate mistakes a world can have, by name."""
    from mock_server.faults import FAULTS  # noqa: PLC0415 - only who asks for them pays for it

    return {
        "contract_faults": [
            {"name": fault.name, "family": fault.family, "breaks": fault.breaks}
            for fault in FAULTS
            if not fault.of_media
        ]
    }


def _world(tx: Transaction) -> World:
    world = tx.get(World, "world")
    assert world is not None, "the store has no world"
    return world


def _documents(world: World) -> list[Document]:
    found: list[Document] = world.faults.get(RULES, [])
    return found


def _keep(tx: Transaction, world: World, documents: list[Document]) -> None:
    tx.put(replace(world, faults={RULES: documents} if documents else {}))


def _document(call: Call, documents: list[Document]) -> Document:
    given = {name: value for name, value in call.body.items() if name != "for_seconds"}
    taken = {each["id"] for each in documents}
    if len(documents) >= MOST:
        raise Conflict(f"`add_fault`: the world has {MOST} faults, must have fewer before one more")
    if given.get("id") in taken:
        raise Conflict(
            f"`add_fault`: the world has a fault with the id `{given['id']}`, "
            "must be another id (or remove that one)"
        )
    until = _until(call)
    document = {"id": _next_id(taken), **given}
    return document if until is None else {**document, "until": date_time(until)}


def _next_id(taken: set[str]) -> str:
    return next(name for n in range(1, MOST + 2) if (name := f"{_PREFIX}{n}") not in taken)


def _until(call: Call) -> datetime | None:
    seconds, text = call.body.get("for_seconds"), call.body.get("until")
    if seconds is not None and text is not None:
        raise Unprocessable(
            "`add_fault`: `until` and `for_seconds` are both given, must be one of them"
        )
    if seconds is not None:
        return call.now + timedelta(seconds=seconds)
    if text is None:
        return None
    until = read_time("until", text)
    if until <= call.now:
        raise Unprocessable(
            f"`add_fault`: `until` is {date_time(until)}, must be later than the world's clock, "
            f"which shows {date_time(call.now)}"
        )
    return until


def _check(call: Call, document: Document) -> None:
    answers = call.env.common.answers
    try:
        rule = read_rule(document, answers.offers)
        _require_contract_fault(rule.effect.contract_fault, answers.document)
        if rule.effect.status is not None:
            for operation in rule.operations:
                answers.make(operation, rule.effect.status, call.now, example=rule.effect.example)
    except (Unprocessable, BrokenExample) as error:
        raise Unprocessable(f"`add_fault`: {error}") from None


def _require_contract_fault(name: str | None, contract: dict[str, Any]) -> None:
    if name is None:
        return
    from mock_server.faults import (  # noqa: PLC0415 - only who asks for them pays for it
        find_fault,
        nearest,
    )

    near = nearest(name)
    if name not in near:
        meant = f"did you mean `{near[0]}`?" if near else "must be one of `list_contract_faults`"
        raise Unprocessable(f"no deliberate mistake has the name `{name}`, {meant}")
    fault = find_fault(name)
    if fault.of_media:
        raise Unprocessable(
            f"`{name}` is of addresses of media, which a world's faults do not reach, must be "
            f"another mistake (or a mock of its own: `greenroom serve --fault {name}`)"
        )
    try:
        fault.enforced(contract)
    except (LookupError, TypeError, ValueError, AttributeError, StopIteration):
        raise Unprocessable(
            f"`{name}` edits a part of the contract that the one served here does not have, "
            "must be another mistake"
        ) from None


def _view(call: Call, document: Document, counts: Counts) -> View:
    count = counts.get(document["id"], Count())
    return {
        **document,
        "calls": count.calls,
        "applied": count.applied,
        "over": _is_over(call, document, count),
    }


def _is_over(call: Call, document: Document, count: Count) -> bool:
    try:
        rule: Rule = read_rule(document, call.env.common.answers.offers)
    except Unprocessable:
        # The contract of a later start has no room for it.
        return True
    return is_over(rule, count, call.now)

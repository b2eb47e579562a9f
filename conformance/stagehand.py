"""Sees to it that generated requests act on things of this run, and clears the stage."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from conformance import cleaning
from conformance.client import find_created, note, settle
from conformance.contract import Operation
from conformance.ledger import CREATES, NAMES, Entry
from conformance.reply import Reply
from conformance.responses import is_uuid
from conformance.scenes import scene_for
from conformance.world import World, unknown_id

Json = Any

# How many generated things of a kind stay for a sequence that may come back to them.
LASTING = 8
NAMED_BY = {
    "create_room": "room",
    "update_room": "room",
    "create_session": "session",
    "create_preset": "preset",
    "update_preset": "preset",
}


@dataclass(slots=True)
class Stagehand:
    """Puts things of this run where generated requests would touch things of others."""

    world: World
    fresh: int = 3
    scenes: dict[str, list[str]] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)
    intents: dict[str, Entry] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def before(self, case: Any) -> None:
        """Give a well-formed request ids of this run's own; write down what it may create."""
        operation = self.world.contract.operations.get(operation_id(case))
        if operation is None or self.world.api.gate.manners.read_only:
            return
        id_ = (case.path_parameters or {}).get("id")
        if is_uuid(id_) and not self._owns(str(id_)):
            id_ = case.path_parameters["id"] = self._own(operation)
        self._borrow(case)
        self._sign(case, operation)
        if operation.id in CREATES and case.method.upper() == operation.method:
            kind = CREATES[operation.id]
            name = case.body.get(NAMES.get(kind)) if isinstance(case.body, dict) else None
            self.intents[case.id] = self.world.api.ledger.intend(
                kind,
                "host",
                scope=self.world.api.scope,
                room=str(id_) if kind == "session" else None,
                name=name if isinstance(name, str) else None,
            )

    def after(self, case: Any, reply: Reply) -> None:
        """Write down what a generated request created or changed, and let older things go."""
        entry = self.intents.pop(case.id, None)
        if entry is not None:
            settle(self.world.api.ledger, entry, reply)
            if find_created(entry.kind, reply.json):
                self._let_go(entry.kind)
        operation = self.world.contract.operations.get(reply.request.operation or "")
        if operation is not None:
            note(self.world.api.ledger, operation, reply.request.url, reply.status)

    def _let_go(self, kind: str) -> None:
        """Remove what was generated a while ago, so that little is there at any time."""
        taken = {id_ for ids in self.scenes.values() for id_ in ids}
        mine = [
            entry
            for entry in self.world.api.ledger.of(self.world.api.scope)
            if entry.kind == kind and entry.id and entry.id not in taken
        ]
        if kind in ("room", "session", "preset") and len(mine) > LASTING:
            quiet = replace(self.world.api, watchers=[])
            cleaning.clean(quiet, self.world.who, mine[LASTING:])

    def _owns(self, id_: str) -> bool:
        """Tell whether a thing may be changed: made here, and not kept for other rules."""
        mine = self.world.api.ledger.of(self.world.api.scope)
        return any(entry.id and entry.id.lower() == id_.lower() for entry in mine)

    def _own(self, operation: Any) -> str:
        """Return something the operation may act on: new at first, then one of those again.

        Readings share what they look at.
        """
        reads = operation.method == "GET"
        with self.lock:
            turn = self.turns[operation.id] = self.turns.get(operation.id, -1) + 1
            key = f"{operation.path.split('/')[1]} to read" if reads else operation.id
            made = self.scenes.setdefault(key, [])
        if len(made) < (1 if reads else self.fresh):
            made.append(scene_for(self.world, operation).id)
            return made[-1]
        return made[turn % len(made)] if turn % 5 else unknown_id()

    def _borrow(self, case: Any) -> None:
        body = case.body
        if isinstance(body, dict) and is_uuid(body.get("preset_id")):
            body["preset_id"] = self.world.stage().preset
        if isinstance(body, dict) and is_uuid(body.get("session_id")):
            body["session_id"] = self.world.stage().session

    def _sign(self, case: Any, operation: Operation) -> None:
        """Let a name that is well-formed begin with the run id, by which a sweep knows it."""
        kind = NAMED_BY.get(operation.id)
        given = case.body.get(NAMES[kind]) if kind and isinstance(case.body, dict) else None
        if kind is None or not isinstance(given, str):
            return
        named = NAMES[kind]
        schema = self.world.contract.properties(operation.body)[named]
        least, most = schema.get("minLength", 0), schema.get("maxLength", 255)
        if least <= len(given) <= most:
            case.body[named] = f"{self.world.run_id} {given}"[:most]


def operation_id(case: Any) -> str:
    definition: Mapping[str, Json] = case.operation.definition.raw
    return str(definition.get("operationId", case.operation.label))

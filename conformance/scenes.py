"""Where an operation can be tried: something it may act on, in a state that lets it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from conformance.contract import Operation, bundled
from conformance.errors import UNCHANGED
from conformance.identities import Identity
from conformance.reply import Reply
from conformance.world import World, found, needed

Json = Any

VOLATILE = ("viewer_count", "max_viewers")


@dataclass(frozen=True, slots=True)
class Scene:
    """What an operation with an id may act on."""

    id: str
    reads: tuple[tuple[str, str], ...]

    def look(self, world: World) -> list[Json]:
        """Read everything the operation could have changed, without what time changes."""
        replies = (needed(self._read(world, *read)) for read in self.reads)
        return [steady(found(reply, "data")) for reply in replies]

    @staticmethod
    def _read(world: World, operation: str, id_: str) -> Reply:
        by = None if world.contract.operations[operation].public else world.host
        return world.api.send(operation, id_, by=by)


def scene_for(world: World, operation: Operation, *, by: Identity | None = None) -> Scene:
    """Make a room, preset or session the operation is allowed on."""
    if operation.path.startswith("/presets"):
        preset = world.new_preset(by=by)["id"]
        return Scene(preset, (("get_preset", preset),))
    if operation.path.startswith("/rooms"):
        room = world.new_room(by=by)["id"]
        return Scene(room, (("get_room", room), ("list_room_sessions", room)))
    state = allowed_state(world, operation)
    made = world.new_session(state, by=by, mode="webcam")
    return Scene(made.id, (("get_session", made.id), ("get_room", made.room_id)))


def allowed_state(world: World, operation: Operation) -> str:
    """Return a state in which a session allows the operation to any caller."""
    lifecycle = world.contract.session
    for state in ("scheduled", "live", "ended"):
        if not lifecycle.governs(operation.id) or lifecycle.allows(operation.id, state):
            return state
    return lifecycle.initial


def steady(node: Json) -> Json:
    """Return what the contract knows of a value, without counts that move while a session is live.

    Resources are open: what else a server says of them may change at any time.
    """
    if isinstance(node, dict):
        names = _known_names()
        return {name: steady(value) for name, value in node.items() if name in names}
    if isinstance(node, list):
        return [steady(part) for part in node]
    return node


@cache
def _known_names() -> frozenset[str]:
    """Return the name of every field in any schema of the contract that stays by itself."""

    def names(node: Json) -> set[str]:
        if isinstance(node, list):
            return set().union(*map(names, node))
        if not isinstance(node, dict):
            return set()
        own = node.get("properties")
        return set(own if isinstance(own, dict) else ()).union(*map(names, node.values()))

    return frozenset(names(bundled().document["components"]["schemas"]) - set(VOLATILE))


def must_be_unchanged(reply: Reply, before: Json, after: Json) -> None:
    """Raise Mismatch with the reply when a refused request changed something."""
    if before != after:
        reply.check(False, UNCHANGED, difference(before, after))


def difference(before: Json, after: Json, path: str = "") -> str:
    """Return the first difference between two values, in words."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            if before.get(name) != after.get(name):
                return difference(before.get(name), after.get(name), f"{path}.{name}")
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            if old != new:
                return difference(old, new, f"{path}[{index}]")
    return f"`{path.lstrip('.')}` changed from `{before}` to `{after}`"

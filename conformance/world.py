"""What a rule works with: the client, the callers, and quick ways to set a scene."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import pytest

from conformance.client import Client
from conformance.contract import Contract
from conformance.errors import Blocked
from conformance.identities import ENVIRONMENT, Identities, Identity
from conformance.reply import Reply
from conformance.rule import Level

Json = Any

START_OPERATION = {"live": "start_session", "broadcasting": "go_live"}
COLOR = "#1f6feb"
# Seconds after which a clock of whole seconds shows another.
A_CLOCKS_STEP = 1.05
# What a name begins with that this suite gave: a run's id, and the process's where there are many.
RUN = re.compile(r"(gr-[0-9a-f]{8})(-w\d+)? ")


@dataclass(frozen=True, slots=True)
class Made:
    """A session made for a rule, with what only its creation tells."""

    id: str
    room_id: str
    stream_key: str
    rtmp_url: str


@dataclass(frozen=True, slots=True)
class Stage:
    """Ids of a room, a scheduled session in it, and a preset, all of the host."""

    room: str
    session: str
    preset: str

    def id_for(self, path: str) -> str | None:
        """Return the id a path template asks for, None when it asks for none."""
        owners = {"/rooms/{id}": self.room, "/sessions/{id}": self.session}
        owners["/presets/{id}"] = self.preset
        return next((id_ for start, id_ in owners.items() if path.startswith(start)), None)


@dataclass(slots=True)
class Scenery:
    """What all rules of a run share, made when the first of them asks for it."""

    preset: str | None = None
    stage: Stage | None = None
    viewer: Identity | None = None
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)


@dataclass(slots=True)
class World:
    """One rule's view of the target. Rules get it as the fixture `world`."""

    api: Client
    contract: Contract
    who: Identities
    level: Level
    run_id: str
    thorough: bool = True
    scenery: Scenery = field(default_factory=Scenery, repr=False)

    @property
    def strict(self) -> bool:
        """Tell whether refusals must have the decided status, not just any 4xx."""
        return self.level == "decided"

    @property
    def host(self) -> Identity:
        """Return the host whose rooms the rules make."""
        return self._need("host")

    @property
    def other_host(self) -> Identity:
        """Return a host of another organisation."""
        return self._need("other_host")

    @property
    def viewer(self) -> Identity:
        """Return somebody who is no host; where none was given, somebody newly registered."""
        if self.who.viewer is None and self.strict:
            with self.scenery.lock:
                if self.scenery.viewer is None:
                    token = self.new_viewer()["access_token"]
                    self.scenery.viewer = Identity("viewer", token)
                return self.scenery.viewer
        return self._need("viewer")

    def _need(self, name: str) -> Identity:
        found = self.who.named(name)
        if found is None:
            unsupported(f"needs the token of `{name}` (`{ENVIRONMENT[name]}`)")
        return found

    def title(self, what: str = "a room") -> str:
        """Return a title that shows which run made the thing that bears it."""
        return f"{self.run_id} {what}"

    def preset_id(self) -> str:
        """Return a preset of the host that rules may use but never change."""
        with self.scenery.lock:
            if self.scenery.preset is None:
                self.scenery.preset = (
                    self.who.preset_id or self._listed_preset() or self._kept_preset()
                )
            return self.scenery.preset

    def _kept_preset(self) -> str:
        made = str(self.new_preset()["id"])
        self.api.ledger.keep(made)
        return made

    def stage(self) -> Stage:
        """Return things of the host for requests that must be refused; nothing changes them."""
        with self.scenery.lock:
            if self.scenery.stage is None:
                session = self.new_session()
                preset = self.new_preset()["id"]
                for kept in (session.room_id, session.id, preset):
                    self.api.ledger.keep(kept)
                self.scenery.stage = Stage(session.room_id, session.id, preset)
            return self.scenery.stage

    def _listed_preset(self) -> str | None:
        """Return the oldest preset that no run made, for one that a run made goes when its rule
        ends; not all that a run makes can bear its name.
        """
        reply = self.api.send("list_presets", by=self.host, query={"limit": 100})
        if reply.status == 404 or reply.status == 405:  # noqa: PLR1714, PLR2004
            unsupported("needs a `preset_id` (`GREENROOM_PRESET_ID`): the target has no presets")
        rows = (reply.json or {}).get("data", {}).get("presets") if reply.json else None
        theirs = [row for row in rows or () if not of_a_run(row.get("name"), self.run_id)]
        theirs.sort(key=lambda row: str(row.get("created_at", "")))
        return next((str(row["id"]) for row in theirs), None)

    def new_preset(self, *, by: Identity | None = None, **fields: Json) -> Json:
        """Create a preset and return it."""
        body = {"name": self.title("a preset"), "type": "rtmp", "primary_color": COLOR, **fields}
        reply = needed(self.api.send("create_preset", by=by or self.host, body=body))
        return found(reply, "data")

    def new_room(self, *, by: Identity | None = None, **fields: Json) -> Json:
        """Create a room and return it."""
        body = {"title": self.title(), **fields}
        reply = needed(self.api.send("create_room", by=by or self.host, body=body))
        return inner(reply, "room")

    def new_session(
        self,
        state: str = "scheduled",
        *,
        room_id: str | None = None,
        by: Identity | None = None,
        **fields: Json,
    ) -> Made:
        """Create a session, bring it into a state and return it.

        `broadcasting` is live with the broadcast begun by go_live.
        """
        owner = by or self.host
        room = room_id or self.new_room(by=owner)["id"]
        body = {"title": self.title("a session"), **fields}
        if "preset_id" not in body:
            body["preset_id"] = (
                self.preset_id() if owner is self.host else self.new_preset(by=owner)["id"]
            )
        reply = needed(self.api.send("create_session", room, by=owner, body=body))
        made = Made(
            id=inner(reply, "session")["id"],
            room_id=room,
            stream_key=found(reply, "data", "stream_key"),
            rtmp_url=found(reply, "data", "rtmp_url"),
        )
        self.bring(made.id, state, by=owner)
        return made

    def bring(self, session: str, state: str, *, by: Identity | None = None) -> None:
        """Bring a scheduled session into a state."""
        owner = by or self.host
        if state in START_OPERATION:
            needed(self.api.send(START_OPERATION[state], session, by=owner))
        elif state == "ended":
            self.bring(session, "live", by=owner)
            needed(self.api.send("end_session", session, by=owner))
        elif state == "expired":
            unsupported("needs a clock: a session expires 24 hours after its scheduled start")

    def session(self, id: str) -> Json:  # noqa: A002 - the resource's field
        """Read a session."""
        return found(needed(self.api.send("get_session", id)), "data")

    def room(self, id: str) -> Json:  # noqa: A002 - the resource's field
        """Read a room."""
        return found(needed(self.api.send("get_room", id)), "data")

    def new_viewer(self, name: str = "a viewer") -> Json:
        """Register a viewer and return the whole of `data`: user and tokens."""
        body = {"display_name": self.title(name)[:50]}
        return found(needed(self.api.send("register_viewer", body=body)), "data")

    def all_at_once(self, calls: Iterable[tuple[str, str | None, Json]]) -> list[Reply]:
        """Send requests (operation, id, further arguments) in parallel, all at one moment."""
        listed = list(calls)
        api, together = self.api.within(), threading.Barrier(len(listed))

        def send(name: str, id_: str | None, more: Json) -> Reply:
            together.wait()
            return api.send(name, id_, **more)

        with self.api.gate.passing(len(listed)), ThreadPoolExecutor(len(listed)) as pool:
            futures = [pool.submit(send, *call) for call in listed]
            return [future.result() for future in futures]


def of_a_run(name: object, run_id: str) -> bool:
    """Tell whether a name was given by this suite, in this run or in any."""
    return isinstance(name, str) and bool(RUN.match(name) or name.startswith(f"{run_id} "))


def identity(name: str, token: str) -> Identity:
    """Return a caller that signs in with a token obtained during the run."""
    return Identity(name, token)


def unsupported(reason: str) -> NoReturn:
    """End a rule without a verdict: the target or the run lacks what it needs."""
    pytest.skip(reason)


def needed(reply: Reply) -> Reply:
    """Return the reply of a step that sets the scene when it is any success, or raise Blocked.

    Which success it must be is the subject of other rules.
    """
    if not 200 <= reply.status < 300:  # noqa: PLR2004 - the successes of HTTP
        raise Blocked(reply.request.operation or reply.request.url, reply.summary())
    return reply


def inner(reply: Reply, name: str) -> Json:
    """Return what was created, whether the answer nests it under its name or not."""
    data = found(reply, "data")
    made = data[name] if isinstance(data, dict) and name in data else data
    if not isinstance(made, dict) or "id" not in made:
        raise Blocked(reply.request.operation or "", f"no {name} with an `id` in the answer")
    return made


def found(reply: Reply, *keys: str) -> Json:
    """Return a value a scene needs, or raise Blocked when the answer lacks it."""
    node = reply.json
    for key in keys:
        if not isinstance(node, dict) or key not in node:
            raise Blocked(reply.request.operation or "", f"no `{'.'.join(keys)}` in the answer")
        node = node[key]
    return node


def unknown_id() -> str:
    """Return a uuid that no server has given out."""
    return str(uuid.uuid4())


def later(**ahead: float) -> str:
    """Return a moment in the future as the contract writes moments."""
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat(timespec="seconds")

"""What a run has created on the target, written down before it is asked for."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from conformance.errors import Blocked

Json = Any
Kind = Literal["room", "session", "preset", "viewer"]

CREATES: dict[str, Kind] = {
    "create_room": "room",
    "create_session": "session",
    "create_preset": "preset",
    "register_viewer": "viewer",
}
DELETES: dict[str, Kind] = {
    "delete_room": "room",
    "delete_session": "session",
    "delete_preset": "preset",
}
STARTS = ("start_session", "go_live")
NAMES: dict[str, str] = {"room": "title", "session": "title", "preset": "name"}
# How many of a kind may be there at once; viewers, whom nobody can delete, in the whole run.
MOST: dict[str, int] = {"room": 60, "session": 120, "preset": 40, "viewer": 100}
WAIT_FOR_ROOM = 30.0
Record = Callable[[dict[str, Json]], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """Something asked of the target: `id` is None until the target has named it.

    `scope` is the rule that asked for it. What is kept outlives that rule and goes at the end of
    the run. `room` is a session's; `name` is what it was to be called.
    """

    number: int
    kind: Kind
    owner: str
    id: str | None = None
    kept: bool = False
    scope: int = 0
    room: str | None = None
    name: str | None = None
    live: bool = False


def _same(one: str | None, other: str) -> bool:
    return one is not None and one.lower() == other.lower()


def forgotten(_: dict[str, Json]) -> None:
    """Record nothing, where a ledger needs no file."""


@dataclass(slots=True)
class Ledger:
    """The list of everything a run may have left on the target, oldest first.

    `record` is given every line before the ledger believes it, so that a file knows no less.
    """

    run_id: str
    record: Record = forgotten
    most: Mapping[str, int] = field(default_factory=lambda: MOST)
    wait: float = WAIT_FOR_ROOM
    _entries: dict[int, Entry] = field(default_factory=dict)
    _there: Counter[str] = field(default_factory=Counter)
    _last: int = 0
    # Kinds of which nothing has gone since somebody waited for it in vain: nobody else does.
    _stuck: set[str] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def intend(
        self,
        kind: Kind,
        owner: str,
        *,
        scope: int = 0,
        room: str | None = None,
        name: str | None = None,
        patient: bool = True,
    ) -> Entry:
        """Write down that something is about to be created.

        Waits, if patient, while as many of its kind are there as may be; raises Blocked when none
        goes.
        """
        with self._changed:
            wait = self.wait if patient and kind not in self._stuck else 0
            free = self._changed.wait_for(lambda: self._there[kind] < self.most[kind], wait)
            if not free:
                if wait:
                    self._stuck.add(kind)
                most = f"{self.most[kind]} of a run are there, as many as may be"
                raise Blocked(f"removal of a {kind}", most)
            self._last += 1
            entry = Entry(self._last, kind, owner, scope=scope, room=room, name=name)
            line = {"asked": entry.number, "kind": kind, "owner": owner, "name": name, "room": room}
            self.record(line)
            self._entries[entry.number] = entry
            self._there[kind] += 1
        return entry

    def confirm(self, entry: Entry, id: str) -> None:  # noqa: A002 - the resource's field
        """Write down the id the target gave to what was intended."""
        with self._changed:
            self.record({"made": entry.number, "id": id})
            self._entries[entry.number] = replace(entry, id=id)

    def keep(self, id: str) -> None:  # noqa: A002 - the resource's field
        """Let whatever bears that id stay until the end of the run."""
        self._change(id, lambda entry: replace(entry, kept=True))

    def lives(self, id: str, live: bool) -> None:  # noqa: A002 - the resource's field
        """Note that a session is live, or no longer, for it must end before it can go."""
        self._change(id, lambda entry: replace(entry, live=live))

    def _change(self, id_: str, change: Callable[[Entry], Entry]) -> None:
        with self._changed:
            for entry in self._bearing(id_):
                self._entries[entry.number] = change(entry)

    def _bearing(self, id_: str) -> list[Entry]:
        return [entry for entry in self._entries.values() if _same(entry.id, id_)]

    def strike(self, entry: Entry) -> None:
        """Take an entry out: it was refused, or it is gone."""
        with self._changed:
            if self._entries.pop(entry.number, None) is not None:
                self._there[entry.kind] -= 1
                self._stuck.discard(entry.kind)
                self.record({"gone": entry.number})
                self._changed.notify_all()

    def gone(self, id: str) -> None:  # noqa: A002 - the resource's field
        """Take out whatever bears that id, and the sessions of the room that does."""
        with self._changed:
            inside = [entry for entry in self._entries.values() if _same(entry.room, id)]
            out = [*self._bearing(id), *inside]
        for entry in out:
            self.strike(entry)

    def entries(self) -> list[Entry]:
        """Return everything that may be there, newest first."""
        with self._changed:
            return list(reversed(self._entries.values()))

    def of(self, scope: int) -> list[Entry]:
        """Return what one rule created and did not keep, newest first."""
        return [entry for entry in self.entries() if entry.scope == scope and not entry.kept]

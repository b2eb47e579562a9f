"""What a run has created on the target, and how it goes away again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

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


@dataclass(frozen=True, slots=True)
class Entry:
    """Something asked of the target: `id` is None until the target has named it.

    What is kept outlives the rule that created it and goes at the end of the run.
    """

    number: int
    kind: Kind
    owner: str
    id: str | None = None
    kept: bool = False


@dataclass(slots=True)
class Ledger:
    """The list of everything a run may have left on the target, oldest first."""

    run_id: str
    _entries: dict[int, Entry] = field(default_factory=dict)
    _last: int = 1
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def intend(self, kind: Kind, owner: str) -> Entry:
        """Write down that something is about to be created."""
        with self._lock:
            self._last += 1
            entry = Entry(self._last, kind, owner)
            self._entries[entry.number] = entry
        return entry

    def confirm(self, entry: Entry, id: str) -> None:  # noqa: A002 - the resource's field
        """Write down the id the target gave to what was intended."""
        with self._lock:
            self._entries[entry.number] = replace(entry, id=id)

    def keep(self, id: str) -> None:  # noqa: A002 - the resource's field
        """Let whatever bears that id stay until the end of the run."""
        with self._lock:
            for number, entry in self._entries.items():
                if entry.id == id:
                    self._entries[number] = replace(entry, kept=True)

    def strike(self, entry: Entry) -> None:
        """Take an entry out: it was refused, or it is gone."""
        with self._lock:
            self._entries.pop(entry.number, None)

    def gone(self, id: str) -> None:  # noqa: A002 - the resource's field
        """Take out whatever bears that id."""
        with self._lock:
            for number in [n for n, entry in self._entries.items() if entry.id == id]:
                del self._entries[number]

    def mark(self) -> int:
        """Return a mark; `since` it lists only what is written down later."""
        return self._last

    def since(self, mark: int = 0) -> list[Entry]:
        """Return the entries after a mark, newest first; after none, the kept ones too."""
        with self._lock:
            return [
                entry
                for entry in reversed(self._entries.values())
                if entry.number > mark and not (mark and entry.kept)
            ]


def clean(ledger: Ledger, remove: Callable[[Entry], bool], *, mark: int = 0) -> Iterator[Entry]:
    """Remove what was created after a mark, newest first, and yield what would not go.

    Viewers stay: the contract has no operation that removes one.
    """
    for entry in ledger.since(mark):
        if entry.kind == "viewer":
            continue
        if remove(entry):
            ledger.strike(entry)
        else:
            yield entry

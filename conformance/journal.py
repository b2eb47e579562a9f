"""The ledger's file: what a run asked for stays known when the run is killed."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from conformance.errors import NotTestable
from conformance.ledger import Entry

Json = Any


FOLDERS = {"STATE": ".local/state", "CACHE": ".cache"}


def beneath(environment: Mapping[str, str], kind: str) -> Path:
    """Return greenroom's own folder for a user's `STATE` or `CACHE` (XDG base directories)."""
    given = environment.get(f"XDG_{kind}_HOME") or ""
    above = Path(given) if Path(given).is_absolute() else Path.home() / FOLDERS[kind]
    return above / "greenroom"


def folder(environment: Mapping[str, str]) -> Path:
    """Return where ledgers are kept."""
    return beneath(environment, "STATE") / "ledger"


def file_for(place: Path, run_id: str) -> Path:
    """Return the file of this process's part of a run."""
    return place / f"{run_id}-{os.getpid()}.jsonl"


class Journal:
    """One run's file of JSON lines: its target, then what was asked, made and gone.

    Raises NotTestable when the file cannot be made: without it nothing may be created.
    """

    def __init__(self, path: Path, run_id: str, target: str) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[str] = path.open("w", encoding="utf-8")
        except OSError as error:
            raise NotTestable(
                f"the ledger `{path}` cannot be written: {error.strerror}; "
                "`XDG_STATE_HOME` must name a folder that can be"
            ) from error
        self({"run": run_id, "target": target, "pid": os.getpid()})

    def __call__(self, line: dict[str, Json]) -> None:
        """Write a line and hand it to the system, which keeps it when this process is killed."""
        with self._lock:
            if not self._file.closed:
                self._file.write(json.dumps({**line, "at": round(time.time(), 3)}) + "\n")
                self._file.flush()

    def close(self, *, clean: bool) -> None:
        """Close the file; remove it when nothing was left behind."""
        with self._lock:
            self._file.close()
            if clean:
                self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Past:
    """What a run wrote down: who it was, where, when, and what it did not see go."""

    path: Path
    run_id: str
    target: str
    pid: int
    begun: float
    left: tuple[Entry, ...]
    asked_at: Mapping[int, float]

    @property
    def runs(self) -> bool:
        """Tell whether the process that wrote it is still there, as far as the system says."""
        if os.name == "nt":
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except OSError:
            return True
        return True


def past(place: Path) -> Iterator[Past]:
    """Yield the ledgers in a folder; a line that was cut short is left out."""
    for path in sorted(place.glob("*.jsonl")):
        lines = list(_lines(path))
        if lines and isinstance(lines[0].get("run"), str):
            yield _read(path, lines)


def _lines(path: Path) -> Iterator[dict[str, Json]]:
    for line in path.read_text("utf-8", errors="replace").splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found


def _read(path: Path, lines: list[dict[str, Json]]) -> Past:
    first, left, times = lines[0], dict[int, Entry](), dict[int, float]()
    for line in lines[1:]:
        if "asked" in line:
            number = int(line["asked"])
            times[number] = float(line["at"])
            left[number] = Entry(
                number, line["kind"], line["owner"], room=line["room"], name=line["name"]
            )
        elif "made" in line and line["made"] in left:
            left[line["made"]] = replace(left[line["made"]], id=line["id"])
        elif "gone" in line:
            left.pop(line["gone"], None)
    there = tuple(entry for entry in reversed(left.values()) if entry.kind != "viewer")
    return Past(
        path=path,
        run_id=first["run"],
        target=str(first.get("target", "")),
        pid=int(first.get("pid", 0)),
        begun=float(first.get("at", 0)),
        left=there,
        asked_at=times,
    )

"""A connection to a SQLite file as one world uses it, and what the file has told of that world."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from mock_server.storage.known import Known
from mock_server.storage.protocol import DEFAULT_WORLD
from mock_server.storage.turn import Turn

# Between the name of a kind or an index and that of a world; and what comes after it in order.
MARK, AFTER_MARK = "/", "0"


@dataclass(slots=True)
class File:
    """Hold the one connection that the transactions of a store use in turn, and what it told."""

    path: Path
    patience: float
    connection: sqlite3.Connection
    turn: Turn = field(default_factory=Turn)
    known: Known = field(default_factory=Known)
    number: int | None = None
    last_event: int | None = None
    data_version: int = 0
    world: str = DEFAULT_WORLD

    def of(self, name: str) -> str:
        """Return what a kind or an index is called in the tables: every world has its own."""
        return name if self.world == DEFAULT_WORLD else f"{name}{MARK}{self.world}"

    def forget(self) -> None:
        """Know nothing any more."""
        self.known.clear()
        self.number = self.last_event = None

"""Whose turn it is among the processes of one run: together, or one of them alone."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

fcntl: Any = None
# Without file locks rules wait for a still moment instead.
with suppress(ImportError):
    fcntl = import_module("fcntl")


class Turns:
    """Locks on two files that all processes of a run open: a door, and the room behind it.

    Who wants to be alone closes the door and waits until the room is empty, so that others
    cannot keep coming in ahead of it.
    """

    def __init__(self, run: str) -> None:
        place = Path(tempfile.gettempdir())
        self._door = _opened(place / f"greenroom-{run}.door")
        self._room = _opened(place / f"greenroom-{run}.room")

    @contextmanager
    def taken(self, *, alone: bool) -> Iterator[None]:
        """Hold the room for a block, alone or together with others."""
        if fcntl is None:
            yield
            return
        fcntl.flock(self._door, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        finally:
            fcntl.flock(self._door, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(self._room, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the files and remove them."""
        for file in (self._door, self._room):
            file.close()
            Path(file.name).unlink(missing_ok=True)


def _opened(path: Path) -> IO[bytes]:
    return path.open("ab")

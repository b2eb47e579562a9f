"""How far a run is, for somebody who watches: one line that changes, or one now and then."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TextIO

ON_TTY, ELSEWHERE = 0.2, 10.0  # seconds between two lines


class Progress:
    """Tells in a thread of its own how much is done, so that a slow rule is no silence."""

    def __init__(self, err: TextIO, every: float | None = None) -> None:
        self.err = err
        self.live = err.isatty()
        self.every = every or (ON_TTY if self.live else ELSEWHERE)
        self.done = 0
        self.failed = 0
        self.total = 0
        self._begun = time.monotonic()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, total: int) -> None:
        """Begin to tell of that many tests."""
        self.total = total
        self._begun = time.monotonic()
        if total and self._thread is None:
            self._thread = threading.Thread(target=self._tell, name="progress", daemon=True)
            self._thread.start()

    def line(self) -> str:
        """Return how far the run is."""
        seconds = time.monotonic() - self._begun
        noun = "fails" if self.failed == 1 else "fail"
        failing = f" · {self.failed} {noun}" if self.failed else ""
        return f"{self.done} of {self.total} tests{failing} · {seconds:.0f} s"

    def end(self) -> None:
        """Stop telling, and leave nothing on a line that changes."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            self._write("\r\x1b[K" if self.live else "")

    def _tell(self) -> None:
        while not self._over.wait(self.every):
            self._write(f"\r\x1b[K{self.line()}" if self.live else f"{self.line()}\n")

    def _write(self, text: str) -> None:
        # Whoever read it may be gone: no reason to end a run.
        with suppress(OSError, ValueError):
            self.err.write(text)
            self.err.flush()

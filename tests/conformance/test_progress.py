from __future__ import annotations

import io
import threading

from conformance.progress import Progress


class Watched(io.StringIO):
    """A place to write to that says when something was written."""

    def __init__(self, tty: bool) -> None:
        super().__init__()
        self.tty = tty
        self.told = threading.Event()

    def isatty(self) -> bool:
        return self.tty

    def write(self, text: str) -> int:
        written = super().write(text)
        if text:
            self.told.set()
        return written


def telling(tty: bool) -> str:
    err = Watched(tty)
    progress = Progress(err, every=0.001)
    progress.begin(40)
    progress.done, progress.failed = 3, 1
    err.told.wait(20)
    err.told.clear()
    err.told.wait(20)
    progress.end()
    return err.getvalue()


def test_a_terminal_has_one_line_that_changes_and_is_wiped() -> None:
    told = telling(tty=True)
    assert "\r\x1b[K3 of 40 tests · 1 fails · 0 s" in told
    assert "\n" not in told
    assert told.endswith("\r\x1b[K")


def test_elsewhere_there_is_a_plain_line_now_and_then() -> None:
    told = telling(tty=False)
    assert "3 of 40 tests · 1 fails · 0 s\n" in told
    assert "\x1b" not in told
    assert "\r" not in told


def test_a_run_that_is_short_or_has_nothing_to_do_says_nothing() -> None:
    err = Watched(tty=False)
    for total in (0, 40):
        progress = Progress(err)
        progress.begin(total)
        progress.end()
    assert err.getvalue() == ""


def test_whoever_watched_may_go() -> None:
    err = Watched(tty=True)
    progress = Progress(err, every=0.001)
    progress.begin(4)
    err.close()
    progress.end()
    assert progress.line().startswith("0 of 4 tests")

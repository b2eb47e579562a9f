"""Starts the mock server as a subprocess when no other target is named."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, Queue
from typing import IO

from conformance.errors import NotTestable

COMMAND = (sys.executable, "-m", "mock_server", "serve", "--port", "0", "--quiet")
START_WITHIN = 60.0
STOP_WITHIN = 5.0


@contextmanager
def running(command: tuple[str, ...] = COMMAND) -> Iterator[str]:
    """Run the mock and yield the URL of its API.

    Raises NotTestable when it does not say `Ready` within a minute.
    """
    process = subprocess.Popen(  # noqa: S603 - our own module, no shell
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if process.stdout is None:
        raise AssertionError("the stream is a pipe")
    lines: Queue[str | None] = Queue()
    reader = threading.Thread(target=_read, args=(process.stdout, lines.put), daemon=True)
    reader.start()
    try:
        yield _ready(lines, command)
    finally:
        _stop(process)
        reader.join(STOP_WITHIN)


def _read(stream: IO[str], put: Callable[[str | None], None]) -> None:
    with stream:
        for line in stream:
            put(line)
    put(None)


def _ready(lines: Queue[str | None], command: tuple[str, ...]) -> str:
    until, said = time.monotonic() + START_WITHIN, "nothing"
    with suppress(Empty):
        while line := lines.get(timeout=max(until - time.monotonic(), 0)):
            word, _, url = line.strip().partition(" ")
            if word == "Ready":
                return url.strip()
            said = line.strip() or said
    shown = " ".join(("python", *command[1:]))
    raise NotTestable(f"the mock did not start, it said: {said}; try it with `{shown}`")


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

"""One line a request on stderr: method, path, status, and the reason of a refusal in words."""

from __future__ import annotations

import re
import traceback
from contextlib import suppress
from typing import TextIO

from starlette.types import Scope

from mock_server.http.answer import Answer
from mock_server.journal import Told

_KEY = re.compile(r"/whip/[^/]+")
_RESET = "\x1b[0m"
_COLOURS = {2: "\x1b[32m", 4: "\x1b[33m", 5: "\x1b[31m"}


class RequestLog:
    """Write the log; `stream` None keeps quiet about requests but not about bugs."""

    def __init__(self, stream: TextIO | None, *, errors: TextIO, colour: bool = False) -> None:
        self._stream = stream
        self._errors = errors
        self._colour = colour

    def request(self, scope: Scope, answer: Told) -> None:
        """Write the line of an answered request."""
        if self._stream is None:
            return
        status = str(answer.status)
        if self._colour:
            status = f"{_COLOURS.get(answer.status // 100, '')}{status}{_RESET}"
        said = answer.reason or answer.operation or ""
        _write(self._stream, f"{scope['method']} {_printable(scope)}  {status}  {said}\n")

    def refusal(self, method: str, path: str, answer: Answer) -> None:
        """Write the line of what was refused before it was a request."""
        self.request({"method": method, "path": path}, answer)

    def bug(self, scope: Scope, error: Exception) -> str:
        """Write what went wrong inside the mock and return a sentence for the client."""
        told = "".join(traceback.format_exception(error))
        _write(
            self._errors,
            f"bug in the mock at {scope['method']} {_printable(scope)}: {error}\n{told}",
        )
        return "the mock has a bug here, its log says more, please report it"


def _write(stream: TextIO, text: str) -> None:
    # A log whose disk is full or whose reader has left is no reason to fail a request.
    with suppress(OSError):
        stream.write(text)


def _printable(scope: Scope) -> str:
    path: str = scope["path"]
    if "/whip/" in path:
        # The key that lets an encoder in is part of its address.
        path = _KEY.sub("/whip/…", path)
    return path if path.isprintable() else repr(path)[1:-1]

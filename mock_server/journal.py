"""The journal: the last exchanges of each world, as this process answered them.

An exchange is written down as one run of bytes, in one log for all worlds that begins anew at its
start when it is full. So what journals take is known, and nothing of a request lives on: objects
that stay behind, a few a request, cost every later one more than writing them down does. What an
exchange says is worked out when somebody asks (`control.journal`). A journal is this process's own:
with replicas or workers each has its own.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from marshal import dumps, loads
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
from time import time
from typing import Any, NamedTuple, Protocol

# Where the scope of a request holds the world it is for, and its body once that was read.
WORLD = "greenroom.world"
BODY = "greenroom.body"
# So much of a body is kept, in bytes.
CUT = 4096
# What the journals of all worlds may hold, in bytes: some three thousand answers of full size.
MOST_BYTES = 12 * 1024 * 1024
# The last format of `marshal` without references, which cost more than they save here.
_FORMAT = 2
_SECOND = 1.0
_CONTROL = "/_mock/"
_JOURNAL = "/_mock/exchanges"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_Headers = Sequence[tuple[bytes, bytes]]


class Exchange(NamedTuple):
    """Hold a request and its answer: bodies cut, sizes as they were, all credentials still there.

    `at` is in Unix seconds by the clock of the machine, `seconds` is what the answer took.
    """

    id: int
    at: float
    seconds: float
    method: str
    path: bytes
    query: bytes
    headers: _Headers
    body: bytes
    body_size: int
    status: int
    operation: str | None
    reason: str | None
    answer_headers: _Headers
    answer: bytes
    answer_size: int


class Told(Protocol):
    """What is noted of an answer."""

    @property
    def status(self) -> int:
        """Return the status."""

    @property
    def body(self) -> bytes:
        """Return the body."""

    @property
    def headers(self) -> _Headers:
        """Return the headers that only this answer has."""

    @property
    def operation(self) -> str | None:
        """Return the operation, None where there is none."""

    @property
    def reason(self) -> str | None:
        """Return why it is a refusal, None where it is none."""


class Log:
    """Keep the newest of what is written, so many bytes of it; places are never given again."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._room = size
        self._written = 0
        # The system gives a page of it when that is first written to.
        self._bytes = mmap(-1, size, flags=MAP_PRIVATE | MAP_ANONYMOUS)
        self._write = self._bytes.write

    def append(self, written: bytes) -> int:
        """Write at the end and return the place, 1 or more; 0 for what is longer than all of it."""
        length = len(written)
        if length > self._room:
            if length > self._size:
                return 0
            self._bytes.seek(0)
            self._written += self._room
            self._room = self._size
        self._room -= length
        place = self._written + 1
        self._written += length
        self._write(written)
        return place

    def read(self, place: int) -> Any:
        """Return what was written at a place, None where something newer has taken its room."""
        if not self._holds(place):
            return None
        try:
            found = loads(memoryview(self._bytes)[(place - 1) % self._size :])  # noqa: S302 - our own bytes
        except (EOFError, ValueError, TypeError):
            # Another thread has written there just now.
            return None
        return found if self._holds(place) else None

    def _holds(self, place: int) -> bool:
        return place > 0 and self._written - (place - 1) <= self._size


class Journal:
    """Keep the last exchanges of one world; ids are 1, 2, 3, … and never come again.

    Where all it keeps is younger than a second, readings that were answered are `left_out` for
    the next: nobody could look at them, and whoever sends so many wants them fast.
    """

    def __init__(self, most: int, log: Log) -> None:
        self.last = 0
        self.left_out = 0
        # In Unix seconds.
        self.rushed_until = 0.0
        self._turned = 0.0
        self._cleared = 0
        self._most = most
        self._log = log
        # The place of each in the log, by its id.
        self._places = array("Q", bytes(8 * most))

    def add(self, written: bytes, at: float) -> None:
        """Keep an exchange of a time, in the place of the oldest."""
        self.last = number = self.last + 1
        place = number % self._most
        self._places[place] = self._log.append(written)
        if place == 0:
            self.rushed_until = at + _SECOND if at - self._turned < _SECOND else 0.0
            self._turned = at

    def exchanges(self) -> list[Exchange]:
        """Return what is kept, newest first."""
        oldest = max(self._cleared, self.last - self._most)
        found = (self.find(number) for number in range(self.last, oldest, -1))
        return [each for each in found if each is not None]

    def find(self, number: int) -> Exchange | None:
        """Return the exchange of an id, None where it is not kept."""
        if not max(self._cleared, self.last - self._most) < number <= self.last:
            return None
        written = self._log.read(self._places[number % self._most])
        return None if written is None else Exchange(number, *written)

    def clear(self) -> int:
        """Forget all; returns how many there were."""
        gone = len(self.exchanges())
        self._cleared = self.last
        return gone


class Journals:
    """Begin a journal for each world; all of them share one log.

    `most` is how many exchanges a world keeps, 0 for none at all; `size` is the log's in bytes.
    """

    def __init__(self, most: int, size: int = MOST_BYTES) -> None:
        self.most = most
        self._log = Log(size)

    def begin(self) -> Journal:
        """Return a new, empty journal."""
        return Journal(self.most, self._log)

    def note(
        self, journal: Journal, scope: Mapping[str, Any], path: str, answer: Told, began: float
    ) -> None:
        """Note an exchange down that began at a time in Unix seconds.

        `path` is the one without a world's prefix. Looking at the control plane leaves no trace,
        nor does clearing the journal.
        """
        method = scope["method"]
        if not self.most or (path.startswith(_CONTROL) and _is_quiet(path, method)):
            return
        if began < journal.rushed_until and method in _READING and _is_plain(answer):
            journal.left_out += 1
            return
        body, answered = scope.get(BODY, b""), answer.body
        exchange: Any = (
            began,
            time() - began,
            method,
            scope.get("raw_path") or scope["path"].encode(),
            scope["query_string"],
            scope["headers"],
            body[:CUT],
            len(body),
            answer.status,
            answer.operation,
            answer.reason,
            answer.headers,
            answered[:CUT],
            len(answered),
        )
        journal.add(dumps(exchange, _FORMAT), began)


def _is_quiet(path: str, method: str) -> bool:
    return method in _READING or path == _JOURNAL


def _is_plain(answer: Told) -> bool:
    return answer.reason is None and not answer.headers

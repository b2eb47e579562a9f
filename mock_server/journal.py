"""The journal: the last exchanges of each world, as this process answered them.

An exchange is kept as one run of bytes: hundreds of small objects that live for a while would cost
every request more than writing them down does, and what a journal takes is known exactly. What an
exchange says is worked out when somebody asks (`control.journal`). A journal is this process's own:
with replicas or workers each has its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from marshal import dumps, loads
from time import time
from typing import Any, NamedTuple, Protocol
from weakref import WeakSet

# Where the scope of a request holds the world it is for, and its body once that was read.
WORLD = "greenroom.world"
BODY = "greenroom.body"
# So much of a body is kept, in bytes.
CUT = 4096
# What the journals of all worlds may hold, in bytes.
MOST_BYTES = 32 * 1024 * 1024
# What an exchange takes beside its bytes.
_BESIDE = 150
# The last format without references, which cost more than they save here.
_FORMAT = 2
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
    scheme: str
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


class Journal:
    """Keep the last exchanges of one world; ids are 1, 2, 3, … and never come again."""

    def __init__(self, most: int) -> None:
        self.last = 0
        self.weight = 0
        self._most = most
        self._kept: dict[int, bytes] = {}

    def add(self, written: bytes) -> int:
        """Keep an exchange, in the place of the oldest; returns by how many bytes more it holds."""
        self.last += 1
        self._kept[self.last] = written
        gone = self._kept.pop(self.last - self._most, None)
        more = len(written) + _BESIDE if gone is None else len(written) - len(gone)
        self.weight += more
        return more

    def exchanges(self) -> list[Exchange]:
        """Return what is kept, newest first."""
        # A copy first: a handler in a thread must not see it change.
        return [_read(number, written) for number, written in reversed(list(self._kept.items()))]

    def find(self, number: int) -> Exchange | None:
        """Return the exchange of an id, None where it is not kept."""
        written = self._kept.get(number)
        return None if written is None else _read(number, written)

    def clear(self) -> int:
        """Forget all; returns how many there were."""
        gone = len(self._kept)
        self._kept, self.weight = {}, 0
        return gone

    def forget_older_half(self) -> None:
        """Keep the newer half, but at least one."""
        self._kept = dict(list(self._kept.items())[len(self._kept) // 2 :])
        self.weight = sum(len(written) + _BESIDE for written in self._kept.values())


class Journals:
    """Begin a journal for each world, and keep all of them together within `MOST_BYTES`.

    `most` is how many exchanges a world keeps, 0 for none at all.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._weight = 0
        # A journal ends with the surroundings of its world (`env.Env`).
        self._journals: WeakSet[Journal] = WeakSet()

    def begin(self) -> Journal:
        """Return a new, empty journal."""
        journal = Journal(self.most)
        self._journals.add(journal)
        return journal

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
        body, answered = scope.get(BODY, b""), answer.body
        exchange: Any = (
            began,
            time() - began,
            scope["scheme"],
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
        self._weight += journal.add(dumps(exchange, _FORMAT))
        if self._weight > MOST_BYTES:
            self._make_room()

    def _make_room(self) -> None:
        journals = list(self._journals)
        max(journals, key=lambda each: each.weight).forget_older_half()
        # Summed anew: journals that ended are not in it any more.
        self._weight = sum(each.weight for each in journals)


def _read(number: int, written: bytes) -> Exchange:
    return Exchange(number, *loads(written))  # noqa: S302 - written by this very process


def _is_quiet(path: str, method: str) -> bool:
    return method in _READING or path == _JOURNAL

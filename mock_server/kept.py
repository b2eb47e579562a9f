"""What is worked out once and given again for as long as it can't have become another."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sized
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from mock_server.storage.protocol import Store

V = TypeVar("V")
During = tuple[datetime, datetime]
_MOST_BYTES = 8 * 1024 * 1024
MOST_UNTIL = 1024 * 1024


@dataclass(slots=True)
class Remembered:
    """Keep what was worked out from frozen values, for as long as the same values come.

    A pure cache: forgetting any of it changes no answer. Bounded in the number of ids.
    """

    most: int = 10_000
    _known: dict[str, tuple[tuple[Any, ...], Any]] = field(default_factory=dict)

    def once(self, key: str, work: Callable[..., V], *values: Any) -> V:
        """Return `work(*values)`, remembered under a key while the values stay equal."""
        known = self._known.get(key)
        # Python looks whether two values are one object before it compares them.
        if known is not None and known[0] == values:
            result: V = known[1]
            return result
        if len(self._known) >= self.most:
            self._known.clear()
        result = work(*values)
        self._known[key] = (values, result)
        return result


class KeptAnswers(Generic[V]):
    """Keep answers of reading operations, all of one state of a store and one second.

    The same question at the same second of an unchanged store has the same answer, byte for byte:
    what time does happens on whole seconds (`domain.lifecycle`, `media.audience`). Any change of
    the store, and every tick, forgets them all. Bounded in bytes.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._version: int | None = None
        self._second: datetime | None = None
        self._answers: dict[Hashable, V] = {}
        self._room = _MOST_BYTES

    def find(self, question: Hashable, second: datetime) -> V | None:
        """Return the answer to a question of this second, None where it has to be worked out."""
        version = self._store.version
        if version is None:
            return None
        if version != self._version or second != self._second:
            self._version, self._second = version, second
            self._answers.clear()
            self._room = _MOST_BYTES
            return None
        return self._answers.get(question)

    def keep(self, question: Hashable, answer: V, body: Sized) -> None:
        """Keep an answer that was worked out since `find` looked for it, while there is room."""
        self._room -= len(body)
        if self._room >= 0 and self._version is not None and self._version == self._store.version:
            self._answers[question] = answer


class _Entry(NamedTuple):
    version: int
    since: datetime
    until: datetime
    size: int
    answer: Any


class KeptUntil(Generic[V]):
    """Keep what follows from one state of a store until a time that is known beforehand.

    For what changes on no whole second: `KeptAnswers` keeps the rest. Bounded in bytes.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[Hashable, _Entry] = {}
        self._room = MOST_UNTIL

    def find(self, question: Hashable, now: datetime) -> V | None:
        """Return the answer to a question at a time, None where it has to be worked out."""
        known = self._known.get(question)
        if (
            known is None
            or known.version != self._store.version
            or not known.since <= now < known.until
        ):
            return None
        answer: V = known.answer
        return answer

    def keep(
        self, question: Hashable, answer: V, size: int, version: int | None, during: During
    ) -> None:
        """Keep an answer of so many bytes, worked out from what the store held at a version.

        It holds from the first time up to, not at, the second.
        """
        if version is None or size > MOST_UNTIL:
            return
        before = self._known.get(question)
        self._room += (0 if before is None else before.size) - size
        if self._room < 0:
            self._known.clear()
            self._room = MOST_UNTIL - size
        self._known[question] = _Entry(version, *during, size, answer)

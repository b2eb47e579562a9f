"""Answers that are given again for as long as nothing they depend on can have changed."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime

from mock_server.http.answer import Answer
from mock_server.storage.protocol import Store

_MOST_BYTES = 8 * 1024 * 1024


class KeptAnswers:
    """Keep answers of reading operations, all of one state of the store and one second.

    The same question at the same second of an unchanged store has the same answer, byte for byte:
    what time does happens on whole seconds (`domain.lifecycle`, `media.audience`). Any change of
    the store, and every tick, forgets them all.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._version: int | None = None
        self._second: datetime | None = None
        self._answers: dict[Hashable, Answer] = {}
        self._room = _MOST_BYTES

    def find(self, question: Hashable, second: datetime) -> Answer | None:
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

    def keep(self, question: Hashable, answer: Answer) -> None:
        """Keep an answer that was worked out since `find` looked for it, while there is room."""
        self._room -= len(answer.body)
        if self._room >= 0 and self._version is not None and self._version == self._store.version:
            self._answers[question] = answer

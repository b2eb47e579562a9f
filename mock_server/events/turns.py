"""What time does to encoders: their turns, found in order without looking at those that have none.

An encoder's `next` says which of its turns has not been told yet; who tells one writes the next one
in the same transaction, so nobody tells it twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from heapq import heappop, heappush
from typing import NamedTuple

from mock_server.domain.encoder import (
    Span,
    Stretch,
    Turn,
    connections_of,
    expect,
    stretches,
    turns_after,
)
from mock_server.domain.entities import Encoder, Session
from mock_server.domain.events import Event
from mock_server.events.notices import Source, notices_of_turn
from mock_server.media.ingress import Addresses
from mock_server.storage.indexes import ENCODERS_BY_TURN, EVERYTHING
from mock_server.storage.protocol import Transaction

_A_SECOND = timedelta(seconds=1)
_PAGE = 100


@dataclass(frozen=True)
class Course:
    """Hold a session and its encoder, and what follows from them once somebody asks."""

    session: Session
    encoder: Encoder

    @cached_property
    def _found(self) -> Sequence[Stretch]:
        return stretches(self.session, self.encoder)

    def untold(self, since: datetime | None = None) -> Iterator[Turn]:
        """Yield the turns that nobody has been told of, also those that are still to come; with
        `since` only those after it.
        """
        if self.encoder.next is not None:
            begin = self.encoder.next - _A_SECOND
            yield from turns_after(self._found, begin if since is None else max(begin, since))

    @cached_property
    def connections(self) -> Sequence[Span]:
        """Return when anything is connected to the ingress."""
        return connections_of(self._found)


class Taken(NamedTuple):
    """Hold a turn and whose it is."""

    turn: Turn
    course: Course


def due_by(tx: Transaction, time: datetime) -> int:
    """Count the encoders with a turn that happened up to a time and has not been told."""
    return tx.count(ENCODERS_BY_TURN, EVERYTHING, until=time)


def courses_due(tx: Transaction, until: datetime) -> Iterator[Course]:
    """Yield the encoders with such a turn, those whose turn comes first first."""
    due = due_by(tx, until)
    whole = tx.count(ENCODERS_BY_TURN, EVERYTHING) if due else 0
    for begin in range(0, due, _PAGE):
        limit = min(_PAGE, due - begin)
        # Pages are newest first: what comes first is at their end.
        page = tx.page(ENCODERS_BY_TURN, EVERYTHING, offset=whole - begin - limit, limit=limit)
        for encoder in reversed(page):
            session = tx.get(Session, encoder.id)
            assert session is not None, "an encoder goes with its session"
            yield Course(session, encoder)


def take(tx: Transaction, until: datetime, most: int) -> tuple[list[Taken], list[Encoder]]:
    """Return the first turns up to a time that nobody has been told of, in order, and the encoders
    as they are once these have been told.
    """
    line, taken = _Line(courses_due(tx, until)), list[Taken]()
    while len(taken) < most and (first := line.first()) is not None and first.turn.at <= until:
        taken.append(line.pop())
    return taken, line.after()


class _Line:
    """Give the turns of several courses one after the other. A course is only looked at when its
    first turn is the next one, so that what is not told now costs nothing.
    """

    def __init__(self, courses: Iterator[Course]) -> None:
        self._waiting = courses
        self._next = next(courses, None)
        self._courses: list[tuple[Course, Iterator[Turn]]] = []
        # When, the number of the course, and the turn.
        self._coming: list[tuple[datetime, int, Turn]] = []

    def first(self) -> Taken | None:
        while (course := self._next) is not None:
            assert course.encoder.next is not None, "it was found by it"
            if self._coming and self._coming[0][0] <= course.encoder.next:
                break
            self._courses.append((course, course.untold()))
            self._push(len(self._courses) - 1)
            self._next = next(self._waiting, None)
        if not self._coming:
            return None
        _, number, turn = self._coming[0]
        return Taken(turn, self._courses[number][0])

    def pop(self) -> Taken:
        _, number, turn = heappop(self._coming)
        self._push(number)
        return Taken(turn, self._courses[number][0])

    def after(self) -> list[Encoder]:
        coming = {number: turn for _, number, turn in self._coming}
        return [
            expect(course.encoder, coming.get(number))
            for number, (course, _) in enumerate(self._courses)
        ]

    def _push(self, number: int) -> None:
        turn = next(self._courses[number][1], None)
        if turn is not None:
            heappush(self._coming, (turn.at, number, turn))


def turn_event(tx: Transaction, taken: Taken, seed: int, addresses: Addresses | None) -> Event:
    """Return the event of a turn; `addresses` are those its webhooks tell, None where there are
    none.
    """
    turn, course = taken
    session = course.session
    notices: tuple[str, ...] = ()
    if addresses is not None:
        source = Source(tx, seed, addresses)
        notices = notices_of_turn(source, session, turn, course.connections)
    return Event(
        operation="encoder_changed",
        at=turn.at,
        room_id=session.room_id,
        session_id=session.id,
        preset_id=session.preset_id,
        was="live",
        status="live",
        encoder=turn.doing,
        notices=notices,
    )

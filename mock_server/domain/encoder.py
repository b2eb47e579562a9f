"""What a session's virtual encoder does: what the playlist, the health and the webhooks follow.

Nothing runs for it. What was said of it is a list of changes, each so many seconds after the
broadcast's beginning; what it does at any moment is arithmetic on that list. A change holds from
its moment on until its own time is over or the next one begins.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from mock_server.domain.entities import Encoder, Session
from mock_server.domain.errors import Conflict, Unprocessable

Doing = Literal[
    "publishing", "buffering", "dropped", "wrong_key", "bitrate_collapse", "silent_audio"
]
# One change as it is kept: `action`, `after`, and what was said of `seconds`, `every`, `times`.
Change = Mapping[str, Any]

# How long an encoder that connects sends before anything of it is broadcast.
BUFFERS = timedelta(seconds=2)
# So many changes are kept of a session's encoder, however long it lasts; a flap is so many as its
# `times`.
MOST_CHANGES = 1_000
_ZERO = timedelta()
_ARRIVING: frozenset[Doing] = frozenset({"publishing", "bitrate_collapse", "silent_audio"})
_CONNECTED: frozenset[Doing] = _ARRIVING | {"buffering"}
# Which actions have which options besides `after`.
_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "connect": (),
    "drop": ("seconds",),
    "flap": ("every", "times"),
    "wrong_key": ("seconds",),
    "bitrate_collapse": ("seconds",),
    "silent_audio": ("seconds",),
}
ACTIONS = tuple(_OPTIONS)
_FLAP = {"every": 20, "times": 3}
_DOING: Mapping[str, Doing] = {
    "connect": "publishing",
    "drop": "dropped",
    "wrong_key": "wrong_key",
    "bitrate_collapse": "bitrate_collapse",
    "silent_audio": "silent_audio",
}


class Span(NamedTuple):
    """Hold a time in which media reached the broadcast; `end` is None while it goes on."""

    start: datetime
    end: datetime | None


class Stretch(NamedTuple):
    """Hold a time in which an encoder does one thing; `end` is None where it has none."""

    start: datetime
    end: datetime | None
    doing: Doing


class Turn(NamedTuple):
    """Hold what an encoder does from a whole second on, by time alone, and what it did before."""

    at: datetime
    was: Doing
    doing: Doing


class _Point(NamedTuple):
    # From so long after the broadcast's beginning the encoder does this.
    after: timedelta
    doing: Doing


def publishing(session: Session, encoder: Encoder | None) -> tuple[Span, ...]:
    """Return the spans in which media reached a session's broadcast, in order, none touching
    another, all within the broadcast; empty where there is none.

    What is planned is among them: a span may begin, or end, in the future.
    """
    return tuple(spans_of(stretches(session, encoder)))


def spans_of(found: Sequence[Stretch]) -> list[Span]:
    """Return the spans in which media reached the broadcast in these stretches."""
    return _spans(found, _ARRIVING)


def connections_of(found: Sequence[Stretch]) -> list[Span]:
    """Return the spans in which something was connected to the ingress, buffering included."""
    return _spans(found, _CONNECTED)


def _spans(found: Sequence[Stretch], wanted: frozenset[Doing]) -> list[Span]:
    spans: list[Span] = []
    for start, end, doing in found:
        if doing not in wanted:
            continue
        if spans and spans[-1].end == start:
            spans[-1] = Span(spans[-1].start, end)
        else:
            spans.append(Span(start, end))
    return spans


def stretches(session: Session, encoder: Encoder | None) -> tuple[Stretch, ...]:
    """Return what the encoder does over the whole of a session's broadcast, planned things too;
    empty where there is no broadcast.
    """
    begin, over = session.broadcast_at, session.ended_at
    if begin is None:
        return ()
    points: list[_Point] = []
    for turn in _buffered([_Point(_ZERO, "publishing"), *_turns(changes_of(encoder))]):
        if over is not None and begin + turn.after >= over:
            break
        if points and points[-1].after == turn.after:
            points.pop()
        if not points or points[-1].doing != turn.doing:
            points.append(turn)
    ends = [*(begin + point.after for point in points[1:]), over]
    return tuple(
        Stretch(begin + after, end, doing)
        for (after, doing), end in zip(points, ends, strict=False)
    )


def stretch_at(found: Sequence[Stretch], now: datetime) -> Stretch | None:
    """Return what the encoder does in the second of `now`, None before it does anything.

    What happens within a second is seen in all of it, for readings have whole seconds.
    """
    number = bisect_right(found, _end_of_second(now), key=lambda each: each.start)
    return found[number - 1] if number else None


def _end_of_second(now: datetime) -> datetime:
    return now.replace(microsecond=999_999)


def is_connected(stretch: Stretch | Turn | None) -> bool:
    """Tell whether anything is connected to the ingress in a stretch, or from a turn on."""
    return stretch is not None and stretch.doing in _CONNECTED


def was_connected(turn: Turn) -> bool:
    """Tell whether anything was connected to the ingress before a turn."""
    return turn.was in _CONNECTED


def turns_after(found: Sequence[Stretch], now: datetime) -> Iterator[Turn]:
    """Yield what time alone changes after the second of `now`, as readings see it: what comes to
    nothing within a second is none.
    """
    number = bisect_right(found, _end_of_second(now), key=lambda each: each.start)
    if not number:
        return
    doing = found[number - 1].doing
    for here in range(number, len(found)):
        at = found[here].start.replace(microsecond=0)
        if here + 1 < len(found) and found[here + 1].start.replace(microsecond=0) == at:
            continue
        if found[here].doing != doing:
            yield Turn(at, doing, found[here].doing)
        doing = found[here].doing


def plan(session: Session, encoder: Encoder, now: datetime) -> Encoder:
    """Return an encoder that is going to tell what time changes after the second of `now`."""
    found = () if session.state == "ended" else stretches(session, encoder)
    turn = next(turns_after(found, now), None)
    return expect(encoder, turn)


def expect(encoder: Encoder, turn: Turn | None) -> Encoder:
    """Return an encoder of which a turn is told next, the same one where it is so already."""
    at = None if turn is None else turn.at
    return encoder if encoder.next == at else replace(encoder, next=at)


def changes_of(encoder: Encoder | None) -> Sequence[Change]:
    """Return the changes that are kept of an encoder, those that happen first first."""
    if encoder is None:
        return ()
    changes: Sequence[Change] = encoder.history.get("changes", ())
    return changes


def number_of(changes: Sequence[Change]) -> int:
    """Count how many of `MOST_CHANGES` changes are."""
    return sum(each.get("times", 1) for each in changes)


def change_encoder(
    session: Session, encoder: Encoder | None, now: datetime, said: Mapping[str, Any]
) -> Encoder | None:
    """Return the encoder with one more change, the same one where it changes nothing.

    Said before the broadcast, it counts from the broadcast's beginning. Raises Conflict.
    """
    begin = session.broadcast_at
    passed = _ZERO if begin is None else max(_ZERO, now - begin)
    after = (passed + timedelta(seconds=said.get("after", 0))).total_seconds()
    at_once = said["action"] == "connect" and not said.get("after")
    kept = [
        each
        for each in changes_of(encoder)
        # What is replaced at its very moment never happens, nor what is planned when all is well.
        if each["after"] != after and not (at_once and each["after"] > after)
    ]
    if not (at_once and _is_well(kept, after)):
        change = {**said, "after": after}
        kept.insert(bisect_right(kept, after, key=lambda each: each["after"]), change)
    if kept == list(changes_of(encoder)):
        return encoder
    # Connecting is never refused: there is one at most between two of the others.
    if not at_once and (total := number_of(kept)) > MOST_CHANGES:
        raise Conflict(
            f"`set_encoder`: {total:,} changes of this session's encoder would be kept, "
            f"must be {MOST_CHANGES:,} at most (each time of a flap is one; "
            "`connect` takes back what is planned)"
        )
    made = encoder or Encoder(id=session.id, created_at=now)
    return plan(session, replace(made, history={**made.history, "changes": kept}), now)


def read_change(said: Mapping[str, Any]) -> Change:
    """Return a change with what was left out filled in: `every` (seconds) and `times` of a flap.

    Raises Unprocessable for an option that its action does not have.
    """
    action = said["action"]
    allowed = _OPTIONS[action]
    for name in ("seconds", "every", "times"):
        if name in said and name not in allowed:
            others = " or ".join(f"`{each}`" for each, has in _OPTIONS.items() if name in has)
            raise Unprocessable(
                f"`{name}` is not for `{action}`, must be left out (it is for {others})"
            )
    return {**_FLAP, **said} if action == "flap" else dict(said)


def _is_well(changes: Sequence[Change], after: float) -> bool:
    """Tell whether the encoder publishes from a moment on, with nothing to come."""
    turns = list(_turns(changes))
    if not turns:
        return True
    return turns[-1].doing == "publishing" and turns[-1].after.total_seconds() <= after


def _turns(changes: Sequence[Change]) -> Iterator[_Point]:
    """Yield what happens, in order: of each change as much as comes before the next one."""
    for number, change in enumerate(changes):
        following = changes[number + 1]["after"] if number + 1 < len(changes) else None
        until = None if following is None else timedelta(seconds=following)
        for turn in _turns_of(change):
            if until is not None and turn.after >= until:
                break
            yield turn


def _turns_of(change: Change) -> Iterator[_Point]:
    after = timedelta(seconds=change["after"])
    if change["action"] == "flap":
        every = timedelta(seconds=change["every"])
        for number in range(change["times"]):
            yield _Point(after + number * every, "dropped")
            yield _Point(after + number * every + every / 2, "publishing")
        return
    yield _Point(after, _DOING[change["action"]])
    if "seconds" in change:
        yield _Point(after + timedelta(seconds=change["seconds"]), "publishing")


def _buffered(turns: Sequence[_Point]) -> Iterator[_Point]:
    """Yield the same with the time that an encoder buffers whenever it has been away."""
    away, ready = False, _ZERO
    for number, (after, doing) in enumerate(turns):
        following = turns[number + 1].after if number + 1 < len(turns) else None
        if doing not in _CONNECTED:
            away = True
            yield _Point(after, doing)
            continue
        if away:
            ready = after + BUFFERS
        away = False
        if after < ready:
            yield _Point(after, "buffering")
        if following is None or following > max(after, ready):
            yield _Point(max(after, ready), doing)

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.encoder import (
    BUFFERS,
    MOST_CHANGES,
    Span,
    change_encoder,
    changes_of,
    is_connected,
    number_of,
    publishing,
    read_change,
    stretch_at,
    stretches,
)
from mock_server.domain.entities import Encoder, Session
from mock_server.domain.errors import Conflict, Unprocessable

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Story = list[tuple[float, dict[str, Any]]]
TIMED = ("drop", "wrong_key", "bitrate_collapse", "silent_audio")


def session(**changes: Any) -> Session:
    given: dict[str, Any] = {
        "id": "5b2f",
        "room_id": "r",
        "preset_id": "p",
        "title": "Tessera",
        "mode": "rtmp",
        "state": "live",
        "started_at": NOW,
        "broadcast_at": NOW,
        "stream_key": "k",
        "ingress_id": "IN_k",
        "created_at": NOW - timedelta(days=1),
        "updated_at": NOW,
    }
    return Session(**(given | changes))


LIVE = session()
BEFORE = session(state="scheduled", started_at=None, broadcast_at=None)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def told(*said: tuple[float, dict[str, Any]], of: Session = LIVE) -> Encoder | None:
    encoder = None
    for seconds, change in said:
        encoder = change_encoder(of, encoder, at(seconds), read_change(change))
    return encoder


def doing(encoder: Encoder | None, seconds: float) -> str:
    found = stretch_at(stretches(LIVE, encoder), at(seconds))
    assert found is not None
    return found.doing


def spans(encoder: Encoder | None, of: Session = LIVE) -> list[tuple[float, float | None]]:
    """The spans in seconds since the beginning."""
    return [
        (
            (span.start - NOW).total_seconds(),
            None if span.end is None else (span.end - NOW).total_seconds(),
        )
        for span in publishing(of, encoder)
    ]


OPTIONS = {"after": st.integers(0, 200)}
TIMED_CHANGES = st.fixed_dictionaries(
    {"action": st.sampled_from(TIMED)},
    optional={**OPTIONS, "seconds": st.integers(1, 100)},
)
FLAPS = st.fixed_dictionaries(
    {"action": st.just("flap")},
    optional={**OPTIONS, "every": st.integers(8, 60), "times": st.integers(1, 20)},
)
CONNECTS = st.fixed_dictionaries({"action": st.just("connect")}, optional=OPTIONS)
CHANGES = st.one_of(TIMED_CHANGES, FLAPS, CONNECTS)
# When each is said: seconds since the last one.
STORIES = st.lists(
    st.tuples(st.one_of(st.just(0.0), st.floats(0, 90).map(lambda x: round(x, 6))), CHANGES),
    max_size=12,
)


def played(story: Story) -> tuple[Encoder | None, datetime]:
    """What became of the encoder, and when the last word was said."""
    encoder, now = None, NOW
    for pause, change in story:
        now += timedelta(seconds=pause)
        encoder = change_encoder(LIVE, encoder, now, read_change(change))
    return encoder, now


def clipped(found: tuple[Span, ...], now: datetime) -> list[Span]:
    """What a viewer knows of the spans at a moment."""
    return [
        Span(span.start, None if span.end is None or span.end >= now else span.end)
        for span in found
        if span.start < now
    ]


@given(STORIES, st.one_of(st.none(), st.floats(0.001, 600)))
def test_spans_are_ordered_apart_and_within_the_broadcast(
    story: Story, lasted: float | None
) -> None:
    encoder, _ = played(story)
    over = None if lasted is None else at(lasted)
    ended = session(state="live" if over is None else "ended", ended_at=over)
    found = publishing(ended, encoder)

    for span in found:
        assert span.start >= NOW
        assert span.end is None or span.start < span.end
        assert over is None or (span.end is not None and span.end <= over)
    for first, second in pairwise(found):
        assert first.end is not None
        assert first.end < second.start
    assert all(span.end is not None for span in found[:-1])


@given(STORIES, st.one_of(st.none(), st.floats(0.001, 600)))
def test_stretches_cover_the_broadcast_without_a_hole(story: Story, lasted: float | None) -> None:
    encoder, _ = played(story)
    over = None if lasted is None else at(lasted)
    found = stretches(session(ended_at=over), encoder)

    assert found[0].start == NOW
    assert found[-1].end == over
    for first, second in pairwise(found):
        assert first.start < second.start == first.end
        assert first.doing != second.doing


@given(STORIES)
def test_whatever_is_said_the_past_stays_what_it_was(story: Story) -> None:
    encoder, now = None, NOW
    for pause, change in story:
        now += timedelta(seconds=pause)
        before = clipped(publishing(LIVE, encoder), now)
        encoder = change_encoder(LIVE, encoder, now, read_change(change))
        assert clipped(publishing(LIVE, encoder), now) == before


@given(STORIES, st.floats(0, 1_000), st.floats(0, 1_000))
def test_later_looks_only_append_and_extend(story: Story, first: float, later: float) -> None:
    encoder = None
    for pause, change in story:
        encoder = change_encoder(LIVE, encoder, at(pause), read_change(change))
    found = publishing(LIVE, encoder)
    then, now = (clipped(found, at(seconds)) for seconds in sorted((first, later)))

    assert len(then) <= len(now)
    assert then[:-1] == now[: max(0, len(then) - 1)]
    if then:
        assert then[-1].start == now[len(then) - 1].start


@given(STORIES)
def test_an_encoder_that_comes_back_buffers_before_anything_is_broadcast(story: Story) -> None:
    encoder, _ = played(story)

    for first, second in pairwise(stretches(LIVE, encoder)):
        if not is_connected(first) and is_connected(second):
            assert second.doing == "buffering"
            assert second.end is None or second.end - second.start <= BUFFERS


@given(STORIES)
def test_connect_ends_all_trouble_and_takes_back_what_is_planned(story: Story) -> None:
    encoder, now = played(story)
    encoder = change_encoder(LIVE, encoder, now, {"action": "connect"})

    assert publishing(LIVE, encoder)[-1].end is None
    assert publishing(LIVE, encoder)[-1].start <= now + BUFFERS
    assert change_encoder(LIVE, encoder, now, {"action": "connect"}) is encoder


def test_without_a_word_the_encoder_publishes_from_beginning_to_end() -> None:
    assert publishing(LIVE, None) == (Span(NOW, None),)
    assert publishing(session(ended_at=at(90)), None) == (Span(NOW, at(90)),)
    assert publishing(BEFORE, None) == ()


def test_a_drop_ends_by_itself_or_with_connect() -> None:
    assert spans(told((60, {"action": "drop", "seconds": 10}))) == [(0, 60), (72, None)]
    dropped = told((60, {"action": "drop"}))
    assert spans(dropped) == [(0, 60)]
    back = change_encoder(LIVE, dropped, at(100), {"action": "connect"})
    assert spans(back) == [(0, 60), (102, None)]


def test_a_flap_comes_and_goes_and_ends_connected() -> None:
    encoder = told((10, {"action": "flap", "every": 10, "times": 2}))

    assert spans(encoder) == [(0, 10), (17, 20), (27, None)]
    assert [doing(encoder, second) for second in (9, 10, 15, 17, 20, 25, 27)] == [
        "publishing",
        "dropped",
        "buffering",
        "publishing",
        "dropped",
        "buffering",
        "publishing",
    ]


def test_a_collapse_and_silence_are_broadcast_and_a_wrong_key_is_not() -> None:
    assert spans(told((5, {"action": "bitrate_collapse"}))) == [(0, None)]
    assert spans(told((5, {"action": "silent_audio", "seconds": 4}))) == [(0, None)]
    assert spans(told((5, {"action": "wrong_key", "seconds": 4}))) == [(0, 5), (11, None)]


def test_what_is_said_later_replaces_what_is_in_force_and_leaves_what_is_planned() -> None:
    encoder = told(
        (0, {"action": "drop", "after": 100, "seconds": 10}),
        (20, {"action": "wrong_key"}),
        (30, {"action": "bitrate_collapse", "seconds": 20}),
    )

    assert [doing(encoder, each) for each in (0, 20, 31, 32, 50, 100, 110, 112)] == [
        "publishing",
        "wrong_key",
        "buffering",
        "bitrate_collapse",
        "publishing",
        "dropped",
        "buffering",
        "publishing",
    ]


def test_what_is_said_before_the_broadcast_counts_from_its_beginning() -> None:
    early = told(
        (-900, {"action": "drop", "seconds": 30}),
        (-800, {"action": "silent_audio", "after": 60}),
        of=BEFORE,
    )
    assert publishing(BEFORE, early) == ()
    assert spans(early) == [(32, None)]
    assert doing(early, 61) == "silent_audio"
    late = told((-900, {"action": "drop"}), (-800, {"action": "connect"}), of=BEFORE)
    assert spans(late) == [(0, None)]


def test_what_happens_within_a_second_is_seen_in_all_of_it() -> None:
    encoder = told((5.25, {"action": "drop"}))

    assert doing(encoder, 4.999_999) == "publishing"
    assert doing(encoder, 5) == doing(encoder, 5.9) == "dropped"
    assert spans(encoder) == [(0, 5.25)]


def test_what_nobody_can_see_is_not_kept() -> None:
    assert told((5, {"action": "connect"})) is None
    encoder = told((5, {"action": "drop"}), (5, {"action": "wrong_key"}))
    assert [each["action"] for each in changes_of(encoder)] == ["wrong_key"]
    assert change_encoder(LIVE, encoder, at(5), {"action": "wrong_key"}) is encoder


def test_so_many_changes_are_kept_and_connecting_is_always_possible() -> None:
    encoder = None
    for number in range(MOST_CHANGES // 100):
        change = read_change({"action": "flap", "every": 8, "times": 100, "after": 1_000 * number})
        encoder = change_encoder(LIVE, encoder, NOW, change)
    assert number_of(changes_of(encoder)) == MOST_CHANGES
    with pytest.raises(Conflict, match=r"1,001 changes .* must be 1,000 at most"):
        change_encoder(LIVE, encoder, at(20_000), {"action": "drop"})
    with pytest.raises(Conflict):
        change_encoder(LIVE, encoder, at(2), {"action": "connect", "after": 5})
    assert change_encoder(LIVE, encoder, at(2), {"action": "connect"}) is not encoder
    long_ago = change_encoder(LIVE, encoder, at(30 * 86_400), {"action": "connect"})
    assert long_ago is encoder, "it publishes already"


@pytest.mark.parametrize(
    ("action", "option"),
    [("connect", "seconds"), ("flap", "seconds"), ("drop", "every"), ("silent_audio", "times")],
)
def test_an_option_of_another_action_is_refused(action: str, option: str) -> None:
    with pytest.raises(Unprocessable, match=f"`{option}` is not for `{action}`, must be left out"):
        read_change({"action": action, option: 7})


def test_a_flap_has_its_usual_measure() -> None:
    assert read_change({"action": "flap"}) == {"action": "flap", "every": 20, "times": 3}
    assert read_change({"action": "drop", "seconds": 3}) == {"action": "drop", "seconds": 3}

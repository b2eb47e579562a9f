from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playlist_rules import read_playlist, require_successor

from mock_server.domain.encoder import Span
from mock_server.media.hls import (
    FEWEST,
    SECONDS,
    SEGMENT,
    TARGET,
    complete_runs,
    kept_from,
    media_playlist,
    multivariant_playlist,
    next_segment,
    window,
    window_length,
)
from mock_server.media.loop import NAMES, rendition

START = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
LENGTH = 7

moments = st.integers(0, 120_000_000).map(lambda number: timedelta(microseconds=number))
lengths = st.integers(FEWEST, 12)


@st.composite
def broadcasts(draw):
    """All spans of a broadcast, the last one open unless it ended."""
    at = START
    spans = []
    for on, off in draw(st.lists(st.tuples(moments, moments), max_size=6)):
        spans.append(Span(at, at + on))
        at += on + off
    ended = draw(st.booleans())
    last = at + draw(moments)
    return (*spans, Span(at, last if ended else None)), last if ended else None


def as_seen(spans, now):
    """The spans as they are known at a time: nobody knows of the end of one that goes on."""
    return tuple(
        Span(span.start, span.end if span.end is not None and span.end <= now else None)
        for span in spans
        if span.start <= now
    )


def playlist(spans, now, length=LENGTH, ended=None):
    runs = complete_runs(as_seen(spans, now), START, now)
    if not runs:
        return None
    over = ended is not None and now >= ended
    return read_playlist(media_playlist(runs, length=length, ended=over))


@given(broadcasts(), st.lists(moments, min_size=2, max_size=12), lengths)
def test_any_playlist_is_sound_and_follows_from_those_before(broadcast, steps, length):
    spans, ended = broadcast
    now, before = START, None
    for step in steps:
        now += step
        after = playlist(spans, now, length, ended)
        if before is not None:
            assert after is not None, "what was there stays"
            require_successor(before, after)
        before = after


@given(broadcasts(), moments, lengths)
def test_a_playlist_has_what_is_complete_and_no_more(broadcast, later, length):
    spans, ended = broadcast
    now = START + later * 5
    shown = playlist(spans, now, length, ended)
    published = sum(max(0, (min(span.end or now, now) - span.start) // SEGMENT) for span in spans)
    if not published:
        assert shown is None
        return
    last = shown.parts[-1]
    assert last.number == published - 1
    assert last.end <= now
    assert len(shown.parts) == min(length, published)
    assert shown.ended is (ended is not None and now >= ended)


@given(broadcasts(), moments)
def test_the_next_segment_comes_when_it_is_said(broadcast, later):
    spans, _ended = broadcast
    now = START + later * 3
    due = next_segment(spans, now)

    def published(at):
        return sum(run.segments for run in complete_runs(spans, START, at))

    if due is None:
        assert published(now) == published(now + timedelta(days=365))
        return
    assert due > now
    assert published(due - timedelta(microseconds=1)) == published(now)
    assert published(due) == published(now) + 1


@given(broadcasts(), lengths)
def test_what_was_removed_can_be_fetched_for_as_long_as_the_rfc_says(broadcast, length):
    spans, _ = broadcast
    shown, removed = set(), {}
    for tick in range(120):
        now = START + tick * SEGMENT
        runs = complete_runs(as_seen(spans, now), START, now)
        if not runs:
            continue
        there = {runs[each.run].first + each.place for each in window(runs, length)}
        for number in shown - there:
            removed.setdefault(number, now)
        shown |= there
        oldest = kept_from(runs, length)
        for number, since in removed.items():
            # 6.2.2: the segment's duration and that of the longest playlist that had it.
            if now <= since + SEGMENT + length * SEGMENT:
                assert number >= oldest


def test_a_drop_stops_the_playlist_and_the_encoder_comes_back_after_a_discontinuity():
    drop, back = START + timedelta(seconds=21), START + timedelta(seconds=60)
    spans = (Span(START, drop), Span(back, None))
    at_drop = playlist(spans, drop)
    assert at_drop.parts[-1].lines[-1] == "0-9.m4s"
    assert playlist(spans, back + SEGMENT - timedelta(microseconds=1)).text == at_drop.text
    after = playlist(spans, back + 2 * SEGMENT)
    assert [part.lines[-1] for part in after.parts][-3:] == [
        "0-9.m4s",
        "60000-0.m4s",
        "60000-1.m4s",
    ]
    assert after.parts[-2].lines[0] == "#EXT-X-DISCONTINUITY"
    assert after.parts[-2].date == back.replace(microsecond=123_000)
    assert after.head["#EXT-X-MEDIA-SEQUENCE"] == "5"


@pytest.mark.parametrize(("gone", "number"), [(LENGTH, "0"), (LENGTH + 1, "1")])
def test_a_discontinuity_that_leaves_is_counted(gone, number):
    spans = (Span(START, START + SEGMENT * 3), Span(START + SEGMENT * 5, None))
    shown = playlist(spans, START + SEGMENT * (5 + gone))
    assert shown.head["#EXT-X-DISCONTINUITY-SEQUENCE"] == number
    assert shown.parts[-1].discontinuity == 1


def test_a_span_too_short_for_a_segment_is_no_discontinuity():
    short = Span(START + SEGMENT * 3, START + SEGMENT * 3.5)
    whole = (Span(START, START + SEGMENT * 2), short, Span(START + SEGMENT * 4, None))
    shown = playlist(whole, START + SEGMENT * 6)
    assert [part.discontinuity for part in shown.parts] == [0, 0, 1, 1]


def test_a_broadcast_of_thirty_days_costs_as_much_as_one_of_a_minute():
    """Not measured, counted: nothing is made for what has passed."""
    spans = (Span(START, None),)
    month, minute = (
        complete_runs(spans, START, START + length)
        for length in (timedelta(days=30), timedelta(minutes=1))
    )
    assert len(month) == len(minute) == 1
    assert len(window(month, LENGTH)) == len(window(minute, LENGTH)) == LENGTH
    shown = playlist(spans, START + timedelta(days=30))
    assert shown.head["#EXT-X-MEDIA-SEQUENCE"] == str(30 * 86_400 * 100 // 192 - LENGTH)


@pytest.mark.parametrize(("seconds", "length"), [(6, 4), (12, 7), (60, 32), (3600, 1875)])
def test_a_window_has_as_many_segments_as_it_takes(seconds, length):
    assert window_length(seconds) == length
    assert length * SECONDS >= max(seconds, 3 * TARGET)


def test_the_renditions_are_named_with_what_a_player_must_know():
    shown = multivariant_playlist(rendition(name, SECONDS) for name in NAMES)
    lines = shown.splitlines()
    assert lines[:3] == ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-INDEPENDENT-SEGMENTS"]
    assert lines[4::2] == ["360p/index.m3u8", "180p/index.m3u8"]
    for line, size in zip(lines[3::2], ("640x360", "320x180"), strict=True):
        assert line.startswith("#EXT-X-STREAM-INF:BANDWIDTH=")
        assert f"RESOLUTION={size},FRAME-RATE=25.000" in line
        assert 'CODECS="avc1.4D40' in line
        assert ',mp4a.40.2"' in line

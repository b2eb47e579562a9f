"""Playlists of a broadcast by arithmetic: what RFC 8216 asks for, from spans and the time.

A broadcast is cut into segments of 1.92 s, counted from where the encoder began to publish. There
are only whole ones: one that a drop cut off is never published, and none comes until the encoder is
back, which then begins the picture's counter anew, after a discontinuity. Timestamps count from the
broadcast's beginning, so that they jump there, and never go back: not every player reads the tag.

A segment is named by two numbers: when its run began, in ms of the broadcast, and its place in it.
Its bytes follow from them, so whoever keeps a segment keeps the right one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from mock_server.domain.encoder import Span
from mock_server.media.loop import Rendition

SEGMENT = timedelta(microseconds=1_920_000)
SECONDS = SEGMENT.total_seconds()
# EXT-X-TARGETDURATION: no segment, rounded, is longer (RFC 8216, 4.3.3.1).
TARGET = 2
# No playlist that segments were removed from is shorter (6.2.2): three targets.
FEWEST = -(-3 * TARGET * 1_000_000 // 1_920_000)
VERSION = 6
_MILLISECOND = timedelta(milliseconds=1)


class Run(NamedTuple):
    """Hold the segments of one span that has any: when it began, also in ms of the broadcast, the
    sequence number of its first segment in the broadcast, and how many of them are complete.
    """

    start: datetime
    after_ms: int
    first: int
    segments: int


class Segment(NamedTuple):
    """Hold where a segment is: its run's number (its discontinuity sequence number), its place in
    it, and when both began.
    """

    run: int
    place: int
    start: datetime
    after_ms: int

    @property
    def breaks(self) -> bool:
        """Tell whether a discontinuity is just before it."""
        return self.run > 0 and self.place == 0

    @property
    def name(self) -> str:
        """Return what its address ends with."""
        return f"{self.after_ms}-{self.place}.m4s"


def window_length(seconds: float) -> int:
    """Return how many segments a playlist has that reaches back so many seconds."""
    return max(FEWEST, -(-int(seconds * 1_000_000) // 1_920_000))


def complete_runs(spans: Iterable[Span], begin: datetime, now: datetime) -> tuple[Run, ...]:
    """Return the runs of segments of a broadcast that are complete at a time, the oldest first.

    A span too short for a segment leaves no trace, so what was published never changes.
    """
    runs: list[Run] = []
    first = 0
    for start, end in spans:
        until = now if end is None else min(end, now)
        count = (until - start) // SEGMENT
        if count > 0:
            runs.append(Run(start, (start - begin) // _MILLISECOND, first, count))
            first += count
    return tuple(runs)


def next_segment(spans: Iterable[Span], now: datetime) -> datetime | None:
    """Return when the next segment will be complete, None where the spans give no further one."""
    times = []
    for start, end in spans:
        whole = max(0, (now - start) // SEGMENT) + 1
        time = start + whole * SEGMENT
        if end is None or time <= end:
            times.append(time)
    return min(times, default=None)


def window(runs: Sequence[Run], length: int) -> list[Segment]:
    """Return the last segments, so many or all there are, the oldest first."""
    found: list[Segment] = []
    for number in range(len(runs) - 1, -1, -1):
        run = runs[number]
        last = run.segments - 1
        oldest = max(0, run.segments - (length - len(found)))
        found += (
            Segment(number, place, run.start + place * SEGMENT, run.after_ms)
            for place in range(last, oldest - 1, -1)
        )
        if len(found) >= length:
            break
    return found[::-1]


def kept_from(runs: Sequence[Run], length: int) -> int:
    """Return the sequence number from which segments can be fetched.

    One that was removed from the playlist stays for as long as the longest playlist that had it,
    and its own time (6.2.2): so many more are published meanwhile.
    """
    last = runs[-1].first + runs[-1].segments
    return max(0, last - 2 * (length + 1))


def media_playlist(runs: Sequence[Run], *, length: int, ended: bool) -> str:
    """Return the media playlist of every rendition, of at least one segment.

    Between two of them nothing changes but what RFC 8216 allows (6.2.1): each segment has its own
    date, and takes its discontinuity along when it is removed.
    """
    segments = window(runs, length)
    first = segments[0]
    sequence = runs[first.run].first + first.place
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION}",
        f"#EXT-X-TARGETDURATION:{TARGET}",
        f"#EXT-X-MEDIA-SEQUENCE:{sequence}",
        # The number of the first segment is that of the tag and of the tags before it (6.3.2).
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{first.run - first.breaks}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        '#EXT-X-MAP:URI="init.mp4"',
        *(line for segment in segments for line in _lines(segment)),
    ]
    if ended:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def _lines(segment: Segment) -> Iterator[str]:
    if segment.breaks:
        yield "#EXT-X-DISCONTINUITY"
    date = segment.start.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    yield f"#EXT-X-PROGRAM-DATE-TIME:{date}"
    yield f"#EXTINF:{SECONDS:.3f},"
    yield segment.name


def multivariant_playlist(renditions: Iterable[Rendition]) -> str:
    """Return the playlist of the renditions, the one to begin with first (RFC 8216, 4.3.4)."""
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for each in renditions:
        described = (
            f"#EXT-X-STREAM-INF:BANDWIDTH={each.peak_rate},AVERAGE-BANDWIDTH={each.average_rate},"
            f'CODECS="{each.codecs}",RESOLUTION={each.width}x{each.height},'
            f"FRAME-RATE={each.frame_rate:.3f}"
        )
        lines += (described, f"{each.name}/index.m3u8")
    return "\n".join(lines) + "\n"

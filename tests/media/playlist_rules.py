"""What RFC 8216 says of media playlists of live broadcasts, read anew from the text, and of two
that follow one another. Knows nothing of the mock."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_TAGS = {
    "#EXT-X-VERSION",
    "#EXT-X-TARGETDURATION",
    "#EXT-X-MEDIA-SEQUENCE",
    "#EXT-X-DISCONTINUITY-SEQUENCE",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    "#EXT-X-MAP",
}


@dataclass(frozen=True)
class Part:
    """A segment: its lines as they are, and what they say."""

    lines: tuple[str, ...]
    number: int
    discontinuity: int
    date: datetime
    seconds: float

    @property
    def end(self) -> datetime:
        return self.date + timedelta(seconds=self.seconds)


@dataclass(frozen=True)
class Playlist:
    text: str
    head: dict[str, str]
    parts: tuple[Part, ...]
    ended: bool


def read_playlist(text: str) -> Playlist:
    """Read a media playlist; AssertionError with the rule that it breaks."""
    assert not text.startswith("\ufeff"), "4.1: no byte order mark"
    assert text.endswith("\n"), "every line ends"
    lines = text.split("\n")[:-1]
    assert all(line and line.strip() == line for line in lines), "4.1: no blank lines or edges"
    assert lines[0] == "#EXTM3U", "4.3.1.1: the first line"
    ended = lines[-1] == "#EXT-X-ENDLIST"
    body = lines[1 : len(lines) - ended]
    assert "#EXT-X-ENDLIST" not in body, "4.3.3.4: at most one"
    head: dict[str, str] = {}
    while body and body[0].partition(":")[0] in FIRST_TAGS:
        name, _, value = body.pop(0).partition(":")
        assert name not in head, f"{name}: at most one"
        head[name] = value
    assert int(head["#EXT-X-VERSION"]) >= 6, "7: EXT-X-MAP of segments needs 6"
    assert re.fullmatch(r'URI="[^"]+"', head["#EXT-X-MAP"]), "4.3.2.5"
    playlist = Playlist(text, head, tuple(_parts(head, body)), ended)
    _require_sound(playlist)
    return playlist


def _parts(head, body):
    number = int(head["#EXT-X-MEDIA-SEQUENCE"])
    discontinuity = int(head["#EXT-X-DISCONTINUITY-SEQUENCE"])
    lines, said = [], {}
    for line in body:
        lines.append(line)
        if line.startswith("#"):
            name, _, value = line.partition(":")
            assert name not in said, f"{name}: at most one a segment"
            assert name in {"#EXT-X-DISCONTINUITY", "#EXT-X-PROGRAM-DATE-TIME", "#EXTINF"}, line
            said[name] = value
            continue
        discontinuity += "#EXT-X-DISCONTINUITY" in said
        seconds, comma, _ = said["#EXTINF"].partition(",")
        assert comma, "4.3.2.1: a comma"
        date = datetime.fromisoformat(said["#EXT-X-PROGRAM-DATE-TIME"])
        assert date.tzinfo is not None, "4.3.2.6: dates have a time zone"
        yield Part(tuple(lines), number, discontinuity, date, float(seconds))
        number += 1
        lines, said = [], {}
    assert not lines, "tags without a segment"


def _require_sound(playlist):
    target = int(playlist.head["#EXT-X-TARGETDURATION"])
    parts = playlist.parts
    assert parts, "a playlist has segments"
    assert all(int(part.seconds + 0.5) <= target for part in parts), "4.3.3.1"
    names = [part.lines[-1] for part in parts]
    assert len(set(names)) == len(names), "each segment has an address"
    for before, after in itertools.pairwise(parts):
        gap = after.date - before.end
        if after.discontinuity == before.discontinuity:
            assert abs(gap) <= timedelta(milliseconds=1), "dates go on without a gap"
        else:
            assert gap >= -timedelta(milliseconds=1), "time goes on at a discontinuity"
    if parts[0].number > 0:
        assert sum(part.seconds for part in parts) >= 3 * target, "6.2.2: three targets stay"


def require_successor(before: Playlist, after: Playlist) -> None:
    """Hold a playlist against an earlier one of the same broadcast (6.2.1, 6.2.2)."""
    if before.ended:
        assert after.text == before.text, "6.2.1: nothing changes after EXT-X-ENDLIST"
    sequences = {"#EXT-X-MEDIA-SEQUENCE", "#EXT-X-DISCONTINUITY-SEQUENCE"}
    assert before.head.keys() == after.head.keys()
    for name, value in before.head.items():
        if name in sequences:
            assert int(after.head[name]) >= int(value), f"{name} never decreases"
        else:
            assert after.head[name] == value, f"6.2.1: {name} stays"
    assert after.parts[-1].number >= before.parts[-1].number, "segments leave at the head only"
    known = {part.number: part for part in before.parts}
    for part in after.parts:
        if part.number in known:
            assert part == known[part.number], "6.2.1: a segment's lines stay, and its place"
    # What the sequence number counts is what was removed, with nothing left out between.
    assert [part.number for part in after.parts] == list(
        range(after.parts[0].number, after.parts[0].number + len(after.parts))
    )

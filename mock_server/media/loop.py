"""The bundled loop of picture and sound, cut into fragments that can stand at any time.

A rendition is one file of fragmented MP4 that `tools/make_media.py` made, which says how it is cut.
Where fragment 7 of the loop is to be fragment 7,007 of a broadcast, only two kinds of numbers in
its `moof` become others: its sequence (`mfhd`) and where it begins (`tfdt`, for each track). So the
first of its two parts is made for each request, some 800 bytes, and the other is the file's own.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

NAMES = ("360p", "180p")
_PACKAGE = Path(__file__).resolve().parent.parent
_HOLDING = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf"})
# Before the boxes in `stsd` and in what describes video and audio (14496-12, 8.5.2 and 12).
_IN_STSD, _IN_VIDEO, _IN_AUDIO = 8, 78, 28
_SIZE_OF_VIDEO = 24
# In `mfhd` and `tfdt` (version 1), before the number: size, kind, version and flags.
_NUMBER = 12
_LARGEST_SEQUENCE = 2**32


class Box(NamedTuple):
    """Hold a box: its kind, where it begins, where what it holds begins, and where it ends."""

    kind: bytes
    at: int
    inside: int
    end: int


class Begin(NamedTuple):
    """Hold where a `tfdt` has its time, and how many of its units a fragment and a ms last."""

    at: int
    lasts: int
    per_ms: int


class Fragment(NamedTuple):
    """Hold a fragment's two parts, and where the first has the numbers of its place in time."""

    head: bytes
    body: memoryview
    sequence_at: int
    begins: tuple[Begin, ...]


@dataclass(frozen=True, slots=True)
class Rendition:
    """Hold one rendition of the loop; rates in bits a second, `digest` is of all its bytes."""

    name: str
    initialization: memoryview
    fragments: tuple[Fragment, ...]
    codecs: str
    width: int
    height: int
    frame_rate: float
    peak_rate: int
    average_rate: int
    digest: str

    def fragment(self, number: int, after_ms: int = 0) -> tuple[bytes, memoryview]:
        """Return fragment `number` of 0, 1, 2, … without an end, as its two parts.

        Sequence and times (ISO/IEC 14496-12, 8.8.5 and 8.8.12) go on with the number; the first
        one begins at a time in ms.
        """
        found = self.fragments[number % len(self.fragments)]
        head = bytearray(found.head)
        struct.pack_into(">I", head, found.sequence_at, (number + 1) % _LARGEST_SEQUENCE)
        for at, lasts, per_ms in found.begins:
            struct.pack_into(">Q", head, at, number * lasts + after_ms * per_ms)
        return bytes(head), found.body

    def size(self, number: int) -> int:
        """Return how many bytes fragment `number` has."""
        found = self.fragments[number % len(self.fragments)]
        return len(found.head) + len(found.body)


@cache
def rendition(name: str, seconds: float) -> Rendition:
    """Return one of `NAMES`, read when it is first asked for; a fragment lasts `seconds`."""
    packaged = _PACKAGE / "_data" / "fixtures" / "media"
    folder = packaged if packaged.is_dir() else _PACKAGE.parent / "fixtures" / "media"
    return parsed(name, (folder / f"{name}.mp4").read_bytes(), seconds)


def parsed(name: str, content: bytes, seconds: float) -> Rendition:
    """Return a rendition as a file of fragmented MP4 has it."""
    top = list(_boxes(content, 0, len(content)))
    first = next(box.at for box in top if box.kind in {b"styp", b"moof"})
    bodies = [box for box in top if box.kind == b"mdat"]
    starts = [first, *(box.end for box in bodies[:-1])]
    lasts = _lasting(content, starts[1], bodies[1].at)
    units = tuple((each, each // round(seconds * 1000)) for each in lasts)
    fragments = tuple(
        _fragment(content, start, body, units) for start, body in zip(starts, bodies, strict=True)
    )
    sizes = [len(each.head) + len(each.body) for each in fragments]
    width, height, codecs = _described(content, first)
    return Rendition(
        name=name,
        initialization=memoryview(content)[:first],
        fragments=fragments,
        codecs=codecs,
        width=width,
        height=height,
        frame_rate=_first_count(content, starts[0], bodies[0].at) / seconds,
        peak_rate=int(max(sizes) * 8 / seconds) + 1,
        average_rate=int(sum(sizes) * 8 / (seconds * len(sizes))) + 1,
        digest=sha256(content).hexdigest()[:12],
    )


def _boxes(content: bytes, at: int, end: int) -> Iterator[Box]:
    """Walk through boxes, into those that hold nothing but boxes."""
    while at < end:
        size, kind = struct.unpack_from(">I4s", content, at)
        yield Box(kind, at, at + 8, at + size)
        if kind in _HOLDING:
            yield from _boxes(content, at + 8, at + size)
        at += size


def _lasting(content: bytes, start: int, end: int) -> tuple[int, ...]:
    # The second fragment of each track begins where the first, which begins at 0, has ended.
    return tuple(
        struct.unpack_from(">Q", content, box.at + _NUMBER)[0]
        for box in _boxes(content, start, end)
        if box.kind == b"tfdt"
    )


def _first_count(content: bytes, start: int, end: int) -> int:
    # Of the first track, which is the video's.
    run = next(box for box in _boxes(content, start, end) if box.kind == b"trun")
    return int(struct.unpack_from(">I", content, run.at + _NUMBER)[0])


def _fragment(
    content: bytes, start: int, body: Box, units: tuple[tuple[int, int], ...]
) -> Fragment:
    found = list(_boxes(content, start, body.at))
    sequence = next(box for box in found if box.kind == b"mfhd")
    times = [box.at - start + _NUMBER for box in found if box.kind == b"tfdt"]
    return Fragment(
        head=content[start : body.at],
        body=memoryview(content)[body.at : body.end],
        sequence_at=sequence.at - start + _NUMBER,
        begins=tuple(Begin(at, *each) for at, each in zip(times, units, strict=True)),
    )


def _described(content: bytes, end: int) -> tuple[int, int, str]:
    """Return width, height and the names of the codecs (RFC 6381) as `stsd` has them."""
    width = height = 0
    codecs = []
    for table in _boxes(content, 0, end):
        if table.kind != b"stsd":
            continue
        entry = next(_boxes(content, table.inside + _IN_STSD, table.end))
        if entry.kind == b"avc1":
            width, height = struct.unpack_from(">HH", content, entry.inside + _SIZE_OF_VIDEO)
            record = next(_boxes(content, entry.inside + _IN_VIDEO, entry.end))
            codecs.append(f"avc1.{content[record.inside + 1 : record.inside + 4].hex().upper()}")
        else:
            esds = next(_boxes(content, entry.inside + _IN_AUDIO, entry.end))
            codecs.append(_audio_codec(content[esds.inside : esds.end]))
    return width, height, ",".join(codecs)


def _audio_codec(descriptors: bytes) -> str:
    # The object type is the first five bits of AudioSpecificConfig, whose descriptor is `05 size`
    # after the 13 bytes of the decoder's (14496-1, 7.2.6.6), which is `04 size`.
    decoder = descriptors.index(b"\x04", 4 + 2 + 3)
    kind, config = descriptors[decoder + 2], descriptors[decoder + 2 + 13 + 2]
    return f"mp4a.{kind:x}.{config >> 3}"

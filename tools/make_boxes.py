"""The boxes of fragmented MP4 that `make_media.py` writes (ISO/IEC 14496, parts 12, 14 and 15)."""

from __future__ import annotations

import struct
from typing import NamedTuple, Self

_MATRIX = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
_UNDETERMINED = 0x55C4
# What samples depend on (14496-12, 8.8.3.1): on no other, and on others and no sync sample.
_SYNC, _NO_SYNC = 0x0200_0000, 0x0101_0000
_BASE_IS_MOOF, _OFFSET, _FIRST_FLAGS, _SIZES = 0x020000, 0x1, 0x4, 0x200
_BRANDS = b"iso6" + b"iso6" + b"cmfc" + b"mp41"


class Track(NamedTuple):
    """A track: the entry that describes its samples, and the samples; `tick` is what one lasts."""

    handler: bytes
    entry: bytes
    header: bytes
    samples: list[bytes]
    scale: int
    tick: int
    flags: int
    size: tuple[int, int] = (0, 0)

    @classmethod
    def video(
        cls, record: bytes, samples: list[bytes], scale: int, tick: int, size: tuple[int, int]
    ) -> Self:
        """Return H.264 with its AVCDecoderConfigurationRecord."""
        fields = struct.pack(">6xH16xHHIII", 1, *size, 0x480000, 0x480000, 0)
        entry = box(b"avc1", fields + struct.pack(">H32xHh", 1, 24, -1) + box(b"avcC", record))
        header = full(b"vmhd", 0, 1, bytes(8))
        return cls(b"vide", entry, header, samples, scale, tick, _NO_SYNC, size)

    @classmethod
    def audio(
        cls, config: bytes, samples: list[bytes], scale: int, tick: int, bit_rate: int
    ) -> Self:
        """Return AAC with its AudioSpecificConfig."""
        decoder = struct.pack(">BBxHII", 0x40, 0x15, 0, bit_rate, bit_rate)
        stream = struct.pack(">HB", 2, 0) + _tagged(4, decoder + _tagged(5, config)) + b"\6\1\2"
        fields = struct.pack(">6xH8xHHIHH", 1, 1, 16, 0, scale, 0)
        entry = box(b"mp4a", fields + full(b"esds", 0, 0, _tagged(3, stream)))
        return cls(b"soun", entry, full(b"smhd", 0, 0, bytes(4)), samples, scale, tick, _SYNC)


def box(kind: bytes, *content: bytes) -> bytes:
    """Return a box: its size, its kind and what it holds."""
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    """Return a box with a version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def initialization(tracks: tuple[Track, ...]) -> bytes:
    """Return what a player reads before the fragments: `ftyp` and `moov`."""
    movie = struct.pack(">IIIIIH10x", 0, 0, 1000, 0, 1 << 16, 1 << 8)
    header = full(b"mvhd", 0, 0, movie, _MATRIX, bytes(24), struct.pack(">I", len(tracks) + 1))
    extends = (
        full(b"trex", 0, 0, struct.pack(">5I", number, 1, each.tick, 0, each.flags))
        for number, each in enumerate(tracks, 1)
    )
    described = (_track(number, each) for number, each in enumerate(tracks, 1))
    moov = box(b"moov", header, *described, box(b"mvex", *extends))
    return box(b"ftyp", _BRANDS[:4], struct.pack(">I", 0), _BRANDS[4:]) + moov


def _track(number: int, track: Track) -> bytes:
    width, height = track.size
    volume = 0 if width else 1 << 8
    shown = struct.pack(">IIIII8xHHH2x", 0, 0, number, 0, 0, 0, 0, volume)
    name = b"Picture\0" if width else b"Sound\0"
    source = full(b"dref", 0, 0, struct.pack(">I", 1), full(b"url ", 0, 1))
    empty = (
        full(b"stts", 0, 0, bytes(4)),
        full(b"stsc", 0, 0, bytes(4)),
        full(b"stsz", 0, 0, bytes(8)),
        full(b"stco", 0, 0, bytes(4)),
    )
    table = box(b"stbl", full(b"stsd", 0, 0, struct.pack(">I", 1), track.entry), *empty)
    media = box(
        b"mdia",
        full(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, track.scale, 0, _UNDETERMINED, 0)),
        full(b"hdlr", 0, 0, bytes(4), track.handler, bytes(12), name),
        box(b"minf", track.header, box(b"dinf", source), table),
    )
    shown += _MATRIX + struct.pack(">II", width << 16, height << 16)
    return box(b"trak", full(b"tkhd", 0, 3, shown), media)


def fragment(tracks: tuple[Track, ...], counts: tuple[int, ...], number: int) -> bytes:
    """Return fragment `number` of 0, 1, 2, …: so many samples of each track."""
    taken = [
        each.samples[number * count : (number + 1) * count]
        for each, count in zip(tracks, counts, strict=True)
    ]
    # How far the samples are depends on the size of what says so, which the first try has too.
    size = len(_moof(tracks, counts, number, taken, 0))
    moof = _moof(tracks, counts, number, taken, size + 8)
    styp = box(b"styp", b"msdh", struct.pack(">I", 0), b"msdh", b"cmfs")
    return styp + moof + box(b"mdat", *(sample for samples in taken for sample in samples))


def _moof(
    tracks: tuple[Track, ...],
    counts: tuple[int, ...],
    number: int,
    taken: list[list[bytes]],
    start: int,
) -> bytes:
    parts = [full(b"mfhd", 0, 0, struct.pack(">I", number + 1))]
    for track_id, (track, count, samples) in enumerate(zip(tracks, counts, taken, strict=True), 1):
        first = track.flags != _SYNC
        flags = _OFFSET | _SIZES | (_FIRST_FLAGS if first else 0)
        run = struct.pack(">II", count, start) + (struct.pack(">I", _SYNC) if first else b"")
        sizes = [len(sample) for sample in samples]
        start += sum(sizes)
        parts.append(
            box(
                b"traf",
                full(b"tfhd", 0, _BASE_IS_MOOF, struct.pack(">I", track_id)),
                full(b"tfdt", 1, 0, struct.pack(">Q", number * count * track.tick)),
                full(b"trun", 0, flags, run, struct.pack(f">{count}I", *sizes)),
            )
        )
    return box(b"moof", *parts)


def _tagged(tag: int, content: bytes) -> bytes:
    # A descriptor of MPEG-4 Systems (14496-1); none here is longer than a byte can say.
    return bytes([tag, len(content)]) + content

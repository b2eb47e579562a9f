"""Make `fixtures/media/`: the loop of picture and sound that every broadcast of the mock shows.

    .venv/bin/python tools/make_media.py

It needs PyAV, which comes with the development requirements; the mock needs nothing of this.

A loop lasts 48 s and has 25 fragments of 1.92 s: 48 frames of video at 25 a second, and 90 frames
of AAC, each 1024 samples at 48 kHz. Both are whole numbers, so picture and sound end together in
every fragment, and the last one meets the first without a seam. The sound is encoded twice and the
second half kept: its first frame then overlaps with what comes before it when the loop goes round.
The picture counts seconds and frames; on each whole second a square flashes and a note is heard.

A file is fragmented MP4 (ISO/IEC 14496-12): `ftyp`, `moov`, and for each fragment `styp`, `moof`,
`mdat`; it plays as it is.
"""

from __future__ import annotations

import math
import random
import re
import struct
from array import array
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
from make_boxes import Track, fragment, initialization

FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "media"
FRAME_RATE = 25
FRAMES = 48
FRAGMENTS = 25
SAMPLE_RATE = 48_000
AUDIO_FRAMES = 90
AAC = 1024
VIDEO_SCALE = 90_000
AUDIO_RATE = 32_000
# x264's `crf`: less is better, and larger.
QUALITY = 27

# Colour bars, dimmed so that the counter stands out: Y, U, V.
BARS = (
    (104, 128, 128),
    (92, 80, 136),
    (80, 140, 80),
    (70, 92, 88),
    (58, 164, 168),
    (48, 116, 176),
    (36, 176, 120),
)
WHITE, BLACK = 235, 16
# Which of the seven strokes each digit has: top, middle, bottom, then left and right, upper first.
STROKES = ("TBlrLR", "rR", "TMBrL", "TMBrR", "MlrR", "TMBlR", "TMBlLR", "TrR", "TMBlrLR", "TMBlrR")


class Rendition(NamedTuple):
    """`snow` is how much of the picture's upper edge is noise, which makes its bitrate a film's."""

    name: str
    width: int
    height: int
    snow: tuple[int, int]


RENDITIONS = (Rendition("360p", 640, 360, (96, 16)), Rendition("180p", 320, 180, (24, 8)))


class Picture:
    """A frame's brightness, drawn on; colours stay as they are."""

    def __init__(self, rendition: Rendition) -> None:
        self.width, self.height = rendition.width, rendition.height
        self.snow = rendition.snow
        self.noise = random.Random(rendition.name)
        rows = bytes(BARS[x * len(BARS) // self.width][0] for x in range(self.width))
        self.background = rows * self.height
        self.light = bytearray(self.background)

    def clear(self) -> None:
        self.light[:] = self.background

    def fill(self, x: int, y: int, width: int, height: int, light: int) -> None:
        row = bytes([light]) * width
        for at in range(y * self.width + x, (y + height) * self.width + x, self.width):
            self.light[at : at + width] = row

    def digit(self, value: int, x: int, y: int, size: int) -> None:
        thick, half = size // 6, size // 2
        long, low = half + thick, size - thick
        strokes = {
            "T": (0, 0, long, thick),
            "M": (0, half - thick // 2, long, thick),
            "B": (0, low, long, thick),
            "l": (0, 0, thick, half),
            "r": (half, 0, thick, half),
            "L": (0, half, thick, half),
            "R": (half, half, thick, half),
        }
        for each in STROKES[value]:
            left, top, width, height = strokes[each]
            self.fill(x + left, y + top, width, height, WHITE)

    def show(self, frame: int) -> None:
        """Draw frame `frame` of the loop."""
        self.clear()
        second, part = divmod(frame, FRAME_RATE)
        size = self.height // 3
        step, gap = size * 5 // 6, size // 3
        panel = _panel(self.width, self.height)
        self.fill(*panel, BLACK)
        left, top = (self.width - 4 * step - gap) // 2, (self.height - size) // 2
        for place, value in enumerate((*divmod(second, 10), *divmod(part, 10))):
            x = left + place * step + (gap if place > 1 else 0)
            self.digit(value, x, top, size)
        dot = size // 6
        for y in (top + size // 4, top + size * 2 // 3):
            self.fill(left + 2 * step + (gap - size // 4) // 2, y, dot, dot, WHITE)
        self.move(frame)
        self.fall()
        if part < 3:
            self.fill(dot, dot, size // 2, size // 2, WHITE)

    def fall(self) -> None:
        """Draw snow in the upper right corner, other in each frame."""
        width, height = self.snow
        for y in range(height):
            end = (y + 1) * self.width
            self.light[end - width : end] = self.noise.randbytes(width)

    def move(self, frame: int) -> None:
        """Draw what goes to and fro along the lower edge, once in four seconds."""
        period = 4 * FRAME_RATE
        there = 1 - abs(1 - 2 * (frame % period) / period)
        size = self.height // 12
        # Even places: colours have half the resolution of brightness.
        x = int(there * (self.width - size)) & ~1
        self.fill(x, self.height - size * 3 // 2, size, size, WHITE)


def _panel(width: int, height: int) -> tuple[int, int, int, int]:
    # The dark ground of the counter: x, y, width and height, all even.
    wide, high = width * 25 // 32 & ~3, height // 2 & ~3
    return (width - wide) // 2, (height - high) // 2, wide, high


def _colours(rendition: Rendition, plane: int) -> bytes:
    # Half as many as there are points; none on the counter's ground.
    width, height = rendition.width // 2, rendition.height // 2
    x, y, wide, high = (each // 2 for each in _panel(rendition.width, rendition.height))
    row = bytes(BARS[at * len(BARS) // width][plane] for at in range(width))
    dark = row[:x] + bytes([128]) * wide + row[x + wide :]
    return row * y + dark * high + row * (height - y - high)


def frames(rendition: Rendition) -> Iterator[av.VideoFrame]:
    """Draw the loop once."""
    picture = Picture(rendition)
    planes = _colours(rendition, 1), _colours(rendition, 2)
    for number in range(FRAGMENTS * FRAMES):
        picture.show(number)
        frame = av.VideoFrame(rendition.width, rendition.height, "yuv420p")
        for plane, light in zip(frame.planes, (bytes(picture.light), *planes), strict=True):
            plane.update(_padded(light, plane.width, plane.line_size))
        frame.pts = number
        yield frame


def _padded(rows: bytes, width: int, line: int) -> bytes:
    if width == line:
        return rows
    pad = bytes(line - width)
    return b"".join(rows[at : at + width] + pad for at in range(0, len(rows), width))


def video(rendition: Rendition) -> tuple[bytes, list[bytes]]:
    """Encode the loop; returns the `avcC` record and the samples, one a frame."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = rendition.width, rendition.height, "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(FRAME_RATE), Fraction(1, FRAME_RATE)
    encoder.thread_count = 1
    encoder.options = {
        "preset": "veryslow",
        "profile": "main",
        "crf": str(QUALITY),
        # Without frames that wait for later ones, frames are decoded in the order they are shown.
        "x264-params": f"keyint={FRAMES}:min-keyint={FRAMES}:scenecut=0:bframes=0:repeat-headers=1",
    }
    packets = [bytes(each) for frame in frames(rendition) for each in encoder.encode(frame)]
    packets += [bytes(each) for each in encoder.encode(None)]
    units = [_units(packet) for packet in packets]
    parameters = {unit[0] & 31: unit for unit in units[0]}
    sps, pps = parameters[7], parameters[8]
    record = b"\1" + sps[1:4] + b"\xff\xe1" + _sized(sps, "H") + b"\1" + _sized(pps, "H")
    # Kept in the record, not in the samples: parameter sets, access unit delimiters, comments.
    samples = [
        b"".join(_sized(unit, "I") for unit in each if unit[0] & 31 not in {6, 7, 8, 9})
        for each in units
    ]
    return record, samples


def _units(packet: bytes) -> list[bytes]:
    return [each for each in re.split(rb"\x00{2,3}\x01", packet) if each]


def _sized(content: bytes, size: str) -> bytes:
    return struct.pack(f">{size}", len(content)) + content


def audio() -> tuple[bytes, list[bytes]]:
    """Encode the sound; returns the AudioSpecificConfig and the samples, one an AAC frame."""
    encoder = av.CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE, "mono", "fltp"
    encoder.bit_rate = AUDIO_RATE
    encoder.time_base = Fraction(1, SAMPLE_RATE)
    second = array("f", (_heard(at / SAMPLE_RATE) for at in range(SAMPLE_RATE)))
    loop = FRAGMENTS * AUDIO_FRAMES
    whole = second * (loop * AAC // SAMPLE_RATE * 2 + 1)
    packets: list[bytes] = []
    for number in range(2 * loop + 2):
        frame = av.AudioFrame("fltp", "mono", AAC)
        frame.sample_rate, frame.pts = SAMPLE_RATE, number * AAC
        frame.time_base = Fraction(1, SAMPLE_RATE)
        frame.planes[0].update(whole[number * AAC : (number + 1) * AAC].tobytes())
        packets += [bytes(each) for each in encoder.encode(frame)]
    # What a packet sounds like was put in one frame earlier.
    return bytes(encoder.extradata), packets[loop + 1 : 2 * loop + 1]


def _heard(second: float) -> float:
    # A quiet hum, and a note of a tenth of a second that swells and fades.
    hum = 0.04 * math.sin(2 * math.pi * 220 * second)
    loud = max(0.0, math.sin(math.pi * second / 0.12)) if second < 0.12 else 0.0
    return hum + 0.35 * loud * math.sin(2 * math.pi * 880 * second)


def main() -> None:
    """Write the files anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    config, heard = audio()
    for rendition in RENDITIONS:
        record, seen = video(rendition)
        tracks = (
            Track.video(record, seen, VIDEO_SCALE, VIDEO_SCALE // FRAME_RATE, rendition[1:3]),
            Track.audio(config, heard, SAMPLE_RATE, AAC, AUDIO_RATE),
        )
        parts = [initialization(tracks)]
        for number in range(FRAGMENTS):
            counts = (FRAMES, AUDIO_FRAMES)
            parts.append(fragment(tracks, counts, number))
        path = FOLDER / f"{rendition.name}.mp4"
        path.write_bytes(b"".join(parts))
        print(f"{path.name}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

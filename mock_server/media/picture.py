"""How large a picture is, read from the head of a key frame: nothing is decoded for it."""

from __future__ import annotations

import re

Size = tuple[int, int]

_VP8_START = b"\x9d\x01\x2a"
_VP8_HEAD = 10
_START_CODE = re.compile(rb"\x00\x00\x01")
_SPS = 7
# Profiles whose parameter sets say more about colours (ITU-T H.264, 7.3.2.1.1).
_WITH_CHROMA = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_LARGEST = 16_384
_LONGEST_NUMBER = 32


def vp8_size(frame: bytes) -> Size | None:
    """Return width and height from the first bytes of a key frame, None for any other frame
    (RFC 6386, 9.1).
    """
    if len(frame) < _VP8_HEAD or frame[0] & 1 or frame[3:6] != _VP8_START:
        return None
    width, height = (int.from_bytes(frame[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    return (width, height) if width and height else None


def h264_size(data: bytes) -> Size | None:
    """Return width and height from the parameter set in a stream with start codes (Annex B), None
    where there is none that can be read.
    """
    # What is before the first start code is the middle of a unit.
    for unit in _START_CODE.split(data)[1:]:
        if unit and unit[0] & 0x1F == _SPS:
            try:
                return _size_of_set(_Bits(unit[1:].replace(b"\x00\x00\x03", b"\x00\x00")))
            except IndexError:
                return None
    return None


class _Bits:
    """Read a bit after the other; raises IndexError at the end and for what is no number."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def bits(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1
            self._at += 1
        return value

    def unsigned(self) -> int:
        # Exponential Golomb codes (ITU-T H.264, 9.1).
        zeros = 0
        while not self.bits(1):
            zeros += 1
            if zeros > _LONGEST_NUMBER:
                raise IndexError
        return (1 << zeros) - 1 + self.bits(zeros)

    def signed(self) -> int:
        value = self.unsigned()
        return (value + 1) // 2 if value & 1 else -(value // 2)


def _size_of_set(bits: _Bits) -> Size | None:
    """Read a sequence parameter set as far as its size (ITU-T H.264, 7.3.2.1.1)."""
    profile = bits.bits(8)
    bits.bits(16)
    bits.unsigned()
    chroma = _chroma(bits) if profile in _WITH_CHROMA else 1
    bits.unsigned()
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()
    elif order == 1:
        bits.bits(1)
        bits.signed()
        bits.signed()
        for _ in range(min(bits.unsigned(), 255)):
            bits.signed()
    bits.unsigned()
    bits.bits(1)
    columns, rows = bits.unsigned() + 1, bits.unsigned() + 1
    frames_only = bits.bits(1)
    if not frames_only:
        bits.bits(1)
    bits.bits(1)
    left, right, top, bottom = (bits.unsigned() for _ in range(4)) if bits.bits(1) else (0,) * 4
    # One step of the crop, in pixels (table 6-1).
    across = 2 if chroma in {1, 2} else 1
    down = (2 if chroma == 1 else 1) * (2 - frames_only)
    width = columns * 16 - across * (left + right)
    height = rows * 16 * (2 - frames_only) - down * (top + bottom)
    return (width, height) if 0 < width <= _LARGEST and 0 < height <= _LARGEST else None


def _chroma(bits: _Bits) -> int:
    chroma = bits.unsigned()
    separate = bits.bits(1) if chroma == 3 else 0  # noqa: PLR2004 - 4:4:4
    bits.unsigned()
    bits.unsigned()
    bits.bits(1)
    if bits.bits(1):
        for index in range(8 if chroma != 3 else 12):  # noqa: PLR2004
            if bits.bits(1):
                _skip_scaling(bits, 16 if index < 6 else 64)  # noqa: PLR2004
    return 0 if separate else chroma


def _skip_scaling(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last

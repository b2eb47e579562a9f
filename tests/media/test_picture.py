from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.media.picture import h264_size, vp8_size

SIZES = [(1280, 720), (1920, 1080), (640, 360), (176, 144), (854, 480), (1080, 1920), (322, 182)]
PROFILES = {"baseline": "yuv420p", "high": "yuv420p", "high422": "yuv422p", "high444": "yuv444p"}


def encoded(codec: str, size: tuple[int, int], pixels: str = "yuv420p", **options: str) -> bytes:
    """The first frame of a picture of this size, by who else knows how."""
    av = pytest.importorskip("av")
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height = size
    encoder.pix_fmt = pixels
    encoder.time_base = Fraction(1, 30)
    encoder.options = options
    frame = av.VideoFrame(*size, pixels)
    frame.pts = 0
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    return bytes(packets[0])


@pytest.mark.parametrize("size", SIZES)
def test_the_size_of_a_vp8_picture_is_in_its_first_bytes(size):
    frame = encoded("libvpx", size)
    assert vp8_size(frame) == size
    assert vp8_size(frame[:10]) == size


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("profile", PROFILES)
def test_the_size_of_an_h264_picture_is_in_its_parameter_set(size, profile):
    frame = encoded("libx264", size, PROFILES[profile], profile=profile, preset="ultrafast")
    assert h264_size(frame) == size


def test_a_scan_by_fields_has_its_whole_height():
    options = {"flags": "+ildct+ilme", "x264-params": "interlaced=1", "preset": "ultrafast"}
    assert h264_size(encoded("libx264", (1920, 1080), **options)) == (1920, 1080)


def test_a_set_with_scaling_lists_is_read_past_them():
    options = {"x264-params": "cqm=jvt", "profile": "high", "preset": "ultrafast"}
    assert h264_size(encoded("libx264", (640, 360), **options)) == (640, 360)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00" * 12, b"\x01\x00\x00\x9d\x01\x2a\x00\x05\xd0\x02", b"\x10\x00\x00\x9d\x01"],
)
def test_what_is_no_key_frame_has_no_size(data):
    assert vp8_size(data) is None


def test_the_middle_of_a_unit_is_no_parameter_set():
    frame = encoded("libx264", (640, 360), preset="ultrafast")
    unit = frame.partition(b"\x00\x00\x01")[2]
    assert unit[0] & 0x1F == 7
    assert h264_size(unit.partition(b"\x00\x00\x01")[0]) is None


@given(st.binary(max_size=60))
def test_any_bytes_have_a_size_or_none(data):
    for found in (vp8_size(data), h264_size(b"\x00\x00\x01\x67" + data)):
        assert found is None or (0 < found[0] <= 16_384 and 0 < found[1] <= 16_384)

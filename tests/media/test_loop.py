from __future__ import annotations

import struct
from itertools import pairwise

import pytest

from mock_server.media.hls import SECONDS
from mock_server.media.loop import NAMES, rendition

FRAMES, AUDIO_FRAMES = 48, 90


def boxes(content):
    """The boxes at one level, as (kind, content)."""
    at = 0
    while at < len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        yield kind, bytes(content[at + 8 : at + size])
        at += size
    assert at == len(content)


def numbers(head):
    """Sequence, and by track (time it begins, sizes of its samples)."""
    moof = next(content for kind, content in boxes(head) if kind == b"moof")
    sequence, tracks = 0, []
    for kind, content in boxes(moof):
        if kind == b"mfhd":
            sequence = struct.unpack(">4xI", content)[0]
            continue
        inner = dict(boxes(content))
        (begins,) = struct.unpack(">4xQ", inner[b"tfdt"])
        count = struct.unpack_from(">4xI", inner[b"trun"])[0]
        sizes = struct.unpack(f">{count}I", inner[b"trun"][-4 * count :])
        tracks.append((begins, sizes))
    return sequence, tracks


@pytest.fixture(params=NAMES)
def shown(request):
    return rendition(request.param, SECONDS)


def test_the_files_are_small():
    whole = [rendition(name, SECONDS) for name in NAMES]
    size = sum(
        len(each.initialization) + sum(each.size(number) for number in range(25)) for each in whole
    )
    assert size <= 1_500_000


def test_picture_and_sound_end_together_in_every_fragment(shown):
    assert FRAMES / shown.frame_rate == AUDIO_FRAMES * 1024 / 48_000 == SECONDS
    for number in range(25):
        head, _ = shown.fragment(number)
        assert [len(sizes) for _, sizes in numbers(head)[1]] == [FRAMES, AUDIO_FRAMES]


def test_times_and_sequence_go_on_over_the_seam_for_days_without_a_gap(shown):
    month = int(30 * 86_400 / SECONDS)
    for first in (0, 23, 24, 49, month, 2**32 - 3):
        before, after = (numbers(shown.fragment(number)[0]) for number in (first, first + 1))
        assert after[0] == (before[0] + 1) % 2**32
        for (earlier, _), (later, _), lasts in zip(
            before[1], after[1], (FRAMES * 3600, AUDIO_FRAMES * 1024), strict=True
        ):
            assert earlier == first * lasts
            assert later - earlier == lasts


def test_a_fragment_has_all_its_samples_say(shown):
    for number in (0, 7, 24, 25):
        head, body = shown.fragment(number)
        sizes = [size for _, sizes in numbers(head)[1] for size in sizes]
        assert sum(sizes) + 8 == len(body) == struct.unpack_from(">I", body)[0]
        assert len(head) + len(body) == shown.size(number)


def test_the_loop_goes_round(shown):
    bodies = [shown.fragment(number)[1] for number in range(50)]
    assert bodies[:25] == bodies[25:]
    assert all(one != other for one, other in pairwise(bodies))


def test_the_largest_part_of_a_fragment_is_the_file_itself(shown):
    """Nothing is copied for a request but the head."""
    (head, body), (_, again) = shown.fragment(3), shown.fragment(28)
    assert body.obj is again.obj is shown.initialization.obj
    assert len(head) < 1024


def test_a_run_begins_at_its_time_in_the_broadcast(shown):
    for after in (0, 1, 92_000, 30 * 86_400_000):
        _, tracks = numbers(shown.fragment(3, after)[0])
        assert [begins for begins, _ in tracks] == [
            3 * FRAMES * 3600 + after * 90,
            3 * AUDIO_FRAMES * 1024 + after * 48,
        ]


def test_two_at_once_get_their_own_times(shown):
    one, other = shown.fragment(3), shown.fragment(28)
    assert numbers(one[0])[0] == 4
    assert numbers(other[0])[0] == 29


def test_rates_are_those_of_the_bytes(shown):
    sizes = [shown.size(number) for number in range(25)]
    assert shown.peak_rate >= max(sizes) * 8 / SECONDS
    assert shown.average_rate == pytest.approx(sum(sizes) * 8 / 48, rel=0.001)
    assert shown.average_rate <= shown.peak_rate

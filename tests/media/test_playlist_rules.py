from __future__ import annotations

import pytest
from playlist_rules import read_playlist, require_successor

TEXT = """\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:4
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-MAP:URI="init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:00.000Z
#EXTINF:2.000,
a
#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:02.000Z
#EXTINF:2.000,
b
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:09.000Z
#EXTINF:2.000,
c
"""


def test_a_sound_playlist_is_read():
    found = read_playlist(TEXT)
    assert [(part.number, part.discontinuity) for part in found.parts] == [(4, 0), (5, 0), (6, 1)]
    require_successor(found, found)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("\ufeff#EXTM3U", "#EXTM3U"),
        ("\n\n#EXTINF", "\n#EXTINF"),
        ("VERSION:3", "VERSION:6"),
        ("TARGETDURATION:1", "TARGETDURATION:2"),
        ("00:03.000Z", "00:02.000Z"),
        ("00:01.000Z", "00:09.000Z"),
        ("\na\n", "\nb\n"),
        ("#EXT-X-ENDLIST\n#EXTINF", "#EXTINF"),
        ("#EXTINF:1.000,", "#EXTINF:2.000,"),
    ],
)
def test_an_unsound_one_is_refused(wrong, right):
    with pytest.raises(AssertionError):
        read_playlist(TEXT.replace(right, wrong))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("SEQUENCE:4", "SEQUENCE:3"),
        ("DISCONTINUITY-SEQUENCE:0", "DISCONTINUITY-SEQUENCE:1"),
        ("\nb\n", "\nd\n"),
        ('"init.mp4"', '"other.mp4"'),
        ("\nc\n", "\nc\n#EXT-X-ENDLIST\n"),
    ],
)
def test_an_edit_that_is_not_allowed_is_refused(before, after):
    one, other = read_playlist(TEXT), read_playlist(TEXT.replace(before, after))
    earlier, later = (other, one) if "ENDLIST" in after else (one, other)
    with pytest.raises(AssertionError):
        require_successor(earlier, later)

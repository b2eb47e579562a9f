from __future__ import annotations

import pytest

from mock_server.http.errors import Refusal
from mock_server.http.media import Content
from mock_server.http.partial import as_asked

WHOLE = Content(200, ((b"etag", b'"a"'),), (b"abcd", memoryview(b"efghij")))
TAG = b'"a"'


def asked(*headers: tuple[bytes, bytes], method: str = "GET") -> Content:
    return as_asked(WHOLE, TAG, method, headers)


@pytest.mark.parametrize(
    ("wanted", "body", "where"),
    [
        (b"bytes=0-0", b"a", b"0-0"),
        (b"bytes=2-5", b"cdef", b"2-5"),
        (b"bytes=4-", b"efghij", b"4-9"),
        (b"bytes=0-3", b"abcd", b"0-3"),
        (b"bytes=8-99", b"ij", b"8-9"),
        (b"bytes=-3", b"hij", b"7-9"),
        (b"bytes=-99", b"abcdefghij", b"0-9"),
        (b"BYTES= 1-2 ", b"bc", b"1-2"),
    ],
)
def test_a_range_is_cut_out_of_the_parts(wanted, body, where):
    content = asked((b"range", wanted))
    assert content.status == 206
    assert b"".join(content.parts) == body
    assert (b"content-range", b"bytes " + where + b"/10") in content.headers


def test_no_part_is_copied():
    assert all(isinstance(part, memoryview) for part in asked((b"range", b"bytes=2-7")).parts)


@pytest.mark.parametrize("wanted", [b"bytes=10-", b"bytes=10-12", b"bytes=-0"])
def test_a_range_beyond_the_end_is_refused(wanted):
    with pytest.raises(Refusal) as refused:
        asked((b"range", wanted))
    assert refused.value.status == 416
    assert refused.value.headers == ((b"content-range", b"bytes */10"),)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ((b"range", b"bytes=5-2"),),
        ((b"range", b"bytes=-"),),
        ((b"range", b"bytes=0-1,4-5"),),
        ((b"range", b"lines=0-1"),),
        ((b"range", b"bytes=" + b"9" * 40 + b"-"),),
        ((b"range", b"bytes=0-1"), (b"range", b"bytes=3-4")),
        ((b"range", b"bytes=0-1"), (b"if-range", b'"b"')),
        ((b"if-none-match", b'"b", W/"c"'),),
    ],
)
def test_what_is_no_range_of_this_content_gets_all_of_it(headers):
    assert asked(*headers) is WHOLE


def test_a_range_is_for_get_alone():
    assert asked((b"range", b"bytes=0-1"), method="HEAD") is WHOLE


def test_a_range_of_what_is_known_is_given():
    assert asked((b"range", b"bytes=0-1"), (b"if-range", TAG)).status == 206


@pytest.mark.parametrize("known", [TAG, b'"x", "a"', b'W/"a"', b"*"])
def test_what_the_client_has_is_not_sent_again(known):
    content = asked((b"if-none-match", known), (b"range", b"bytes=0-1"))
    assert (content.status, content.parts) == (304, ())
    assert (b"etag", TAG) in content.headers

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.http.body import MAX_BODY, ClientGone, parse_body, read_body
from mock_server.http.errors import Refusal

JSON = b"application/json"


def read(*chunks: bytes, gone: bool = False) -> bytes:
    messages = [
        {"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks[:-1]
    ] + [{"type": "http.request", "body": chunks[-1], "more_body": gone}]
    waiting = iter([*messages, {"type": "http.disconnect"}])

    async def receive():
        return next(waiting)

    return asyncio.run(read_body(receive))


@given(st.lists(st.binary(), min_size=1))
def test_chunks_are_put_together(chunks):
    assert read(*chunks) == b"".join(chunks)


def test_a_body_of_exactly_the_limit_is_read():
    assert len(read(b"x" * MAX_BODY)) == MAX_BODY


@pytest.mark.parametrize(
    "chunks",
    [[b"x" * (MAX_BODY + 1)], [b"x" * MAX_BODY, b"x"], [b"x" * MAX_BODY] * 20],
    ids=["at once", "in two", "far too much"],
)
def test_a_larger_body_is_refused_however_it_comes(chunks):
    with pytest.raises(Refusal) as refusal:
        read(*chunks)
    assert (refusal.value.status, refusal.value.sentence) == (
        413,
        "the body is larger than 1,048,576 bytes, must be at most that",
    )


def test_a_client_that_leaves_in_the_middle_is_not_answered():
    with pytest.raises(ClientGone):
        read(b"x", b"y", gone=True)


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/json",
        b"Application/JSON",
        b"application/json; charset=utf-8",
        b"application/json ;charset=foo",
    ],
)
def test_json_is_read_whatever_charset_is_named(content_type):
    assert parse_body('{"title": "Ünïcode"}'.encode(), content_type) == {"title": "Ünïcode"}


@pytest.mark.parametrize("content_type", [None, b"", b"text/plain", b"application/x+json"])
def test_another_content_type_is_refused(content_type):
    with pytest.raises(Refusal, match="must be `application/json`") as refusal:
        parse_body(b"{}", content_type)
    assert refusal.value.status == 415


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"title=x",
        b" ",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": "\xff"}',
        '{"a": 1}'.encode("utf-16"),
        b"[" * 100_000,
        b"[" * 2000 + b"]" * 2000,
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": "\\ud800"}',
        b"{} {}",
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_not_json_is_refused_without_repeating_it(raw):
    with pytest.raises(Refusal) as refusal:
        parse_body(raw, JSON)
    assert refusal.value.status == 400
    assert refusal.value.detail is not None
    assert len(refusal.value.detail) < 200


def test_the_last_of_two_equal_keys_wins():
    assert parse_body(b'{"a": 1, "a": 2}', JSON) == {"a": 2}


@given(st.binary())
def test_no_bytes_break_the_parser(raw):
    try:
        parse_body(raw, JSON)
    except Refusal as refusal:
        assert refusal.status == 400  # noqa: PT017 - most inputs raise nothing

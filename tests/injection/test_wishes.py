from __future__ import annotations

import pytest

from mock_server.injection.wishes import UnmetWish, Wish, grant, is_wishing, read_wish


def test_a_request_without_either_wishes_nothing():
    assert not is_wishing(b"page=1", ())
    assert read_wish(b"page=1", ()) is None
    assert read_wish(b"", (b"respond-async, wait=10",)) is None


def test_the_query_names_a_status_and_an_example():
    assert is_wishing(b"page=1&__code=409", ())
    assert read_wish(b"page=1&__code=409", ()) == Wish(409, None, "?__code=409")
    wish = read_wish(b"__example=full&__code=409", ())
    assert (wish.status, wish.example) == (409, "full")


def test_prefer_names_a_status_and_an_example():
    assert is_wishing(b"", (b"code=409",))
    assert read_wish(b"", (b"code=409",)) == Wish(409, None, "Prefer: code=409")
    assert read_wish(b"", (b"example=full",)) == Wish(None, "full", "Prefer: example=full")


@pytest.mark.parametrize(
    "header",
    [
        b"code=409, example=full",
        b"Code=409,EXAMPLE=full",
        b' code = 409 , example = "full" ',
        b'code=409; foo=bar, example="fu\\ll"; x="a,b"',
        b"respond-async, code=409, wait=10, example=full, code=500",
        b'note="code=1, example=x", code=409, example=full',
        b"code=409, code=abc, example=full",
        b"code=, code=409, example=full",
        b"this is no preference, code=409, example=full",
        b'code=409, example=full, open="',
    ],
)
def test_prefer_is_read_as_rfc_7240_writes_it(header):
    wish = read_wish(b"", (header,))
    assert (wish.status, wish.example) == (409, "full")


def test_several_headers_are_one_list():
    wish = read_wish(b"", (b"code=409", b"example=full, code=404"))
    assert (wish.status, wish.example) == (409, "full")


def test_the_query_wins_over_prefer_as_a_whole():
    wish = read_wish(b"__code=404", (b"code=409, example=full",))
    assert (wish.status, wish.example) == (404, None)


def test_a_header_of_great_length_is_not_read():
    assert read_wish(b"", (b"code=409," + b'"' * 1000,)) is None


@pytest.mark.parametrize("code", ["abc", "", "99", "4091", "600", "%D9%A4%D9%A0%D9%A9"])
def test_a_code_that_is_no_status_is_refused(code):
    with pytest.raises(UnmetWish, match="the code must be a status such as 409"):
        read_wish(f"__code={code}".encode(), ())


def test_a_wish_is_granted_with_what_the_contract_gives(offers):
    join = offers["join_session"]
    assert grant(Wish(409, None, ""), join) == (409, None)
    assert grant(Wish(409, "full", ""), join) == (409, "full")


def test_an_example_alone_finds_its_status_successes_first(offers):
    assert grant(Wish(None, "full", ""), offers["join_session"]) == (409, "full")
    success = next(iter(offers["join_session"].responses[200].examples))
    assert grant(Wish(None, success, ""), offers["join_session"]) == (200, success)


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        (
            Wish(418, None, "?__code=418"),
            (
                "`?__code=418`: the contract gives `end_session` no 418, "
                "must be one of `200`, `400`, `401`, `403`, `404`, `409`, `429` or `503`"
            ),
        ),
        (
            Wish(404, "gone", "Prefer: code=404, example=gone"),
            (
                "`Prefer: code=404, example=gone`: 404 of `end_session` has no example `gone`, "
                "must be one of `session_not_found`"
            ),
        ),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused_with_what_there_is(offers, wish, sentence):
    with pytest.raises(UnmetWish) as caught:
        grant(wish, offers["end_session"])
    assert str(caught.value) == sentence


def test_an_unknown_example_is_refused_with_all_there_are(offers):
    with pytest.raises(UnmetWish) as caught:
        grant(Wish(None, "fool", "Prefer: example=fool"), offers["join_session"])
    assert "no such example, must be one of" in str(caught.value)
    assert "`full`" in str(caught.value)
    assert "`session_not_found`" in str(caught.value)

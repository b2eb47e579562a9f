from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.http.errors import Refusal
from mock_server.http.parameters import IntegerParameter, read_query, read_uuid

PLAN = (
    IntegerParameter("page", default=1, minimum=1, maximum=None),
    IntegerParameter("limit", default=10, minimum=1, maximum=100),
)
ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"


def test_what_is_not_given_has_its_default():
    assert read_query(PLAN, b"") == {"page": 1, "limit": 10}
    assert read_query(PLAN, b"limit=5&colour=red") == {"page": 1, "limit": 5}


@given(page=st.integers(1, 10**999), limit=st.integers(1, 100))
def test_every_integer_within_bounds_is_read(page, limit):
    assert read_query(PLAN, f"page={page}&limit={limit}".encode()) == {"page": page, "limit": limit}


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (b"page=0", "`page` is 0, must be an integer of at least 1"),
        (b"page=-3", "`page` is -3, must be an integer of at least 1"),
        (b"limit=101", "`limit` is 101, must be an integer from 1 to 100"),
        (b"limit=abc", "`limit` is `abc`, must be an integer from 1 to 100"),
        (b"limit=", "`limit` is empty, must be an integer from 1 to 100"),
        (b"limit", "`limit` is empty, must be an integer from 1 to 100"),
        (b"page=1e9", "`page` is `1e9`, must be an integer of at least 1"),
        (b"page=1.0", "`page` is `1.0`, must be an integer of at least 1"),
        (b"page=%2B1", "`page` is `+1`, must be an integer of at least 1"),
        (b"page=+1", "`page` is ` 1`, must be an integer of at least 1"),
        (b"page=1_0", "`page` is `1_0`, must be an integer of at least 1"),
        ("page=٣".encode(), "must be an integer of at least 1"),
        (b"page=" + b"9" * 5000, "must be an integer of at least 1"),
        (b"page=1&page=2", "`page` is given 2 times, must be given once"),
        (b"page=1&page=1", "`page` is given 2 times, must be given once"),
    ],
)
def test_a_mistake_in_the_query_is_refused_with_what_must_be(query, sentence):
    with pytest.raises(Refusal) as refusal:
        read_query(PLAN, query)
    assert refusal.value.status == 400
    assert sentence in refusal.value.sentence


@given(st.binary())
def test_no_query_string_breaks_the_reader(query):
    try:
        values = read_query(PLAN, query)
    except Refusal as refusal:
        assert refusal.status == 400  # noqa: PT017 - most inputs raise nothing
    else:
        assert values["page"] >= 1


def test_a_uuid_of_either_case_is_read_in_lower_case():
    assert read_uuid("id", ID.upper()) == ID


@pytest.mark.parametrize(
    "value", ["", "7", ID[:-1], ID + "0", ID.replace("-", ""), f"{{{ID}}}", "\x00", "..", f"{ID}\n"]
)
def test_anything_but_a_uuid_is_refused(value):
    with pytest.raises(Refusal, match="must be a uuid") as refusal:
        read_uuid("id", value)
    assert refusal.value.status == 400

from __future__ import annotations

import pytest

from conformance.errors import Mismatch
from conformance.reply import parsed, shown


def test_a_status_that_is_not_expected_is_a_mismatch(reply) -> None:
    answer = reply("get_me", 409, {"error": "it is, it must be"})
    assert answer.must(200, 409) is answer
    with pytest.raises(Mismatch) as told:
        answer.must(200, 201)
    assert told.value.expected == "200 or 201"
    assert told.value.received == "409 (it is, it must be)"


@pytest.mark.parametrize(
    ("status", "strict", "good"),
    [
        (422, True, True),
        (400, True, False),
        (400, False, True),
        (200, False, False),
        (500, False, False),
    ],
)
def test_a_refusal_is_exact_only_where_it_is_decided(reply, status, strict, good) -> None:
    answer = reply("create_room", status, {})
    if good:
        assert answer.must_refuse(422, strictly=strict) is answer
    else:
        with pytest.raises(Mismatch):
            answer.must_refuse(422, strictly=strict)


def test_what_is_absent_is_named_by_its_path(reply) -> None:
    answer = reply("get_me", 200, {"data": {"rooms": [{"id": "1"}]}})
    assert answer.data("rooms", 0, "id") == "1"
    for keys in (("rooms", 1), ("rooms", "x"), ("nothing", "there")):
        with pytest.raises(Mismatch, match="a value at `data"):
            answer.data(*keys)


def test_only_strict_json_is_json() -> None:
    assert parsed(b'{"a": 1}') == {"a": 1}
    for other in (None, b"", b"{", b"NaN", b'{"a": 1, "a": 2}', b"[" * 100_000, b"\xff"):
        assert parsed(other) is None


def test_long_values_are_shown_short() -> None:
    assert shown({"a": "é"}) == '`{"a": "é"}`'
    assert len(shown("x" * 5000)) < 200

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_origin, get_type_hints

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.domain.entities import KINDS, Preset, Session
from mock_server.storage import codec
from mock_server.storage.codec import decode, encode
from mock_server.storage.protocol import StorageError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PRESET = Preset(
    id="p", user_id="u", library_id="l", name="n", type="rtmp", created_at=NOON, updated_at=NOON
)
WHOLE = st.integers(-(2**63), 2**64 - 1)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | WHOLE
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
MOMENTS = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7))]))


def _values(hint):
    if get_origin(hint) is dict:
        return st.dictionaries(st.text(), JSON, max_size=4)
    return st.from_type(hint)


def _entities(kind):
    hints = get_type_hints(kind)
    return st.builds(kind, **{each.name: _filled(hints[each.name]) for each in fields(kind)})


def _filled(hint):
    options = getattr(hint, "__args__", ()) if type(None) in getattr(hint, "__args__", ()) else ()
    return st.one_of(*map(_values, options)) if options else _values(hint)


@pytest.fixture(autouse=True, scope="module")
def _types():
    st.register_type_strategy(datetime, MOMENTS)
    st.register_type_strategy(int, WHOLE)
    yield
    st.register_type_strategy(datetime, st.datetimes())
    st.register_type_strategy(int, st.integers())


@pytest.mark.parametrize("kind", KINDS)
@settings(derandomize=True, database=None, deadline=None, max_examples=40)
@given(data=st.data())
def test_every_kind_comes_back_as_it_went(kind, data):
    entity = data.draw(_entities(kind))
    document = encode(entity)
    again = decode(kind, document)
    assert again == entity
    assert decode(kind, document.decode()) == entity
    assert encode(again) == document


def test_times_are_kept_in_utc_with_microseconds():
    east = NOON.replace(microsecond=7).astimezone(timezone(timedelta(hours=2)))
    document = orjson.loads(encode(replace(PRESET, created_at=east)))
    assert document["created_at"] == "2026-03-01T12:00:00.000007Z"
    assert decode(Preset, orjson.dumps(document)).created_at.tzinfo is UTC


def test_what_is_none_by_default_is_left_out(make):
    document = orjson.loads(encode(make("s")))
    assert "started_at" not in document
    assert None not in document.values()


def test_a_none_that_is_not_the_default_is_kept(monkeypatch):
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Kind:
        id: str
        colour: str | None = "red"
        size: int | None

    monkeypatch.setattr(codec, "_SHAPES", {Kind: codec._shape_of(Kind)})
    entity = Kind(id="k", colour=None, size=None)
    assert decode(Kind, encode(entity)) == entity


def test_a_field_of_a_newer_version_is_not_dropped():
    document = orjson.loads(encode(PRESET)) | {"colour": "red", "area": 1}
    with pytest.raises(StorageError, match=r"A stored Preset has fields .* \(area, colour\)"):
        decode(Preset, orjson.dumps(document))


def test_a_document_of_an_older_version_says_what_it_lacks():
    document = orjson.loads(encode(PRESET))
    del document["name"], document["user_id"]
    with pytest.raises(StorageError, match=r"A stored Preset lacks fields .* \(name, user_id\)"):
        decode(Preset, orjson.dumps(document))


def test_a_field_with_a_default_may_be_missing(make):
    document = orjson.loads(encode(make("s")))
    del document["seats"]
    assert decode(Session, orjson.dumps(document)) == make("s")


@pytest.mark.parametrize("document", [b"", b"{", b"[]", b'"s"', b"1", b"null", b"\xff", b"[[]]"])
def test_what_is_no_document_is_refused(document):
    with pytest.raises(StorageError, match="A stored Preset"):
        decode(Preset, document)


@pytest.mark.parametrize("time", ["yesterday", 5, [], "2026-13-01T00:00:00Z"])
def test_what_is_no_time_is_refused(time):
    document = orjson.loads(encode(PRESET)) | {"created_at": time}
    with pytest.raises(StorageError, match="A stored Preset can't be read"):
        decode(Preset, orjson.dumps(document))


@pytest.mark.parametrize(
    "value",
    [NOON, 10**30, {1: 2}, {"a": object()}, "\ud800", PRESET, {1}, (1,), math.inf, [math.nan]],
    ids=["time", "huge", "key", "object", "surrogate", "entity", "set", "tuple", "infinity", "nan"],
)
def test_a_free_form_value_that_json_cannot_hold_is_refused(value):
    with pytest.raises(StorageError, match="Preset 'p' holds a value that a store can't keep"):
        encode(replace(PRESET, settings={"value": value}))


def test_half_a_surrogate_pair_is_refused(make):
    with pytest.raises(StorageError, match="can't keep"):
        encode(make("s", title="\ud800"))


@pytest.mark.parametrize("hint", [list[str], tuple[str, ...], bytes, str | int, Any, None])
def test_a_class_with_a_field_of_an_unknown_type_is_refused(hint):
    @dataclass
    class Kind:
        id: str
        odd: str

    Kind.__annotations__["odd"] = hint
    with pytest.raises(TypeError, match=r"Kind\.odd is .*, which the codec does not know"):
        codec._shape_of(Kind)

from __future__ import annotations

import pytest

from mock_server.http.validation import SchemaSet, findings

DOCUMENT = {
    "components": {
        "schemas": {
            "Room": {
                "type": "object",
                "required": ["title"],
                "properties": {
                    "title": {"type": "string", "minLength": 3, "maxLength": 5, "example": "x"},
                    "mode": {"type": "string", "enum": ["webcam", "rtmp"]},
                    "limit": {"type": "integer", "minimum": 1, "maximum": 9},
                    "start": {"type": "string", "format": "date-time"},
                    "id": {"type": "string", "format": "uuid"},
                    "mail": {"type": "string", "format": "email"},
                    "colour": {"type": "string", "pattern": "^#[0-9a-f]{6}$"},
                    "host": {"$ref": "#/components/schemas/Host"},
                },
            },
            "Host": {"type": "object", "properties": {"active": {"type": "boolean"}}},
        }
    }
}
ROOM = SchemaSet(DOCUMENT).compile_request({"$ref": "#/components/schemas/Room"})


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "`title` is missing"),
        ({"title": "ab"}, "`title` has 2 characters, must have at least 3"),
        ({"title": "😀😀"}, "`title` has 2 characters, must have at least 3"),
        ({"title": "abcdef"}, "`title` has 6 characters, must have at most 5"),
        ({"title": 7}, "`title` is an integer, must be a string"),
        ({"title": None}, "`title` is null, must be a string"),
        ({"title": "abc", "mode": "tv"}, "`mode` is `tv`, must be `webcam` or `rtmp`"),
        ({"title": "abc", "limit": 0}, "`limit` is 0, must be at least 1"),
        ({"title": "abc", "limit": 10**30}, "must be at most 9"),
        ({"title": "abc", "limit": 5.0}, "`limit` is a number, must be an integer"),
        ({"title": "abc", "limit": True}, "`limit` is a boolean, must be an integer"),
        ({"title": "abc", "start": "2026-02-30T00:00:00Z"}, "must be a `date-time`"),
        ({"title": "abc", "start": "2026-02-03T00:00:00"}, "must be a `date-time`"),
        ({"title": "abc", "id": "x" * 500}, "…`, must be a `uuid`"),
        ({"title": "abc", "mail": "nobody"}, "`mail` is `nobody`, must be a `email`"),
        ({"title": "abc", "colour": "#FFFFF\n"}, "must match `^#[0-9a-f]{6}$`"),
        ({"title": "abc", "host": {"active": 1}}, "`host.active` is an integer, must be a boolean"),
        ([], "the body is an array, must be an object"),
        (None, "the body is null, must be an object"),
    ],
)
def test_a_finding_says_where_what_is_and_what_must_be(body, sentence):
    found = findings(ROOM, body)
    assert len(found) == 1
    assert sentence in found[0]


CLOSED = {
    "type": "object",
    "properties": {
        "when": {"type": "object", "properties": {"nth": {}}, "additionalProperties": False},
        "pair": {"type": "array", "minItems": 2, "maxItems": 2},
        "one": {"type": "object", "minProperties": 1, "maxProperties": 1},
    },
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"wen": {}}, "`wen` is no field here"),
        ({"when": {"nht": 1}}, "`when.nht` is no field here"),
        ({"pair": [1]}, "`pair` has 1 items, must have at least 2"),
        ({"pair": [1, 2, 3]}, "`pair` has 3 items, must have at most 2"),
        ({"one": {}}, "`one` has 0 fields, must have at least 1"),
        ({"one": {"a": 1, "b": 2}}, "`one` has 2 fields, must have at most 1"),
    ],
)
def test_a_closed_body_says_what_does_not_belong(body, sentence):
    assert findings(SchemaSet({}).compile_request(CLOSED), body) == [sentence]


def test_unknown_fields_are_fine():
    assert ROOM.is_valid({"title": "abc", "surprise": None})


def test_many_findings_are_cut_off():
    schema = {"type": "object", "additionalProperties": {"type": "string"}}
    found = findings(SchemaSet({}).compile_request(schema), {str(n): n for n in range(150)})
    assert len(found) == 101
    assert found[-1] == "and more"

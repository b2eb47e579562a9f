from __future__ import annotations

import pytest

from conformance import levels, responses
from conformance.contract import bundled

CONTRACT = bundled()
GOOD = {"success": True, "data": {"rooms": [], "total": 0, "page": 1, "limit": 10}, "timestamp": 7}
REFUSED = {"success": False, "error": "it is, it must be", "timestamp": 7}


def names(reply, contract=CONTRACT) -> set[str]:
    found = responses.violations(contract, reply)
    return {violation.rule.id.removeprefix("response.") for violation in found}


def test_a_good_answer_is_good(reply) -> None:
    assert names(reply("list_rooms", 200, GOOD)) == set()
    headers = {"content-type": "application/json; charset=utf-8"}
    assert names(reply("list_rooms", 200, GOOD, headers=headers)) == set()


def test_a_good_refusal_is_good(reply) -> None:
    assert names(reply("list_rooms", 400, REFUSED)) == set()
    assert names(reply(None, 404, {**REFUSED, "message": "more"})) == set()


@pytest.mark.parametrize(
    ("name", "status", "body"),
    [
        ("no_crash", 500, REFUSED),
        ("no_crash", 502, None),
        ("status", 201, GOOD),
        ("status", 404, REFUSED),
        ("envelope", 200, {**GOOD, "success": False}),
        ("envelope", 200, {**GOOD, "extra": 1}),
        ("envelope", 200, {**GOOD, "timestamp": "7"}),
        ("envelope", 200, {**GOOD, "timestamp": 7.5}),
        ("envelope", 200, None),
        ("envelope", 400, {"success": False, "timestamp": 7}),
        ("envelope", 400, {**REFUSED, "detail": "x"}),
        ("schema", 200, {**GOOD, "data": {**GOOD["data"], "total": "0"}}),
        ("schema", 200, {**GOOD, "data": {"rooms": []}}),
        ("schema", 200, {**GOOD, "data": {**GOOD["data"], "rooms": [{"id": "1"}]}}),
    ],
)
def test_a_wrong_answer_is_named(reply, name: str, status: int, body: object) -> None:
    assert name in names(reply("list_rooms", status, body))


@pytest.mark.parametrize(
    "said",
    [
        "Traceback (most recent call last): KeyError",
        "at com.live.Rooms.find(Rooms.java:42)",
        "SQLSTATE[23505]: unique violation",
        "SELECT * FROM rooms WHERE id = $1",
        "no such file: /usr/lib/python3/rooms.py",
    ],
)
def test_the_insides_of_a_server_are_named(reply, said: str) -> None:
    assert names(reply("list_rooms", 400, {**REFUSED, "error": said})) == {"no_internals"}
    assert names(reply("list_rooms", 400, {**REFUSED, "message": said})) == {"no_internals"}


def test_refusals_carry_their_headers(reply) -> None:
    assert names(reply("get_me", 401, REFUSED)) == {"challenge"}
    assert names(reply("get_me", 429, REFUSED)) == {"retry_after"}
    json = {"content-type": "application/json"}
    assert names(reply("get_me", 401, REFUSED, headers={**json, "www-authenticate": "B"})) == set()
    assert names(reply("get_me", 503, REFUSED, headers={**json, "retry-after": "1"})) == set()


@pytest.mark.parametrize("received", ["", "text/html", "application/json; charset=latin-1"])
def test_another_content_type_is_named(reply, received: str) -> None:
    assert names(reply("list_rooms", 200, GOOD, headers={"content-type": received})) == {
        "content_type"
    }


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "TRACE"])
def test_methods_the_contract_does_not_speak_of_are_not_judged(reply, method: str) -> None:
    assert names(reply(None, 200, None, method=method, headers={})) == set()


def test_formats_are_checked() -> None:
    validator = responses.compiled(CONTRACT, {"$ref": "#/components/schemas/UserResponse"})
    user = {
        "id": "3C90C3CC-0d44-4b50-8888-8dd25736052a",
        "external_user_id": "3c90c3cc-0d44-4b50-8888-8dd25736052a",
        "organization_id": "3c90c3cc-0d44-4b50-8888-8dd25736052a",
        "email": "maren@harbour.test",
        "username": "Maren",
        "role": "host",
        "is_active": True,
        "created_at": "2030-03-17T17:46:40.123Z",
    }
    assert validator.is_valid(user)
    for name, wrong in (("id", "3c90"), ("email", "maren"), ("created_at", "2030-03-17")):
        assert not validator.is_valid({**user, name: wrong})


def test_what_is_published_is_less_than_what_is_decided(reply) -> None:
    published = levels.published(CONTRACT)
    assert "create_preset" not in published.operations
    assert names(reply("list_rooms", 418, REFUSED), published) == set()
    fewer = {"success": True, "data": {"rooms": [], "total": 3}}
    assert names(reply("list_rooms", 200, fewer), published) == set()
    wrong = {"success": True, "data": {"rooms": {}}}
    assert names(reply("list_rooms", 200, wrong), published) == {"schema"}
    assert CONTRACT.operations["create_preset"].id == "create_preset"

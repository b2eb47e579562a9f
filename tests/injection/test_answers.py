from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime

import pytest

from mock_server.injection.answers import BrokenExample, ContractAnswers

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def answers(contract):
    return ContractAnswers(contract)


def body(answer):
    return json.loads(answer.body)


def test_every_answer_of_the_contract_can_be_made_and_keeps_it(answers):
    made = 0
    for operation, offers in answers.offers.items():
        for status, offer in offers.responses.items():
            for example in (None, *offer.examples):
                answer = answers.make(operation, status, NOW, example=example)
                assert answer.status == status
                assert body(answer)["timestamp"] == int(NOW.timestamp())
                assert body(answer)["success"] is (status < 400)
                made += 1
    assert made > 400


def test_the_first_example_stands_in_where_none_is_named(answers, offers):
    first = next(iter(offers["join_session"].responses[409].examples.values()))
    assert body(answers.make("join_session", 409, NOW))["error"] == first["error"]
    full = body(answers.make("join_session", 409, NOW, example="full"))
    assert "places are taken" in full["error"]


def test_the_headers_the_contract_asks_for_are_there(answers):
    assert answers.make("go_live", 429, NOW).headers == ((b"retry-after", b"5"),)
    assert answers.make("go_live", 503, NOW, retry_after=7).headers == ((b"retry-after", b"7"),)
    ((name, value),) = answers.make("go_live", 401, NOW).headers
    assert name == b"www-authenticate"
    assert value.startswith(b"Bearer ")


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (429, "too many requests, must wait 7 s before the next one"),
        (503, "the service can't answer now, try again in 7 s"),
    ],
)
def test_a_refusal_says_the_seconds_its_header_says(answers, status, sentence):
    made = answers.make("go_live", status, NOW, retry_after=7)
    assert body(made)["error"] == sentence
    assert made.reason == sentence


def test_a_named_example_keeps_its_words(answers):
    made = answers.make("go_live", 429, NOW, example="too_many_requests", retry_after=7)
    assert "5 seconds" in body(made)["error"]
    assert made.headers == ((b"retry-after", b"7"),)


def test_making_an_answer_leaves_the_contract_as_it_was(contract):
    before = deepcopy(contract)
    ContractAnswers(contract).make("go_live", 200, NOW)
    assert contract == before


def test_a_contract_without_examples_gets_a_plain_refusal(contract):
    bare = deepcopy(contract)
    conflict = bare["paths"]["/sessions/{id}/join"]["post"]["responses"]["409"]
    del conflict["content"]["application/json"]["examples"]
    assert body(ContractAnswers(bare).make("join_session", 409, NOW)) == {
        "success": False,
        "error": "conflict",
        "timestamp": int(NOW.timestamp()),
    }


def test_an_example_that_breaks_its_own_schema_is_not_answered(contract):
    wrong = deepcopy(contract)
    conflict = wrong["paths"]["/sessions/{id}/join"]["post"]["responses"]["409"]
    conflict["content"]["application/json"]["examples"] = {"x": {"value": {"error": 5}}}
    with pytest.raises(
        BrokenExample, match="example of 409 for `join_session` breaks its own schema"
    ):
        ContractAnswers(wrong).make("join_session", 409, NOW)


def test_an_answer_without_a_body_has_none():
    document = {"paths": {"/x": {"get": {"operationId": "x", "responses": {"204": {}}}}}}
    assert ContractAnswers(document).make("x", 204, NOW) == (204, (), b"", None)

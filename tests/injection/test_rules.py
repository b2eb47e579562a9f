from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mock_server.domain.errors import Unprocessable
from mock_server.injection.offers import read_offers
from mock_server.injection.rules import Delay, When, why_not_offered


def test_a_rule_is_read_with_all_its_parts(rule):
    read = rule(
        {"status": 409, "example": "full", "delay": {"fixed_ms": 20}},
        when={"state": "live", "nth": [3, 1, 3], "every": 2, "percentage": 12.5},
        count=4,
        until="2026-03-01T13:00:00Z",
    )
    assert read.id == "fault-1"
    assert read.operations == {"join_session"}
    assert read.when == When(state="live", nth=(1, 3), every=2, percentage=12.5)
    assert (read.count, read.until) == (4, datetime(2026, 3, 1, 13, tzinfo=UTC))
    assert (read.effect.status, read.effect.example) == (409, "full")
    assert read.effect.delay == Delay("fixed", 20)
    assert read.effect.ends


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"fixed_ms": 5}, Delay("fixed", 5)),
        ({"uniform_ms": [5, 9]}, Delay("uniform", 5, 9)),
        ({"normal_ms": {"mean": 5, "deviation": 2}}, Delay("normal", 5, 2)),
        ({"lognormal_ms": {"median": 5, "sigma": 0.5}}, Delay("lognormal", 5, 0.5)),
    ],
)
def test_delays_are_read(rule, given, read):
    effect = rule({"delay": given}).effect
    assert effect.delay == read
    assert not effect.ends


def test_a_star_is_for_the_operations_that_can_have_the_effect(rule, offers):
    assert rule({"drop": "request"}, "*").operations == offers.keys()
    assert rule({"status": 429}, "*").operations == offers.keys()
    refusing = rule({"status": 401}, "*").operations
    assert "go_live" in refusing
    assert "list_rooms" not in refusing
    full = rule({"status": 409, "example": "full"}, "*").operations
    assert full == {"join_session"}
    on_sessions = rule({"truncate": 5}, "*", when={"state": "live"}).operations
    assert on_sessions == {name for name, each in offers.items() if each.in_session}


STATUSES = "`200`, `400`, `401`, `404`, `409`, `429` or `503`"


@pytest.mark.parametrize(
    ("effect", "more", "sentence"),
    [
        (
            {"status": 418},
            {},
            f"the contract gives `join_session` no 418, must be one of {STATUSES}",
        ),
        (
            {"status": 409, "example": "fool"},
            {},
            (
                "409 of `join_session` has no example `fool`, "
                "must be one of `scheduled`, `ended` or `full`"
            ),
        ),
        (
            {"status": 409, "retry_after": 3},
            {},
            "`effect.retry_after` is given with 409, must be with one of `429` or `503`",
        ),
        (
            {"drop": "answer", "example": "full"},
            {},
            "`effect.example` is given without `effect.status`, must go with it",
        ),
        (
            {"drop": "answer", "retry_after": 3},
            {},
            "`effect.retry_after` is given without `effect.status`, must go with it",
        ),
        (
            {"status": 409, "truncate": 3},
            {},
            "`effect` has `status` and `truncate`, must have one of them",
        ),
        (
            {"delay": {"uniform_ms": [9, 5]}},
            {},
            "`effect.delay.uniform_ms` is from 9 to 5, must not fall",
        ),
        (
            {"drop": "answer"},
            {"operation": "join_sesion"},
            "no operation has the name `join_sesion`, did you mean `join_session`?",
        ),
        (
            {"drop": "answer"},
            {"operation": "zzz"},
            "no operation has the name `zzz`, must be an operationId or `*`",
        ),
        (
            {"drop": "answer"},
            {"operation": "login", "when": {"state": "live"}},
            "`when.state` asks for a session, and `login` has none in its path",
        ),
        (
            {"status": 418, "example": "teapot"},
            {"operation": "*", "when": {"state": "live"}},
            (
                "no operation gives 418 with an example `teapot` and has a session in its path, "
                "must be what at least one does"
            ),
        ),
        (
            {"status": 404, "retry_after": 1},
            {"operation": "*"},
            "no operation gives 404 and `Retry-After`, must be what at least one does",
        ),
        (
            {"contract_fault": "oldest-first"},
            {"operation": "list_rooms"},
            (
                "a `contract_fault` holds for the whole world, must be the only effect, of the "
                "operation `*`, without `when` and `count`"
            ),
        ),
    ],
)
def test_what_no_schema_can_say_is_refused_in_a_sentence(rule, effect, more, sentence):
    with pytest.raises(Unprocessable) as caught:
        rule(effect, **more)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("effect", "more"),
    [
        ({"delay": {"fixed_ms": 1}}, {}),
        ({}, {"when": {"every": 2}}),
        ({}, {"count": 1}),
    ],
)
def test_a_contract_fault_stands_alone(rule, effect, more):
    with pytest.raises(Unprocessable, match="holds for the whole world"):
        rule({"contract_fault": "oldest-first", **effect}, "*", **more)
    read = rule({"contract_fault": "oldest-first"}, "*", until="2026-03-01T13:00:00Z")
    assert read.effect.contract_fault == "oldest-first"
    assert not read.effect.ends


def test_a_success_without_an_example_cannot_be_answered():
    content = {"application/json": {"schema": {"type": "object"}}}
    responses = {"200": {"content": content}, "404": {"content": content}}
    document = {"paths": {"/x": {"get": {"operationId": "x", "responses": responses}}}}
    operation = read_offers(document)["x"]
    assert why_not_offered(operation, 404, None) is None
    assert why_not_offered(operation, 200, None) == (
        "200 of `x` has no example in the contract to be answered with"
    )

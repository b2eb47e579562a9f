from __future__ import annotations

import pytest

from mock_server.contract.lint import RULES, lint
from mock_server.contract.rules import serving

NAMED = {rule.__name__: rule for rule in RULES if rule.__module__ == serving.__name__}
LIST_ROOMS = "#/paths/~1rooms/get"
CREATE_ROOM = "#/paths/~1rooms/post"
MOVES = "#/x-lifecycles/session/moves"


def answer_without_a_body(d):
    d["paths"]["/rooms"]["get"]["responses"]["200"] = {"description": "Nothing to say."}


def body_in_another_type(d):
    body = d["paths"]["/rooms"]["post"]["requestBody"]
    body["content"] = {"text/xml": {"schema": {"type": "string"}}}


def text_in_the_query(d):
    d["components"]["parameters"]["Page"]["schema"] = {"type": "string", "default": "first"}


def integer_without_a_default(d):
    del d["components"]["parameters"]["Limit"]["schema"]["default"]


def roles_as_one_name(d):
    d["paths"]["/rooms"]["post"]["x-roles"] = "host"


def no_lifecycles(d):
    del d["x-lifecycles"]


def moves_of_another_form(d):
    d["x-lifecycles"]["session"] = "see the handbook"


def a_move_from_nowhere(d):
    del d["x-lifecycles"]["session"]["moves"][1]["from"]


CASES = [
    (answer_without_a_body, "bodies_are_json", LIST_ROOMS + "/responses/200"),
    (body_in_another_type, "bodies_are_json", CREATE_ROOM + "/requestBody"),
    (text_in_the_query, "query_is_readable", "#/components/parameters/Page"),
    (integer_without_a_default, "query_is_readable", "#/components/parameters/Limit"),
    (roles_as_one_name, "roles_are_names", CREATE_ROOM + "/x-roles"),
    (no_lifecycles, "sessions_have_moves", MOVES),
    (moves_of_another_form, "sessions_have_moves", MOVES),
    (a_move_from_nowhere, "sessions_have_moves", MOVES + "/1"),
]


@pytest.mark.parametrize(("change", "rule", "pointer"), CASES)
def test_what_cannot_be_served_is_reported_at_its_place(broken, change, rule, pointer):
    assert lint(broken, [NAMED[rule]]) == []
    change(broken)
    assert [finding.pointer for finding in lint(broken, [NAMED[rule]])] == [pointer]


@pytest.mark.parametrize("name", NAMED)
def test_every_rule_says_what_it_demands_and_can_fail(name):
    assert (NAMED[name].__doc__ or "").startswith("Demand ")
    assert name in [rule for _, rule, _ in CASES]

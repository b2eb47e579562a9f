from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mock_server.contract.lint import GATES, RULES, lint
from mock_server.contract.rules import examples, lifecycles, links

Break = Callable[[dict[str, Any]], object]
AT_GO_LIVE = "#/paths/~1sessions~1{id}~1go_live/post"
MEANING = (examples.__name__, lifecycles.__name__, links.__name__)
CASES: list[tuple[str, Break, str, str]] = []
NAMED = {rule.__name__: rule for rule in (*GATES, *RULES) if rule.__module__ in MEANING}


def case(rule: str, pointer: str, message: str) -> Callable[[Break], Break]:
    """Register a way to break the contract, and where and how the rule must say so."""

    def register(change: Break) -> Break:
        CASES.append((rule, change, pointer, message))
        return change

    return register


def go_live(d: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = d["paths"]["/sessions/{id}/go_live"]["post"]
    return operation


def moves(d: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = d["x-lifecycles"]["session"]["moves"]
    return found


@case(
    "bodies_have_examples", AT_GO_LIVE + "/responses/409/content/application~1json/examples", "no"
)
def _(d):
    go_live(d)["responses"]["409"]["content"]["application/json"]["examples"] = {}


@case("bodies_have_examples", "#/components/examples/GoLiveSucceeded", "no value or no summary")
def _(d):
    del d["components"]["examples"]["GoLiveSucceeded"]["summary"]


@case(
    "examples_keep_their_schema",
    "#/components/examples/GoLiveSucceeded/value/data/session/started_at",
    "breaks its schema",
)
def _(d):
    d["components"]["examples"]["GoLiveSucceeded"]["value"]["data"]["session"]["started_at"] = "now"


@case(
    "examples_keep_their_schema", "#/components/examples/CreateRoomSmallest/value/title", "shorter"
)
def _(d):
    d["components"]["examples"]["CreateRoomSmallest"]["value"]["title"] = "ab"


@case("examples_keep_their_schema", "#/components/parameters/Limit/example", "maximum of 100")
def _(d):
    d["components"]["parameters"]["Limit"]["example"] = 1000


@case("examples_keep_their_schema", "#/components/headers/Retry-After/example", "integer")
def _(d):
    d["components"]["headers"]["Retry-After"]["example"] = "soon"


@case("no_placeholders", "#/components/examples/GetRoomQuiet/value/data/description", "`string`")
def _(d):
    d["components"]["examples"]["GetRoomQuiet"]["value"]["data"]["description"] = "string"


@case("no_placeholders", "#/components/examples/GoLiveSucceeded/value/data/whip_url", "example.com")
def _(d):
    data = d["components"]["examples"]["GoLiveSucceeded"]["value"]["data"]
    data["whip_url"] = "https://api.example.com/whip"


@case("creations_have_links", "#/paths/~1rooms/post/responses/201", "must have links")
def _(d):
    del d["paths"]["/rooms"]["post"]["responses"]["201"]["links"]


@case("links_resolve", "#/paths/~1rooms/post/responses/201/links/get_room/operationId", "`fetch`")
def _(d):
    d["paths"]["/rooms"]["post"]["responses"]["201"]["links"]["get_room"]["operationId"] = "fetch"


@case(
    "links_resolve",
    "#/paths/~1rooms/post/responses/201/links/get_room/parameters/room",
    "no `room`",
)
def _(d):
    link = d["paths"]["/rooms"]["post"]["responses"]["201"]["links"]["get_room"]
    link["parameters"] = {"room": "$response.body#/data/room/id"}


@case(
    "links_resolve", "#/paths/~1auth~1login/post/responses/200/links/logout/requestBody/token", "no"
)
def _(d):
    link = d["paths"]["/auth/login"]["post"]["responses"]["200"]["links"]["logout"]
    link["requestBody"] = {"token": "$response.body#/data/refresh_token"}


@case(
    "expressions_lead_somewhere",
    "#/paths/~1rooms/post/responses/201/links/get_room/parameters/id",
    "`/data/id` is not in every answer",
)
def _(d):
    link = d["paths"]["/rooms"]["post"]["responses"]["201"]["links"]["get_room"]
    link["parameters"]["id"] = "$response.body#/data/id"


@case(
    "expressions_lead_somewhere",
    "#/paths/~1rooms/post/responses/201/links/get_room/parameters/id",
    "must be `$response.body#/…`",
)
def _(d):
    link = d["paths"]["/rooms"]["post"]["responses"]["201"]["links"]["get_room"]
    link["parameters"]["id"] = "data.room.id"


@case("states_are_the_statuses", "#/x-lifecycles/session/states", "must be the same")
def _(d):
    d["x-lifecycles"]["session"]["states"].remove("expired")


@case("states_are_the_statuses", "#/x-lifecycles/session/field", "has no enum")
def _(d):
    d["x-lifecycles"]["session"]["field"] = "state"


@case("states_are_the_statuses", "#/x-lifecycles/session/initial", "is no state")
def _(d):
    d["x-lifecycles"]["session"]["initial"] = "draft"


@case("moves_exist", "#/x-lifecycles/session/moves/2", "`publish` is no operation")
def _(d):
    moves(d)[2]["operation"] = "publish"


@case("moves_exist", "#/x-lifecycles/session/moves/2/from", "`draft` is no state")
def _(d):
    moves(d)[2]["from"] = ["draft"]


@case("moves_exist", "#/x-lifecycles/session/moves/2/to", "`nowhere` is neither")
def _(d):
    moves(d)[2]["to"] = "nowhere"


@case("moves_exist", "#/x-lifecycles/session/moves/2", "either `operation` or `time`")
def _(d):
    moves(d)[2]["time"] = "later"


@case("moves_are_said_once", "#/x-lifecycles/session/moves/15/from", "`live` is in another row")
def _(d):
    moves(d).append({"operation": "end_session", "from": ["live"], "to": "ended"})


@case("refusals_for_state_have_rows", AT_GO_LIVE + "/responses/409", "must have a row")
def _(d):
    del moves(d)[2]


@case("refusals_for_state_have_rows", AT_GO_LIVE + "/responses", "must document 409")
def _(d):
    del go_live(d)["responses"]["409"]


@pytest.mark.parametrize(("rule", "change", "pointer", "message"), CASES)
def test_a_broken_contract_is_reported_at_its_place(broken, rule, change, pointer, message):
    change(broken)
    found = list(NAMED[rule](broken))
    assert any(f.pointer == pointer and message in f.message for f in found), found


@pytest.mark.parametrize("name", NAMED)
def test_every_rule_says_what_it_demands_and_can_fail(broken, name):
    rule = NAMED[name]
    change, pointer = next((change, pointer) for of, change, pointer, _ in CASES if of == name)
    assert (rule.__doc__ or "").startswith("Demand ")
    assert list(rule(broken)) == []
    change(broken)
    assert pointer in [finding.pointer for finding in lint(broken, [rule])]

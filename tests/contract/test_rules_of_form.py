from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mock_server.contract.lint import GATES, RULES, lint
from mock_server.contract.rules import form, operations

Break = Callable[[dict[str, Any]], object]
AT_GO_LIVE = "#/paths/~1sessions~1{id}~1go_live/post"
CASES: list[tuple[str, Break, str, str]] = []
NAMED = {
    rule.__name__: rule
    for rule in (*GATES, *RULES)
    if rule.__module__ in (form.__name__, operations.__name__)
}


def case(rule: str, pointer: str, message: str) -> Callable[[Break], Break]:
    """Register a way to break the contract, and where and how the rule must say so."""

    def register(change: Break) -> Break:
        CASES.append((rule, change, pointer, message))
        return change

    return register


def go_live(d: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = d["paths"]["/sessions/{id}/go_live"]["post"]
    return operation


def schema(d: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = d["components"]["schemas"][name]
    return found


@case("references_resolve", "#/components/schemas/SessionEnvelope/properties/data/$ref", "nowhere")
def _(d):
    schema(d, "SessionEnvelope")["properties"]["data"]["$ref"] = "#/components/schemas/Session"


@case("references_resolve", "#/paths/~1rooms/get/parameters/0/$ref", "nowhere")
def _(d):
    d["paths"]["/rooms"]["get"]["parameters"][0]["$ref"] = "common.yaml#/parameters/Page"


@case("version_is_3_0", "#/openapi", "is `3.1.0`, must be 3.0.x")
def _(d):
    d["openapi"] = "3.1.0"


@case("valid_openapi", "#/info", '"title" is a required property')
def _(d):
    del d["info"]["title"]


@case("valid_openapi", "#/paths/~1rooms/get/responses/200", "a field is missing, unknown or of")
def _(d):
    del d["paths"]["/rooms"]["get"]["responses"]["200"]["description"]


@case("operation_ids", AT_GO_LIVE + "/operationId", "`goLive`, must be snake_case")
def _(d):
    go_live(d)["operationId"] = "goLive"


@case("operation_ids", "#/paths/~1sessions~1{id}~1end/post/operationId", "also at")
def _(d):
    d["paths"]["/sessions/{id}/end"]["post"]["operationId"] = "go_live"


@case("names", "#/components/schemas/RoomResponse/properties/libraryId", "must be snake_case")
def _(d):
    schema(d, "RoomResponse")["properties"]["libraryId"] = {"type": "string"}


@case("names", "#/components/schemas/room_response", "must be PascalCase")
def _(d):
    d["components"]["schemas"]["room_response"] = schema(d, "RoomResponse")


@case("names", AT_GO_LIVE + "/responses/200/content/application~1json/examples/onAir", "snake_case")
def _(d):
    examples = go_live(d)["responses"]["200"]["content"]["application/json"]["examples"]
    examples["onAir"] = examples["on_air"]


@case(
    "plain_schemas", "#/components/schemas/SessionResponse/properties/ended_at/nullable", "is used"
)
def _(d):
    schema(d, "SessionResponse")["properties"]["ended_at"]["nullable"] = True


@case("plain_schemas", "#/components/schemas/RoomListResponse/properties/rooms/items/oneOf", "used")
def _(d):
    room = schema(d, "RoomListResponse")["properties"]["rooms"]
    room["items"] = {"oneOf": [room["items"], {"type": "string"}]}


@case("properties_exist", "#/components/schemas/RoomResponse/required", "`owner` is required")
def _(d):
    schema(d, "RoomResponse")["required"].append("owner")


@case("descriptions", "#/components/schemas/RoomResponse/properties/title", "has no description")
def _(d):
    del schema(d, "RoomResponse")["properties"]["title"]["description"]


@case("components_are_used", "#/components/schemas/PollResponse", "used nowhere")
def _(d):
    d["components"]["schemas"]["PollResponse"] = {"type": "object", "x-provenance": "published"}


@case("components_are_used", "#/components/securitySchemes/cookie", "used nowhere")
def _(d):
    d["components"]["securitySchemes"]["cookie"] = {"type": "apiKey", "in": "cookie", "name": "s"}


@case("provenance", AT_GO_LIVE, "has no `x-provenance`")
def _(d):
    del go_live(d)["x-provenance"]


@case("provenance", AT_GO_LIVE + "/responses/409", "has no `x-provenance`")
def _(d):
    del go_live(d)["responses"]["409"]["x-provenance"]


@case("provenance", "#/components/schemas/RoomResponse", "has no `x-provenance`")
def _(d):
    del schema(d, "RoomResponse")["x-provenance"]


@case(
    "provenance", "#/components/schemas/RoomListResponse/properties/total/x-provenance", "guessed"
)
def _(d):
    schema(d, "RoomListResponse")["properties"]["total"]["x-provenance"] = "guessed"


@case("words", AT_GO_LIVE, "has no description")
def _(d):
    go_live(d)["description"] = " "


@case("words", AT_GO_LIVE + "/tags", "has the tag `Broadcast`")
def _(d):
    go_live(d)["tags"] = ["Broadcast"]


@case("one_success", AT_GO_LIVE + "/responses", "documents 2 2xx statuses")
def _(d):
    go_live(d)["responses"]["202"] = go_live(d)["responses"]["200"]


@case("refusals", AT_GO_LIVE + "/responses", "does not document 401")
def _(d):
    del go_live(d)["responses"]["401"]


@case("refusals", AT_GO_LIVE + "/responses", "does not document 403")
def _(d):
    del go_live(d)["responses"]["403"]


@case("refusals", AT_GO_LIVE + "/responses/415", "documents 415, must not")
def _(d):
    go_live(d)["responses"]["415"] = {"$ref": "#/components/responses/NotJsonMediaType"}


@case("refusals", "#/paths/~1rooms/get/responses/401", "documents 401, must not")
def _(d):
    d["paths"]["/rooms"]["get"]["responses"]["401"] = go_live(d)["responses"]["401"]


@case("refusals", "#/paths/~1auth~1login/post/responses", "does not document 401")
def _(d):
    del d["paths"]["/auth/login"]["post"]["responses"]["401"]


@case("refusals", "#/paths/~1auth~1code/post/responses", "does not document 404")
def _(d):
    del d["paths"]["/auth/code"]["post"]["responses"]["404"]


@case("refusals", "#/paths/~1rooms/post/responses", "does not document 422")
def _(d):
    del d["paths"]["/rooms"]["post"]["responses"]["422"]


@case("headers", "#/components/responses/Unauthenticated", "header `WWW-Authenticate`")
def _(d):
    del d["components"]["responses"]["Unauthenticated"]["headers"]


@case("headers", "#/components/responses/Unavailable", "503 has no required header `Retry-After`")
def _(d):
    d["components"]["responses"]["Unavailable"]["headers"] = {
        "Retry-After": {"schema": {"type": "integer"}}
    }


@case("envelopes", "#/components/schemas/SessionEnvelope", "the envelope is open")
def _(d):
    del schema(d, "SessionEnvelope")["additionalProperties"]


@case("envelopes", "#/components/schemas/ErrorResponse", "`success` is not always False")
def _(d):
    schema(d, "ErrorResponse")["properties"]["success"]["enum"] = [True, False]


@case("envelopes", "#/components/schemas/RoomEnvelope", "must require success, data, timestamp")
def _(d):
    schema(d, "RoomEnvelope")["required"] = ["success", "data"]


@case("envelopes", AT_GO_LIVE + "/responses/409", "is not `application/json` alone")
def _(d):
    content = go_live(d)["responses"]["409"]["content"]
    content["text/plain"] = content["application/json"]


@case("envelopes", AT_GO_LIVE + "/responses/409", "is not `application/json` alone")
def _(d):
    content = go_live(d)["responses"]["409"]["content"]
    content["text/event-stream"] = content.pop("application/json")


@case("roles", AT_GO_LIVE + "/x-roles", "`admin` is no role, must be one of host, viewer")
def _(d):
    go_live(d)["x-roles"] = ["admin"]


@case("roles", "#/paths/~1rooms/get/x-roles", "is public, must ask for no role")
def _(d):
    d["paths"]["/rooms"]["get"]["x-roles"] = ["host"]


@case("security", AT_GO_LIVE + "/security/0", "`cookie` is no security scheme")
def _(d):
    go_live(d)["security"] = [{"cookie": []}]


@case("security", "#/security/0", "names 2 schemes at once")
def _(d):
    d["security"] = [{"bearer": [], "api_key": []}]


@case("busy", AT_GO_LIVE + "/responses", "does not document 503")
def _(d):
    del go_live(d)["responses"]["503"]


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

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mock_server.contract.bundle import bundle
from mock_server.contract.document import Finding
from mock_server.contract.lint import CONTROL_RULES, GATES, RULES, lint, lint_sources

Break = Callable[[dict[str, Any]], object]
GO_LIVE = "/sessions/{id}/go_live"
AT_GO_LIVE = "#/paths/~1sessions~1{id}~1go_live/post"
NAMED = {rule.__name__: rule for rule in (*GATES, *RULES)}
CASES: dict[str, list[tuple[Break, str, str]]] = {}


def case(rule: str, pointer: str, message: str) -> Callable[[Break], Break]:
    """Register a way to break the contract, and where and how the rule must say so."""

    def register(change: Break) -> Break:
        CASES.setdefault(rule, []).append((change, pointer, message))
        return change

    return register


def go_live(d: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = d["paths"][GO_LIVE]["post"]
    return operation


def schema(d: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = d["components"]["schemas"][name]
    return found


def moves(d: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = d["x-lifecycles"]["session"]["moves"]
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


@case("busy", AT_GO_LIVE + "/responses", "does not document 503")
def _(d):
    del go_live(d)["responses"]["503"]


@pytest.mark.parametrize(
    ("rule", "change", "pointer", "message"),
    [
        pytest.param(rule, *broken, id=f"{rule}-{index}")
        for rule, cases in CASES.items()
        for index, broken in enumerate(cases)
    ],
)
def test_a_broken_contract_is_reported_at_its_place(broken, rule, change, pointer, message):
    change(broken)
    found = list(NAMED[rule](broken))
    assert any(f.pointer == pointer and message in f.message for f in found), found


@pytest.mark.parametrize("rule", [*GATES, *RULES], ids=lambda rule: rule.__name__)
def test_every_rule_says_what_it_demands_and_can_fail(broken, rule):
    assert (rule.__doc__ or "").startswith("Demand ")
    change, pointer, _ = CASES[rule.__name__][0]
    assert list(rule(broken)) == []
    change(broken)
    assert pointer in [finding.pointer for finding in lint(broken, [rule])]


def test_a_contract_that_is_whole_has_no_findings(contract):
    assert lint(contract) == []


def test_a_broken_reference_keeps_the_other_rules_from_running(broken):
    schema(broken, "SessionEnvelope")["properties"]["data"]["$ref"] = "#/components/schemas/Session"
    del go_live(broken)["summary"]
    assert [finding.message for finding in lint(broken)] == [
        "`#/components/schemas/Session` leads nowhere, must be a place in this document"
    ]


def test_the_control_plane_need_not_document_429_and_503(root):
    control = bundle(root, "control")
    assert lint(control, CONTROL_RULES) == []
    assert {finding.message for finding in lint(control)} == {
        f"`{name}` does not document {status}, must"
        for name in ("get_health", "list_personas", "reset_world")
        for status in ("429", "503")
    }


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Path:
    shutil.copytree(root / "openapi", tmp_path / "openapi")
    return tmp_path


def append(checkout: Path, name: str, text: str) -> None:
    with (checkout / "openapi" / name).open("a", encoding="utf-8") as stream:
        stream.write(text)


def test_a_bundle_that_was_edited_by_hand_is_out_of_date(checkout):
    append(checkout, "dist/openapi.json", "\n")
    assert lint_sources(checkout) == [
        Finding("openapi.json#", "differs from its sources, run `greenroom contract bundle`")
    ]


def test_a_component_that_no_document_uses_is_reported(checkout):
    append(checkout, "examples/control.yaml", "\n  Forgotten: {summary: Left over, value: {}}\n")
    assert lint_sources(checkout) == [
        Finding("openapi/examples/control.yaml#/examples/Forgotten", "is used by no document")
    ]


def test_a_source_that_cannot_be_read_is_the_only_finding(checkout):
    append(checkout, "schemas/rooms.yaml", "schemas: {}\n")
    (finding,) = lint_sources(checkout)
    assert "`schemas` is there twice, must be there once" in finding.message


def test_a_finding_names_the_document_it_is_in(checkout):
    path = checkout / "openapi" / "control.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("reset_world", "resetWorld"), "utf-8")
    pointers = [finding.pointer for finding in lint_sources(checkout)]
    assert pointers == ["control.json#/paths/~1reset/post/operationId", "control.json#"]

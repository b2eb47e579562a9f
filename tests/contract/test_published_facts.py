"""Compare the contract with what the provider has published, where that file is at hand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from mock_server.contract.document import follow, operations, parameters, request_schema

REPOSITORY = Path(__file__).resolve().parents[2]
FACTS = Path(
    os.environ.get("GREENROOM_PUBLISHED_FACTS")
    or REPOSITORY.parent / "shared" / "reference" / "published-api.yaml"
)
pytestmark = pytest.mark.skipif(
    not FACTS.is_file(),
    reason=f"`{FACTS.name}` is not here; set GREENROOM_PUBLISHED_FACTS to its path to compare",
)
# These published schemas belong to operations that have no path yet.
LATER = (
    "Poll", "Vote", "Chat", "Hand", "JoinRequest", "Stage", "Recording", "Attendance", "Viewers",
    "ActiveViewer", "Participant",
)  # fmt: skip
WORDS = {"description", "x-provenance"}


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FACTS.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def published(facts) -> dict[str, Any]:
    """The published schemas that the contract must have, by name."""
    named = facts["schemas_used_by_operations"] | {
        name: schema
        for name, schema in facts["schemas_without_a_published_path"].items()
        if not any(word in name for word in LATER)
    }
    named.pop("SuccessResponse")  # every envelope of a success is one
    return named


@pytest.fixture(scope="module")
def by_route(contract):
    return {f"{o.method.upper()} {o.path}": o for o in operations(contract)}


def wanted(fact: Any) -> dict[str, Any]:
    """Turn one fact about a field into the schema it asks for."""
    if isinstance(fact, str):
        kind, _, form = fact.rstrip(">").partition("<")
        if kind[0].isupper():
            return {"$ref": f"#/components/schemas/{kind}"}
        return {"type": kind, "format": form} if form else {"type": kind}
    if "array_of" in fact:
        return {"type": "array", "items": wanted(fact["array_of"])}
    if isinstance(fact.get("type"), str):
        return dict(fact)
    return {"type": "object", "properties": {name: wanted(f) for name, f in fact.items()}}


def compare(schema: dict[str, Any], fact: dict[str, Any], place: str) -> None:
    """Assert that a schema says all the fact says, and no more unless it is marked as decided."""
    for keyword, value in fact.items():
        if keyword == "properties":
            assert set(schema["properties"]) == set(value), place
            for name, child in value.items():
                compare(schema["properties"][name], child, f"{place}.{name}")
        elif keyword == "items":
            compare(schema["items"], value, f"{place}[]")
        else:
            assert schema.get(keyword) == value, f"{place}: {keyword}"
    added = set(schema) - set(fact) - WORDS - {"required"}
    if schema.get("x-provenance") != "decided":
        assert not added, f"{place}: {added} added to what is published"


def test_all_published_operations_are_there_and_marked(facts, by_route):
    routes = {fact["operation"] for fact in facts["operations"]}
    assert len(routes) == 25
    marked = {r for r, o in by_route.items() if o.body["x-provenance"] == "published"}
    assert marked == routes


def test_tags_and_statuses_are_the_published_ones(facts, by_route):
    for fact in facts["operations"]:
        body = by_route[fact["operation"]].body
        assert body["tags"] == [fact["tag"]], fact
        assert [s for s in body["responses"] if s < "300"] == [str(fact["success"])], fact


def test_who_may_call_is_as_published(facts, by_route):
    for fact in facts["operations"]:
        body = by_route[fact["operation"]].body
        expected = {
            "public": ([], None),
            "host only": (None, ["host"]),
            "any authenticated caller": (None, None),
        }[fact["auth"]]
        assert (body.get("security"), body.get("x-roles")) == expected, fact


def test_credentials_are_a_bearer_token_or_an_api_key(contract):
    assert contract["servers"][0]["url"] == "/v1/webinar"
    assert contract["security"] == [{"bearer": []}, {"api_key": []}]
    schemes = contract["components"]["securitySchemes"]
    assert (schemes["bearer"]["type"], schemes["bearer"]["scheme"]) == ("http", "bearer")
    assert (schemes["api_key"]["in"], schemes["api_key"]["name"]) == ("header", "X-API-Key")


def test_query_parameters_and_their_defaults_are_the_published_ones(facts, contract, by_route):
    for fact in facts["operations"]:
        found = {
            node["name"]: node["schema"]
            for node, _ in parameters(contract, by_route[fact["operation"]])
            if node["in"] == "query"
        }
        for name, known in fact.get("query", {}).items():
            compare(found[name], known, f"{fact['operation']}?{name}")


def test_request_bodies_are_the_published_schemas(facts, contract, by_route):
    for fact in facts["operations"]:
        schema = request_schema(contract, by_route[fact["operation"]])
        if "request" in fact:
            assert schema is contract["components"]["schemas"][fact["request"]], fact
        elif schema is not None:
            assert schema["x-provenance"] == "decided", fact


def test_data_of_every_answer_is_as_published(facts, contract, by_route):
    for fact in facts["operations"]:
        response = by_route[fact["operation"]].body["responses"][str(fact["success"])]
        node = response["content"]["application/json"]["schema"]
        envelope, _ = follow(contract, node, "#")
        if fact["data"] == "not documented":
            assert "decided" in (response.get("x-provenance"), envelope["x-provenance"]), fact
        else:
            assert "x-provenance" not in response, fact
            assert envelope["x-provenance"] == "published", fact
            compare(envelope["properties"]["data"], wanted(fact["data"]), fact["operation"])


def test_every_success_has_the_published_envelope(facts, contract):
    fields = facts["schemas_used_by_operations"]["SuccessResponse"]["fields"]
    envelopes = {n: s for n, s in contract["components"]["schemas"].items() if "Envelope" in n}
    assert envelopes
    for name, schema in envelopes.items():
        assert set(schema["properties"]) == set(fields), name
        assert schema["properties"]["success"]["type"] == fields["success"], name
        timestamp, _ = follow(contract, schema["properties"]["timestamp"], "#")
        compare(timestamp, wanted(fields["timestamp"]), name)


def test_all_published_schemas_of_our_operations_keep_their_fields(published, contract):
    schemas = contract["components"]["schemas"]
    assert len(published) == 29
    for name, fact in published.items():
        assert schemas[name]["x-provenance"] == "published", name
        for field, known in fact["fields"].items():
            schema = schemas[name]["properties"][field]
            if name == "ErrorResponse":  # `timestamp` and `success` are narrowed in one place
                schema = {k: v for k, v in follow(contract, schema, "#")[0].items() if k != "enum"}
            compare(schema, wanted(known), f"{name}.{field}")
        assert set(schemas[name]["properties"]) == set(fact["fields"]), name


def test_requests_require_what_is_published_and_nothing_else(published, contract):
    for name, fact in published.items():
        if name.endswith("Request"):
            required = contract["components"]["schemas"][name].get("required", [])
            assert required == fact.get("required", []), name


def test_nothing_that_waits_for_its_path_is_in_the_contract(facts, published, contract):
    later = set(facts["schemas_without_a_published_path"]) - set(published)
    assert later.isdisjoint(contract["components"]["schemas"])

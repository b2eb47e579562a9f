from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path

import pytest
from connexion.exceptions import InvalidSpecification
from connexion.spec import Specification

from mock_server.contract.load import ContractError, bundle_path, load_contract
from mock_server.http.specification import Bundle, not_valid, require_valid

FILE = Path("theirs.json")


def contract(name="openapi"):
    return load_contract(bundle_path(name))


@pytest.mark.parametrize("name", ["openapi", "control"])
def test_our_bundles_pass_connexions_own_check_and_become_the_same_document(name):
    assert dict(Bundle(contract(name))) == dict(Specification.from_dict(contract(name)))


def test_a_bundle_that_is_not_valid_is_refused_as_connexion_refuses_it():
    broken = contract()
    broken["paths"]["/rooms"]["get"]["responses"] = []
    with pytest.raises(InvalidSpecification) as quickly:
        Bundle(deepcopy(broken))
    with pytest.raises(InvalidSpecification) as slowly:
        Specification.from_dict(broken)
    assert quickly.value.message == slowly.value.message
    assert list(quickly.value.absolute_path) == list(slowly.value.absolute_path)


def test_our_contract_is_served_from_another_file_too():
    require_valid(contract(), FILE)


def test_schemas_may_refer_to_themselves():
    document = contract()
    room = document["components"]["schemas"]["RoomResponse"]
    room["properties"]["parent"] = {"$ref": "#/components/schemas/RoomResponse"}
    require_valid(document, FILE)


WRONG = {
    "another version": (("openapi",), "3.1.0"),
    "a version that is no text": (("openapi",), 3),
    "a title instead of an object": (("info",), "Live streaming"),
    "no version of the contract": (("info",), {"title": "Live streaming"}),
    "paths in a list": (("paths",), ["/rooms"]),
    "a path that is a number": (("paths", "/rooms"), 1),
    "a reference to nothing": (
        ("components", "schemas", "RoomResponse"),
        {"$ref": "#/components/schemas/Hall"},
    ),
    "a reference to a file": (
        ("paths", "/rooms", "get", "responses", "200"),
        {"$ref": "rooms.yaml#/list"},
    ),
    "a reference to itself": (
        ("components", "responses", "BodyTooLarge"),
        {"$ref": "#/components/responses/BodyTooLarge"},
    ),
    "a default outside of its schema": (
        ("components", "parameters", "Limit", "schema", "default"),
        "ten",
    ),
    "an answer without a body": (
        ("paths", "/rooms", "get", "responses", "200"),
        {"description": "Nothing."},
    ),
    "no answer but refusals": (
        ("paths", "/rooms", "get", "responses"),
        {"404": {"description": "Gone."}},
    ),
    "a role that is a number": (("paths", "/rooms", "post", "x-roles"), [1]),
    "no lifecycle": (("x-lifecycles",), {}),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_contract_is_told_in_one_line_with_its_file(name):
    (*way, last), value = WRONG[name]
    document = contract()
    node = document
    for part in way:
        node = node[part]
    assert last in node
    node[last] = value
    with pytest.raises(ContractError) as refused:
        require_valid(json.loads(json.dumps(document)), FILE)
    said = str(refused.value)
    assert said.startswith("contract `theirs.json`")
    assert "must" in said or "valid OpenAPI" in said
    assert len(said) < 300
    assert "\n" not in said


def test_a_finding_that_shows_the_whole_object_is_shortened():
    finding = InvalidSpecification("{" * 5000, path=["paths", "/rooms"])
    assert str(not_valid(finding, FILE)) == (
        "contract `theirs.json`, at `#/paths/~1rooms`: is not valid OpenAPI 3.0: "
        "a field is missing, unknown or of the wrong type"
    )

from __future__ import annotations

import json

import pytest

from benchmarks.peers import compared, stubs
from benchmarks.requests import REQUESTS, Recorded

ID = "3f1c2a9e-6b7d-4a52-9c1e-0d8e5b7a4f10"


@pytest.fixture
def recorded() -> Recorded:
    room = {"id": ID, "title": "Launch week", "host": {"id": ID, "name": "A host"}}
    session = {"id": ID, "room": room, "status": "live"}
    data = ({**session}, {"rooms": [room] * 10}, {"session": session}, {"room": room})
    answers = (json.dumps({"success": True, "data": each}).encode() for each in data)
    return Recorded(ID, dict(zip(REQUESTS, answers, strict=True)))


def test_wiremock_gets_a_stub_for_each_request_with_our_bytes(recorded, tmp_path):
    folder = stubs.write_wiremock_stubs(tmp_path, recorded)
    found = [json.loads(path.read_text()) for path in (folder / "mappings").iterdir()]
    assert {(each["request"]["method"], each["request"]["urlPath"]) for each in found} == {
        ("GET", f"/v1/webinar/sessions/{ID}"),
        ("GET", "/v1/webinar/rooms"),
        ("POST", f"/v1/webinar/sessions/{ID}/start"),
        ("POST", "/v1/webinar/rooms"),
    }
    assert sorted(each["response"]["body"].encode() for each in found) == sorted(
        recorded.answers.values()
    )


def test_prism_gets_the_contract_with_our_answers_as_its_examples(recorded, tmp_path):
    contract = json.loads(stubs.write_contract(tmp_path, recorded).read_text())
    content = contract["paths"]["/rooms"]["post"]["responses"]["201"]["content"]
    assert content["application/json"]["example"] == json.loads(recorded.answers[REQUESTS[3]])
    assert "examples" not in content["application/json"]


def test_mockoon_gets_a_route_for_each_request_and_no_templates(recorded, tmp_path):
    environment = json.loads(stubs.write_mockoon_environment(tmp_path, recorded).read_text())
    assert [each["endpoint"] for each in environment["routes"]] == [
        "sessions/:id",
        "rooms",
        "sessions/:id/start",
        "rooms",
    ]
    answers = [route["responses"][0] for route in environment["routes"]]
    assert [each["statusCode"] for each in answers] == [200, 200, 200, 201]
    assert all(each["disableTemplating"] for each in answers)


def test_json_server_sends_no_more_bytes_than_we_do(recorded, tmp_path):
    data, _ = stubs.write_json_server_data(tmp_path, recorded)
    session = json.loads(data.read_text())["sessions"][0]
    assert session["id"] == ID
    assert len(json.dumps(session, indent=2)) <= len(recorded.answers[REQUESTS[0]])


def test_peers_that_are_not_installed_are_named_with_what_to_do(recorded, tmp_path, monkeypatch):
    monkeypatch.setenv("PEERS", str(tmp_path))
    servers, absent = compared.compared(recorded, tmp_path)
    assert [each.name for each in servers] == ["connexion, stock"]
    assert [each.name for each in absent] == [kind.name for kind in compared.KINDS]
    assert all("make peers" in each.how for each in absent)


def test_versions_of_peers_are_pinned_in_one_place():
    pinned = json.loads(compared.PACKAGES.read_text())["dependencies"]
    assert set(pinned) == {kind.package for kind in compared.KINDS}
    assert all(version[0].isdigit() for version in pinned.values())

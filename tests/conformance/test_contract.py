from __future__ import annotations

import json

import pytest

from conformance import contract as module
from conformance.contract import bundle_path, bundled, point, read, route_of

CONTRACT = bundled()


def test_the_bundle_has_all_operations() -> None:
    assert len(CONTRACT.operations) == 38
    assert CONTRACT.operations["go_live"].path == "/sessions/{id}/go_live"


def test_public_operations_ask_for_no_credentials() -> None:
    assert CONTRACT.operations["list_rooms"].public
    assert not CONTRACT.operations["list_my_rooms"].public


def test_a_lifecycle_knows_what_it_allows_and_to_whom() -> None:
    lifecycle = CONTRACT.session
    assert lifecycle.allows("end_session", "live").target == "ended"
    assert lifecycle.allows("end_session", "scheduled") is None
    assert lifecycle.allows("join_session", "scheduled") is None
    assert lifecycle.allows("join_session", "scheduled", caller="room_host").target == "same"
    assert not lifecycle.governs("get_session")


def test_static_paths_win_over_templates() -> None:
    assert route_of(CONTRACT, "GET", "/sessions/live").id == "list_live_sessions"
    assert route_of(CONTRACT, "get", "/sessions/abc").id == "get_session"
    assert route_of(CONTRACT, "GET", "/nowhere") is None


def test_a_pointer_to_nothing_says_what_is_missing() -> None:
    with pytest.raises(LookupError, match="no `b`"):
        point({"a": {}}, "#/a/b")


def test_the_packaged_bundle_is_looked_for_first(monkeypatch, tmp_path) -> None:
    package = tmp_path / "conformance"
    package.mkdir()
    monkeypatch.setattr(module, "__file__", str(package / "contract.py"))
    with pytest.raises(FileNotFoundError, match="bundle must be at"):
        bundle_path()
    checkout = tmp_path / "openapi" / "dist" / "openapi.json"
    checkout.parent.mkdir(parents=True)
    checkout.write_text("{}")
    assert bundle_path() == checkout
    (package / "openapi.json").write_text("{}")
    assert bundle_path() == package / "openapi.json"


def test_properties_and_requirements_of_all_parts_count() -> None:
    document = json.loads(json.dumps(CONTRACT.document))
    contract = read(document)
    schema = {
        "allOf": [{"$ref": "#/components/schemas/CreateRoomRequest"}],
        "properties": {"more": {"type": "string"}},
        "required": ["more"],
    }
    assert {"title", "more"} <= set(contract.properties(schema))
    assert contract.required(schema) == {"title", "more"}

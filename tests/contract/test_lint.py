from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mock_server.contract.bundle import bundle
from mock_server.contract.document import Finding
from mock_server.contract.lint import CONTROL_RULES, lint, lint_sources
from mock_server.contract.rules import operations
from mock_server.control import HANDLERS


def test_a_contract_that_is_whole_has_no_findings(contract):
    assert lint(contract) == []


def test_a_broken_reference_keeps_the_other_rules_from_running(broken):
    envelope = broken["components"]["schemas"]["SessionEnvelope"]
    envelope["properties"]["data"]["$ref"] = "#/components/schemas/Session"
    del broken["paths"]["/rooms"]["get"]["summary"]
    assert [finding.message for finding in lint(broken)] == [
        "`#/components/schemas/Session` leads nowhere, must be a place in this document"
    ]


def test_the_control_plane_need_not_document_429_and_503(root):
    control = bundle(root, "control")
    assert lint(control, CONTROL_RULES) == []
    assert {finding.message for finding in lint(control, [operations.busy])} == {
        f"`{name}` does not document {status}, must"
        for name in HANDLERS
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
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            "operationId: reset_world", "operationId: resetWorld"
        ),
        "utf-8",
    )
    pointers = [finding.pointer for finding in lint_sources(checkout)]
    assert pointers == ["control.json#/paths/~1reset/post/operationId", "control.json#"]

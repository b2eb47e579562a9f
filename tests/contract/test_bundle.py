from __future__ import annotations

import json
from pathlib import Path

import pytest

from mock_server.contract.bundle import KINDS, bundle, is_fresh, render, stale, write_bundle
from mock_server.contract.sources import SourceError

FRONT = """
openapi: 3.0.3
paths:
  /rooms: {$ref: 'paths.yaml#/rooms'}
components:
  securitySchemes:
    bearer: {type: http, scheme: bearer}
x-after: kept
"""
PATHS = """
rooms:
  get:
    responses:
      '200': {$ref: 'common.yaml#/responses/Rooms'}
"""
COMMON = """
schemas:
  Room:
    type: object
    properties:
      parent: {$ref: '#/schemas/Room'}
      label: {$ref: '#/label', description: Ours wins}
responses:
  Rooms:
    description: Rooms
    content:
      application/json:
        schema: {$ref: '#/schemas/Room'}
        examples:
          one: {$ref: '#/examples/OneRoom'}
examples:
  OneRoom:
    value: {parent: {$ref: '#/blocks/parent', label: changed, deeper: added}}
blocks:
  parent: {id: 1, label: as it was}
label: {type: string, description: Theirs}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    folder = tmp_path / "openapi"
    folder.mkdir()
    for name in ("openapi", "control"):
        (folder / f"{name}.yaml").write_text(FRONT, encoding="utf-8")
    (folder / "paths.yaml").write_text(PATHS, encoding="utf-8")
    (folder / "common.yaml").write_text(COMMON, encoding="utf-8")
    return tmp_path


def rewrite(small: Path, name: str, old: str, new: str) -> None:
    path = small / "openapi" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_components_are_gathered_and_everything_else_is_inlined(small):
    document = bundle(small)
    assert document["paths"]["/rooms"]["get"]["responses"]["200"] == {
        "$ref": "#/components/responses/Rooms"
    }
    schema = document["components"]["schemas"]["Room"]
    assert schema["properties"]["parent"] == {"$ref": "#/components/schemas/Room"}
    assert schema["properties"]["label"] == {"type": "string", "description": "Ours wins"}


def test_an_example_is_a_full_value_with_our_changes(small):
    example = bundle(small)["components"]["examples"]["OneRoom"]
    assert example["value"] == {"parent": {"id": 1, "label": "changed", "deeper": "added"}}


def test_components_come_last_and_in_a_fixed_order(contract):
    assert list(contract)[-1] == "components"
    kinds = list(contract["components"])
    assert kinds == [kind for kind in KINDS if kind in kinds]
    for members in contract["components"].values():
        assert list(members) == sorted(members)


def test_the_route_table_keeps_its_order(contract):
    assert list(contract["paths"])[:4] == [
        "/rooms",
        "/rooms/my",
        "/rooms/{id}",
        "/rooms/{id}/sessions",
    ]


@pytest.mark.parametrize("name", ["openapi", "control"])
def test_every_reference_of_a_bundle_is_local(root, name):
    document = bundle(root, name)

    def references(node):
        if isinstance(node, dict):
            yield from ([node["$ref"]] if "$ref" in node else [])
            for child in node.values():
                yield from references(child)
        elif isinstance(node, list):
            for child in node:
                yield from references(child)

    found = set(references(document))
    assert found
    for reference in found:
        kind, component = reference.removeprefix("#/components/").split("/")
        assert component in document["components"][kind]


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("paths.yaml", "common.yaml#", "nowhere.yaml#", r"nowhere.yaml` can't be read"),
        ("paths.yaml", "/responses/Rooms", "/responses/Room", r"leads nowhere, `Room` is not"),
        ("common.yaml", "'#/label', desc", "'#/lable', desc", r"leads nowhere, `lable` is not"),
        (
            "common.yaml",
            "/OneRoom'}",
            "/OneRoom', beside: it}",
            r"keys beside it, must stand alone",
        ),
        ("common.yaml", "{id: 1,", "{$ref: '#/blocks/parent',", r"leads back to itself"),
    ],
)
def test_a_wrong_reference_is_refused_with_a_sentence(small, name, old, new, sentence):
    rewrite(small, name, old, new)
    with pytest.raises(SourceError, match=sentence):
        bundle(small)


def test_one_name_in_two_files_is_refused(small):
    (small / "openapi" / "other.yaml").write_text(
        "schemas: {Room: {type: object}}", encoding="utf-8"
    )
    rewrite(small, "common.yaml", "parent: {$ref: '#/sch", "parent: {$ref: 'other.yaml#/sch")
    with pytest.raises(SourceError, match=r"`Room` is in .*common.yaml` and .*other.yaml`"):
        bundle(small)


def test_a_written_bundle_is_fresh_until_a_source_changes(small):
    assert not is_fresh(small)
    written = write_bundle(small)
    assert [path.relative_to(small).as_posix() for path in written] == [
        "openapi/dist/openapi.json",
        "openapi/dist/control.json",
    ]
    assert is_fresh(small)
    rewrite(small, "common.yaml", "Theirs", "Changed")
    assert is_fresh(small)  # the words are ours there, nothing of it is in the bundle
    rewrite(small, "common.yaml", "Ours wins", "Changed too")
    assert stale(small) == written


def test_nothing_is_written_when_a_source_is_wrong(small):
    rewrite(small, "paths.yaml", "common.yaml#", "nowhere.yaml#")
    with pytest.raises(SourceError):
        write_bundle(small)
    assert not (small / "openapi" / "dist").exists()


def test_a_bundle_is_written_as_readable_json(small):
    text = render(bundle(small))
    assert json.loads(text) == bundle(small)
    assert text.startswith('{\n "openapi": "3.0.3"')
    assert text.endswith("}\n")
    assert "ø" in render({"name": "ø"})

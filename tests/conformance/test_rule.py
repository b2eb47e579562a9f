from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

import pytest

from conformance import rule as module
from conformance.contract import bundled, point
from conformance.rule import Rule, declare, rules, selects
from conformance.rules import NOT_TESTED

ALL = rules()
FAMILIES = {"response", "invariant", "generated"}


def rule_functions() -> dict[str, object]:
    found = {}
    for file in sorted((Path(module.__file__).parent / "rules").glob("test_*.py")):
        imported = importlib.import_module(f"conformance.rules.{file.stem}")
        for name, function in inspect.getmembers(imported, inspect.isfunction):
            for mark in getattr(function, "pytestmark", ()):
                if mark.name == module.MARK:
                    found[f"{file.stem}.{name}"] = (mark.args[0], function)
    return found


def test_every_rule_says_in_one_sentence_what_must_be() -> None:
    for found in ALL.values():
        assert "MUST" in found.must
        assert not found.must.endswith(".")
        assert found.level in ("published", "decided")


def test_ids_are_dotted_words() -> None:
    for id_ in ALL:
        assert re.fullmatch(r"[a-z]\w*(\.[a-z]\w*)+", id_), id_


def test_every_pointer_leads_into_the_contract() -> None:
    for found in ALL.values():
        point(bundled().document, found.contract)


def test_every_rule_names_operations_of_the_contract() -> None:
    for found in ALL.values():
        assert set(found.operations) <= set(bundled().operations), found.id


def test_every_operation_has_a_rule_of_its_own_or_a_reason_why_not() -> None:
    general = {"tour.success", "access.unknown_id", "access.malformed_id", "credentials.missing"}
    covered = {name for r in ALL.values() if r.id not in general for name in r.operations}
    assert set(bundled().operations) - covered - set(NOT_TESTED) == set()


def test_every_rule_has_one_function_with_a_docstring() -> None:
    ids = [found.id for found, _ in rule_functions().values()]
    assert len(ids) == len(set(ids))
    assert {id_ for id_ in ALL if id_.split(".")[0] not in FAMILIES} <= set(ids)
    for name, (_, function) in rule_functions().items():
        assert inspect.getdoc(function), name


def test_every_test_of_the_rules_folder_is_a_rule() -> None:
    marked = set(rule_functions())
    for file in sorted((Path(module.__file__).parent / "rules").glob("test_*.py")):
        imported = importlib.import_module(f"conformance.rules.{file.stem}")
        for name, function in inspect.getmembers(imported, inspect.isfunction):
            if name.startswith("test_") and function.__module__ == imported.__name__:
                assert f"{file.stem}.{name}" in marked


def test_an_id_cannot_be_declared_twice() -> None:
    taken = next(iter(ALL.values()))
    with pytest.raises(ValueError, match="declared twice"):
        declare(Rule(taken.id, "decided", "It MUST differ", "#/info"))


def test_a_sentence_without_must_is_refused() -> None:
    with pytest.raises(ValueError, match="MUST"):
        declare(Rule("no.such.rule", "decided", "It should", "#/info"))
    assert "no.such.rule" not in rules()


@pytest.mark.parametrize(
    ("level", "prefixes", "expected"),
    [
        ("decided", (), True),
        ("decided", ("session",), True),
        ("decided", ("session.lifecycle",), True),
        ("decided", ("session.lifecycle.refused",), True),
        ("decided", ("session.life",), False),
        ("decided", ("room", "session"), True),
        ("published", (), False),
    ],
)
def test_a_dotted_prefix_selects_a_family(
    level: str, prefixes: tuple[str, ...], expected: bool
) -> None:
    found = Rule("session.lifecycle.refused", "decided", "It MUST be", "#/info")
    assert selects(found, level=level, prefixes=prefixes) is expected

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import CoverageScenario

from conformance.contract import bundled
from conformance.sparing import Sparing

BOOLEANS = ("chat_enabled", "poll_enabled", "stage_enabled", "is_default", "recording_enabled")
WRONG: tuple[Any, ...] = (7, None, "0", [], {})


def case(body: object, location: str | None, **about: object) -> Any:
    said = {
        "scenario": CoverageScenario.INCORRECT_TYPE,
        "parameter_location": ParameterLocation.BODY,
        "location": location,
    }
    data = SimpleNamespace(**{**said, **about})
    return SimpleNamespace(body=body, meta=SimpleNamespace(phase=SimpleNamespace(data=data)))


def kept(sparing: Sparing, operation: str, name: str) -> list[Any]:
    return [
        wrong
        for wrong in WRONG
        if sparing.keeps(operation, case({name: wrong}, f"/properties/{name}/type"))
    ]


def test_the_first_field_of_a_type_is_given_every_wrong_type_and_the_others_one_in_turn() -> None:
    sparing = Sparing(bundled())
    given = [kept(sparing, "create_preset", name) for name in BOOLEANS]
    assert given == [list(WRONG), [None], ["0"], [[]], [{}]]


def test_operations_and_types_are_spared_each_for_itself() -> None:
    sparing = Sparing(bundled())
    for operation in ("create_preset", "update_preset"):
        for name in ("chat_enabled", "name", "max_join_limit"):
            assert kept(sparing, operation, name) == list(WRONG)


def test_a_wrong_type_the_first_field_was_not_given_is_sent() -> None:
    sparing = Sparing(bundled())
    for wrong, name in ((7, "name"), (True, "logo"), (None, "primary_color")):
        sent = case({name: wrong}, f"/properties/{name}/type")
        assert sparing.keeps("create_preset", sent)


@pytest.mark.parametrize(
    "other",
    [
        {"scenario": CoverageScenario.VALUE_ABOVE_MAXIMUM},
        {"parameter_location": ParameterLocation.QUERY},
        {"location": "/type"},
        {"location": None},
        {"location": "/properties/chat_enabled/properties/inner/type"},
        {"location": "/properties/unknown/type"},
    ],
)
def test_everything_else_is_sent_always(other: dict[str, Any]) -> None:
    sparing = Sparing(bundled())
    for _ in range(3):
        for name in BOOLEANS:
            about = {"location": f"/properties/{name}/type", **other}
            assert sparing.keeps("create_preset", case({name: None}, **about))


def test_what_says_nothing_of_itself_or_belongs_to_no_operation_is_sent() -> None:
    sparing = Sparing(bundled())
    silent: Any = SimpleNamespace(body={}, meta=None)
    assert sparing.keeps("create_preset", silent)
    for _ in range(2):
        for name in BOOLEANS:
            assert sparing.keeps("unheard_of", case({name: 7}, f"/properties/{name}/type"))


def test_an_example_is_sent_with_some_of_the_ids_it_was_repeated_with() -> None:
    def example(id_: int, body: object) -> Any:
        more: dict[str, Any] = {"query": {}, "headers": {}, "cookies": {}, "media_type": None}
        return SimpleNamespace(path_parameters={"id": id_}, body=body, **more)

    cases = [example(id_, body) for id_ in range(5) for body in ({"enabled": True}, {})]
    kept = Sparing.few(cases)
    assert [case.path_parameters["id"] for case in kept] == [0, 0, 1, 1, 2, 2]

from __future__ import annotations

import copy
import json
from dataclasses import replace

import jsonschema
import pytest
from results import NASTY, result

from conformance.document import document, schema
from conformance.result import Result
from conformance.verdicts import Verdict

VALIDATOR = jsonschema.Draft202012Validator(
    schema(), format_checker=jsonschema.FormatChecker(["date-time"])
)


def errors(instance: object) -> list[str]:
    return [error.json_path for error in VALIDATOR.iter_errors(instance)]


def test_the_schema_is_one_and_closes_every_object() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    found = [schema(), *schema()["$defs"].values()]
    assert all(
        node.get("additionalProperties") is False for node in found if node.get("type") == "object"
    )


def test_a_result_keeps_the_schema_whatever_happened() -> None:
    nothing = Result((), result().coverage, None, reason="nothing answers")
    for made in (result(), result(Verdict.PASS), result(header=None), nothing):
        assert errors(json.loads(json.dumps(document(made)))) == []
    assert document(nothing)["run"] is None
    assert document(nothing)["reason"] == "nothing answers"


def test_it_says_what_the_exit_status_says() -> None:
    told = {
        (Verdict.PASS,): ("pass", 0),
        (Verdict.PASS, Verdict.KNOWN): ("pass", 0),
        (Verdict.PASS, Verdict.STALE): ("fail", 1),
        (Verdict.PASS, Verdict.FLAKY): ("undecided", 2),
    }
    for verdicts, expected in told.items():
        made = document(result(*verdicts))
        assert (made["verdict"], made["exit_status"]) == expected


def test_a_run_that_broke_off_is_not_decided_by_what_passed() -> None:
    told = {Verdict.PASS: ("undecided", 2), Verdict.FAIL: ("fail", 1)}
    for verdict, expected in told.items():
        made = document(replace(result(verdict), unfinished=True))
        assert (made["verdict"], made["exit_status"]) == expected


def test_every_rule_is_there_once_with_what_became_of_it() -> None:
    made = document(result())
    ids = [rule["id"] for rule in made["rules"]]
    failing = [rule["id"] for rule in made["rules"] if rule["verdict"] == "fail"]
    assert ids == [*failing, *sorted(set(ids) - set(failing))]
    (flaky,) = (rule for rule in made["rules"] if rule["verdict"] == "flaky")
    (failure,) = flaky["failures"]
    assert failure["verdict"] == "flaky"
    assert failure["reason"] == f"because {NASTY}"
    assert failure["exchange"]["response"]["body"] == NASTY
    assert made["counts"]["fail"] == 1
    assert sum(made["counts"].values()) == len(ids)


def test_coverage_names_a_reason_for_everything_unseen() -> None:
    covered = document(result())["coverage"]
    seen = [pair for pair in covered["pairs"] if pair["seen"]]
    assert [(pair["operation"], pair["status"]) for pair in seen] == [("list_rooms", "200")]
    assert all(pair["reason"] for pair in covered["pairs"] if not pair["seen"])
    assert covered["seen"] == 1
    assert covered["provocable"] == sum(pair["provocable"] for pair in covered["pairs"])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), 2),
        (("verdict",), "maybe"),
        (("exit_status",), 3),
        (("counts", "pass"), -1),
        (("run", "level"), "guessed"),
        (("run", "started_at"), "yesterday"),
        (("run", "secret"), "x"),
        (("rules", 0, "verdict"), "FAIL"),
        (("rules", 0, "must"), "should"),
        (("rules", 0, "counts", "fine"), 1),
        (("rules", 2, "failures", 0, "exchange", "response", "status"), "500"),
        (("rules", 2, "failures", 0, "exchange", "request", "headers"), [["a"]]),
        (("coverage", "pairs", 0, "status"), "2000"),
        (("coverage", "pairs", 0, "seen"), None),
        (("more",), 1),
    ],
)
def test_what_is_no_result_is_refused(path: tuple[str | int, ...], value: object) -> None:
    made = copy.deepcopy(document(result()))
    made["rules"].sort(key=lambda rule: len(rule["failures"]))
    made["rules"] = made["rules"][-3:]
    node = made
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = value
    assert errors(made)


def test_everything_named_is_required() -> None:
    made = document(result())
    for name in list(made):
        assert errors({key: value for key, value in made.items() if key != name}), name

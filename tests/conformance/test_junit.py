from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

from results import RULES, result

from conformance.junit import junit
from conformance.verdicts import Outcome, Verdict, tallies


def test_there_is_a_testcase_for_each_rule_and_every_kind_is_counted() -> None:
    root = ET.fromstring(junit(result()))
    (suite,) = root
    cases = suite.findall("testcase")
    assert {case.get("name") for case in cases} == set(RULES)
    counted = {
        "tests": len(cases),
        "failures": len(suite.findall("testcase/failure")),
        "errors": len(suite.findall("testcase/error")),
        "skipped": len(suite.findall("testcase/skipped")),
    }
    assert counted == {"tests": 10, "failures": 2, "errors": 3, "skipped": 3}
    assert {name: int(suite.get(name)) for name in counted} == counted
    assert {name: int(root.get(name)) for name in counted} == counted


def test_a_failure_says_what_was_expected_and_how_to_see_it() -> None:
    suite = ET.fromstring(junit(result(Verdict.FAIL)))[0]
    (failure,) = suite.findall("testcase/failure")
    assert failure.get("message") == "It MUST be & <stay>"
    assert "  received `b`" in failure.text
    assert "  curl -i http://host.test" in failure.text


def test_what_the_run_was_is_in_properties() -> None:
    suite = ET.fromstring(junit(result()))[0]
    found = {p.get("name"): p.get("value") for p in suite.find("properties")}
    assert found["target"] == "http://host.test/v1/webinar"
    assert found["coverage"].startswith("1/")
    assert suite.get("timestamp") == "2026-05-01T10:00:00Z"


def test_a_run_that_tried_nothing_is_an_empty_suite() -> None:
    suite = ET.fromstring(junit(result(header=None)))[0]
    assert suite.get("time") == "0.000"


def test_a_rule_took_as_long_as_its_tries_did() -> None:
    rule = RULES["room.is_pass"]
    tries = [Outcome(rule.id, Verdict.PASS, f"test_it[{s}]", seconds=s) for s in (0.25, 1.5)]
    told = replace(result(), tallies=tuple(tallies(tries, {rule.id: rule}).values()))
    (case,) = ET.fromstring(junit(told)).iter("testcase")
    assert case.get("time") == "1.750"

from __future__ import annotations

import json

import pytest

from mock_server.faults import FAULTS
from mock_server.power.matrix import NEVER, Matrix, chosen, markdown, summary
from mock_server.power.trials import Trial, trial_from_json, trial_of

BY_NAME = {fault.name: fault for fault in FAULTS}
REPORT = """contract 1.0.0 · http://127.0.0.1:1/v1/webinar · level decided

invariant
  pass         invariant.list.page  20 of 20 answers
  FAIL         invariant.list.order  18 of 20 answers
list
  FAIL         list.complete        3/15
  blocked      list.live            0/1
  unsupported  session.expiry       needs a clock

invariant.list.order — A list MUST show the newest first
  list_rooms
    expected no row newer

list.complete — The pages together MUST hold every row
  whole

2 of 5 rules fail · 1 pass
"""


def trial(fault=None, *, failed=(), passed=(), undecided=()) -> Trial:
    code = 1 if failed else 0
    return Trial(fault, code, tuple(failed), tuple(passed), tuple(undecided), (), {}, 1.0)


def matrix(*trials: Trial, true=None, whole=True) -> Matrix:
    true = true or trial(passed=["invariant.list.order", "list.complete"])
    return Matrix(true, trials, BY_NAME, whole)


SEEN = trial("oldest-first", failed=["invariant.list.order", "list.complete"])


def test_a_report_is_read_rule_by_rule():
    read = trial_of("oldest-first", 1, REPORT, 2.04)
    assert read.failed == ("invariant.list.order", "list.complete")
    assert read.passed == ("invariant.list.page",)
    assert read.undecided == ("list.live",)
    assert read.untried == ("session.expiry",)
    assert read.counts == {"invariant.list.order": "18 of 20 answers", "list.complete": "3/15"}
    assert (read.killed, read.seconds) == (True, 2.0)


def test_a_trial_survives_being_written_down():
    read = trial_of("oldest-first", 1, REPORT, 2.0)
    assert trial_from_json(json.loads(json.dumps(read.as_json()))) == read


def test_a_suite_that_could_not_decide_killed_nothing():
    assert not trial_of("oldest-first", 2, "the target is not there", 1.0).killed


def test_all_seen_and_every_rule_seen_to_fail_is_good():
    found = matrix(SEEN)
    assert (found.good, found.survivors, found.never_failed) == (True, [], [])
    assert found.named_first == ["oldest-first"]
    assert list(summary(found)) == ["1 of 1 faults are seen, 1 by their own rule first"]


def test_a_fault_that_no_rule_sees_is_a_survivor():
    found = matrix(SEEN, trial("limit-ignored", passed=["list.complete"]))
    assert (found.good, found.survivors) == (False, ["limit-ignored"])
    assert "survived: limit-ignored — The limit says how many rows a page holds" in summary(found)


def test_a_rule_that_no_fault_breaks_is_told_when_all_were_tried():
    true = trial(passed=["invariant.list.order", "list.complete", "list.bounds", *NEVER])
    assert matrix(SEEN, true=true).never_failed == ["list.bounds"]
    assert matrix(SEEN, true=true, whole=False).good


@pytest.mark.parametrize("what", ["failed", "undecided"])
def test_an_alarm_on_the_true_mock_is_false(what):
    found = matrix(SEEN, true=trial(passed=["list.complete"], **{what: ["time.clock"]}))
    assert (found.good, found.alarms) == (False, ("time.clock",))


def test_a_fault_seen_by_another_rule_first_is_not_named_first():
    found = matrix(trial("oldest-first", failed=["list.complete", "invariant.list.order"]))
    assert (found.good, found.named_first) == (True, [])


def test_the_matrix_is_written_for_programs_and_for_people():
    found = matrix(SEEN)
    fault = found.as_json()["faults"]["oldest-first"]
    assert fault["failed"] == ["invariant.list.order", "list.complete"]
    assert fault["breaks"] == "Lists give the newest row first"
    text = markdown(found)
    assert "| `oldest-first` | Lists give the newest row first | `invariant.list.order`" in text
    assert "| `list.complete` | 1 |" in text
    assert "| lists | 1 | 1 | 1 |" in text


def test_faults_are_chosen_by_name_family_and_number():
    assert [f.name for f in chosen(FAULTS, names=["oldest-first"], families=[], sample=None)] == [
        "oldest-first"
    ]
    lists = chosen(FAULTS, names=[], families=["lists"], sample=2)
    assert [f.family for f in lists] == ["lists", "lists"]
    assert len(chosen(FAULTS, names=[], families=[], sample=None)) == len(FAULTS)

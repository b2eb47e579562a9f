from __future__ import annotations

import os
import re

import pytest

from conformance.rule import rules
from mock_server.faults import FAULTS
from mock_server.power.named import NAMED, own_rules
from mock_server.power.trials import Warm


@pytest.fixture(scope="module")
def trials(tmp_path_factory):
    found = Warm(tmp_path_factory.mktemp("trials"))
    yield found
    found.close()


def failed(report: str) -> set[str]:
    return set(re.findall(r"^ +FAIL +(\S+)", report, re.MULTILINE))


def test_the_true_mock_keeps_all_these_rules(trials):
    code, report = trials.tried(None, own_rules(None))
    assert (code, failed(report)) == (0, set()), report


def test_every_fault_has_rules_that_must_see_it():
    assert sorted(NAMED) == sorted(fault.name for fault in FAULTS)


def test_only_rules_that_exist_are_named():
    known = tuple(rules())
    named = {rule for each in NAMED.values() for rule in each}
    assert {rule for rule in named if not any(k.startswith(rule) for k in known)} == set()


def tried_faults():
    """Every fault where GREENROOM_FAULTS is `all`, as in `make faults`; else two of a family."""
    if os.environ.get("GREENROOM_FAULTS") == "all":
        return [fault.name for fault in FAULTS]
    families: dict[str, list[str]] = {}
    for fault in FAULTS:
        families.setdefault(fault.family, []).append(fault.name)
    return [name for names in families.values() for name in (names[0], names[-1])]


@pytest.mark.parametrize("fault", tried_faults())
def test_a_rule_sees_the_fault(trials, fault):
    code, report = trials.tried(fault, own_rules(fault))
    named = {rule for rule in failed(report) if rule.startswith(NAMED[fault])}
    assert (code, bool(named)) == (1, True), report

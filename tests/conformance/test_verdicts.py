from __future__ import annotations

import json

from conformance.exchange import Exchange
from conformance.rule import Rule
from conformance.verdicts import Failure, Outcome, Tally, Verdict, outcome_from_json


def test_an_outcome_travels_as_json() -> None:
    for failure in (None, Failure("s", "e", "r", "curl")):
        outcome = Outcome("a.b", Verdict.FAIL, "item", 3, failure, "reason")
        assert outcome_from_json(json.loads(json.dumps(outcome.as_json()))) == outcome


def test_of_failures_of_one_subject_the_one_that_shows_its_exchange_is_kept() -> None:
    refused = Exchange("GET", "/rooms", (), "", 404, (), "")
    tally = Tally(Rule("ours.house", "decided", "It MUST be so", "#/x"))
    for received, exchange in (("first", None), ("shown", refused), ("last", None)):
        failure = Failure("list_rooms", "200", received, exchange=exchange)
        tally.add(Outcome("ours.house", Verdict.FAIL, "list_rooms", failure=failure))
    assert [(each.received, each.exchange) for each in tally.failures] == [("shown", refused)]
    assert tally.counts[Verdict.FAIL] == 3

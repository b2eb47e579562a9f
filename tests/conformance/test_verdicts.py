from __future__ import annotations

import json

from conformance.verdicts import Failure, Outcome, Verdict, outcome_from_json


def test_an_outcome_travels_as_json() -> None:
    for failure in (None, Failure("s", "e", "r", "curl")):
        outcome = Outcome("a.b", Verdict.FAIL, "item", 3, failure, "reason")
        assert outcome_from_json(json.loads(json.dumps(outcome.as_json()))) == outcome

"""Requests that are generated from the contract: every operation, then sequences of them."""

from __future__ import annotations

import pytest

from conformance import generated, invariants, responses
from conformance.contract import bundled
from conformance.rule import rule
from conformance.suite import Suite
from conformance.world import World

CONTRACT = bundled()
JUDGED = [
    *generated.RULES.values(),
    *(found for found, _ in invariants.INVARIANTS.values()),
    responses.NO_CRASH,
    responses.STATUS,
    responses.CONTENT_TYPE,
    responses.ENVELOPE,
    responses.SCHEMA,
    responses.CHALLENGE,
]


@rule(
    "generated.requests",
    level="published",
    must="Every operation MUST answer whatever requests can be generated from the contract",
    contract="#/paths",
)
@pytest.mark.conformance_serves(*JUDGED)
def test_generated_requests_are_answered(suite: Suite, world: World) -> None:
    """Generate requests for every operation: examples, both sides of each schema, and noise."""
    suite.found += generated.run(suite, generated.UNIT_PHASES[suite.options.profile])
    assert world.run_id


@rule(
    "generated.sequences",
    level="decided",
    must="Operations MUST answer in any sequence that the contract's links allow",
    contract="#/paths",
)
@pytest.mark.conformance_serves(*JUDGED)
def test_generated_sequences_are_answered(suite: Suite, world: World) -> None:
    """Follow the contract's links from what creates to what uses."""
    suite.found += generated.run(suite, ("stateful",))
    assert world.run_id

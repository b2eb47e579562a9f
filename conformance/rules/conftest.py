"""What rules are given: the world they act in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.run import SUITE
from conformance.suite import Suite
from conformance.world import World


@pytest.fixture
def suite(request: pytest.FixtureRequest) -> Suite:
    """Return the run a rule is part of."""
    return request.config.stash[SUITE]


@pytest.fixture
def world(suite: Suite) -> Iterator[World]:
    """Return the world, and remove afterwards what the rule created in it."""
    mark = suite.client.ledger.mark()
    yield suite.world
    suite.clean(mark)

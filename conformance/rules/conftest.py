"""What rules are given: the world they act in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.suite import Suite
from conformance.together import attempt_at
from conformance.world import World


@pytest.fixture
def suite(request: pytest.FixtureRequest) -> Iterator[Suite]:
    """Return the rule's part of the run, and remove afterwards what the rule created."""
    attempt = attempt_at(request.node)
    yield attempt.suite
    attempt.clean()


@pytest.fixture
def world(suite: Suite) -> World:
    """Return the world a rule acts in."""
    return suite.world

from __future__ import annotations

import pytest

from mock_server.contract.load import bundle_path, load_contract
from mock_server.injection.offers import read_offers
from mock_server.injection.rules import read_rule


@pytest.fixture(scope="session")
def contract():
    return load_contract(bundle_path("openapi"))


@pytest.fixture(scope="session")
def offers(contract):
    return read_offers(contract)


@pytest.fixture
def rule(offers):
    """A function that reads a rule: its effect, and what else it has."""

    def read(effect, operation="join_session", **more):
        document = {"id": "fault-1", "operation": operation, "effect": effect, **more}
        return read_rule(document, offers)

    return read

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from mock_server.contract.bundle import bundle

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def contract() -> dict[str, Any]:
    """The document as the sources make it; nobody may change it."""
    return bundle(ROOT)


@pytest.fixture
def broken(contract: dict[str, Any]) -> dict[str, Any]:
    """A copy of the document, to be broken."""
    return copy.deepcopy(contract)

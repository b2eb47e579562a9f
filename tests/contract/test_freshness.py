from __future__ import annotations

from mock_server.contract.bundle import stale
from mock_server.contract.lint import lint_sources


def test_the_committed_bundles_are_what_their_sources_make(root):
    assert [path.name for path in stale(root)] == [], "run `greenroom contract bundle`"


def test_the_contract_has_no_findings(root):
    assert lint_sources(root) == []

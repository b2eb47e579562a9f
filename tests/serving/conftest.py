from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from serving import PATIENCE, command


@pytest.fixture
def refused():
    """Run a command that must fail: gives its one sentence, without `greenroom: `."""

    def run(*options: str) -> str:
        process = command(*options)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1, (out, err)
        assert out == ""
        lines = err.strip().splitlines()
        assert len(lines) == 1, err
        assert lines[0].startswith("greenroom: ")
        return lines[0].removeprefix("greenroom: ")

    return run

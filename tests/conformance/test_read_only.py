"""A run that only reads: whatever rule is tried, in either half, nothing else is sent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
READING = {"GET", "HEAD", "OPTIONS"}


def test_nothing_but_reading_reaches_a_server_from_either_half(stub, tmp_path: Path) -> None:
    # In a process of its own: where these tests are run Hypothesis has settings of its own.
    done = subprocess.run(
        [sys.executable, "-m", "mock_server", "check", stub.url, "--profile", "read-only",
         "--report-dir", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "GREENROOM_HOST_TOKEN": "host-token"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert {method for method, _ in stub.seen} <= READING
    paths = {path for _, path in stub.seen}
    assert len(stub.seen) > 100
    assert len(paths) > 10, "generated requests have ids that no rule thinks of"
    made = json.loads((tmp_path / "result.json").read_text())
    told = {rule["id"]: rule for rule in made["rules"]}
    assert any("only reads" in each["reason"] for rule in told.values() for each in rule["reasons"])
    assert not told["generated.requests"]["counts"].get("error")

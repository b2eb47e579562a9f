"""No rule may fail on a server that is correct and differs in what the contract leaves free."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.mock import running

PROGRAM = Path(__file__).parent / "another_server.py"
CHECK = (
    "import sys; from conformance import check; "
    "sys.exit(check.run(sys.argv[1:], sys.stdout, sys.stderr))"
)
# Of the rules that a mock's control plane makes possible, and of media, whose hosts do not exist.
NEEDS_MORE = ("needs a", "needs the", "needs media that can be reached")


@pytest.mark.parametrize("variant", ["talkative", "loud"])
def test_no_rule_fails_on_another_correct_server(variant: str, tmp_path: Path) -> None:
    identities = tmp_path / "identities.toml"
    command = (sys.executable, str(PROGRAM), variant, str(identities))
    more = [] if os.environ.get("GREENROOM_FAULTS") == "all" else ["-k", "not generated"]
    with running(command) as url:
        arguments = [f"--base-url={url}", f"--greenroom-identities={identities}", *more]
        checked = subprocess.run(
            [sys.executable, "-c", CHECK, "--greenroom-profile=quick", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    said = checked.stdout + checked.stderr
    assert re.findall(r"^ +(?:FAIL|error|blocked) .*", said, re.MULTILINE) == [], said
    assert checked.returncode == 0, said
    reasons = re.findall(r"^  unsupported +\S+ +(.*)", checked.stdout, re.MULTILINE)
    assert all(reason.startswith(NEEDS_MORE) for reason in reasons), said

from __future__ import annotations

import subprocess
import sys
import uuid

from conformance.turns import Turns

OTHER = """
import sys
from conformance.turns import Turns
turns = Turns(sys.argv[1])
print("ready", flush=True)
with turns.taken(alone=sys.argv[2] == "alone"):
    print("in", flush=True)
"""


def process(run: str, how: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", OTHER, run, how], stdout=subprocess.PIPE, text=True
    )


def test_processes_go_together_and_one_alone_waits_for_them() -> None:
    run = uuid.uuid4().hex
    turns = Turns(run)
    try:
        with turns.taken(alone=False):
            with process(run, "together") as beside:
                assert beside.communicate(timeout=30)[0].split() == ["ready", "in"]
            alone = process(run, "alone")
            assert alone.stdout is not None
            assert alone.stdout.readline() == "ready\n"
            assert alone.poll() is None
        with alone:
            assert alone.stdout.readline() == "in\n"
    finally:
        turns.close()

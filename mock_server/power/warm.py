"""Try rules against faulty mocks, in forks of a process that has everything imported.

Reads a JSON line `{"fault": name or null, "rules": [id, …]}` a trial, and answers with one:
`{"code": exit status, "report": text}`. The mock and the suite run in processes of their own;
forking them from here saves the second that each would need to import itself.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import TextIO

from conformance import check, rule
from mock_server import cli

# Seconds after which a mock or a suite is ended by its own alarm.
AT_MOST = 300


def main() -> None:
    rule.rules()
    warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`")
    import_module("mock_server.start")
    import_module("mock_server.faults")
    # Forks share what is never looked at again; the collector would copy it into each of them.
    gc.collect()
    gc.freeze()
    gc.disable()
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(tried(**json.loads(line)))}\n")
        sys.stdout.flush()


def tried(fault: str | None, rules: list[str]) -> dict[str, object]:
    """Start a mock, try rules against it, and end it."""
    wrong = [] if fault is None else ["--fault", fault]
    heard, said = os.pipe()
    mock = forked(lambda: cli.main(["serve", "--port", "0", "--quiet", *wrong]), said)
    os.close(said)
    with os.fdopen(heard) as lines, tempfile.TemporaryFile("w+") as report:
        try:
            chosen = [f"--greenroom-rule={each}" for each in rules]
            # Rules for all answers are tried on the suite's tours: generated requests take longer.
            passed = [f"--base-url={ready(lines)}", *chosen]
            passed += ["-k", "not generated"]
            suite = forked(lambda: check.run(passed, sys.stdout, sys.stderr), report.fileno())
            code = ended(suite)
        finally:
            os.kill(mock, signal.SIGKILL)
            ended(mock)
        report.seek(0)
        return {"code": code, "report": report.read()}


def ready(lines: TextIO) -> str:
    """Wait for the mock and return its URL."""
    first = lines.readline().strip()
    word, _, url = first.partition(" ")
    if word != "Ready":
        raise RuntimeError(f"the mock did not start, it said: {first} {lines.read()}")
    return url


def forked(run: Callable[[], int], output: int) -> int:
    """Run a function in a process of its own, what it prints going to a file."""
    pid = os.fork()
    if pid:
        return pid
    code = 3
    try:
        signal.alarm(AT_MOST)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        code = run()
        sys.stdout.flush()
    finally:
        os._exit(code)


def ended(pid: int) -> int:
    """Wait for the end of a process and return its exit status, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    main()

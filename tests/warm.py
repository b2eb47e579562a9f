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
import time
import warnings
from collections.abc import Callable
from importlib import import_module

from conformance import check, rule
from mock_server import cli

READY_WITHIN = 20.0
DECIDED_WITHIN = 60.0


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
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as report:
        wrong = [] if fault is None else ["--fault", fault]
        mock = forked(lambda: cli.main(["serve", "--port", "0", "--quiet", *wrong]), said)
        try:
            url = ready(said)
            chosen = [f"--greenroom-rule={each}" for each in rules]
            # Rules for all answers are tried on the suite's tours: generated requests take longer.
            passed = [f"--base-url={url}", "--greenroom-profile=quick", *chosen, "-k=not generated"]
            suite = forked(lambda: check.run(passed, sys.stdout, sys.stderr), report)
            code = ended(suite, DECIDED_WITHIN)
        finally:
            os.kill(mock, signal.SIGKILL)
            os.waitpid(mock, 0)
        return {"code": code, "report": text_of(report)}


def forked(run: Callable[[], int], output) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 3
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        code = run()
        sys.stdout.flush()
    finally:
        os._exit(code)


def ready(said) -> str:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        word, _, url = text_of(said).strip().partition(" ")
        if word == "Ready":
            return url
        time.sleep(0.01)
    raise TimeoutError(f"the mock did not start, it said: {text_of(said)}")


def text_of(file) -> str:
    return os.pread(file.fileno(), 1_000_000, 0).decode()


def ended(pid: int, within: float) -> int | None:
    until = time.monotonic() + within
    while time.monotonic() < until:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


if __name__ == "__main__":
    main()

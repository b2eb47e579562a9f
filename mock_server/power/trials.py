"""Runs the suite against faulty mocks, several at a time, in processes that stay warm."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

_LINE = re.compile(r"^  (\S+) +(\S+)(?:  +(\S.*))?$", re.MULTILINE)
_NAMED = re.compile(r"^(\S+) — ", re.MULTILINE)
_FAIL, _UNTRIED = "FAIL", ("unsupported", "disabled")
_WRONG = 1


@dataclass(frozen=True, slots=True)
class Trial:
    """What the suite said of one mock: exit status, and which rules failed, first named first.

    `undecided` are the rules that were blocked or in error, `untried` those without a verdict;
    `counts` has, of each that failed, how many of its tries did not.
    """

    fault: str | None
    code: int
    failed: tuple[str, ...]
    passed: tuple[str, ...]
    undecided: tuple[str, ...]
    untried: tuple[str, ...]
    counts: dict[str, str]
    seconds: float

    @property
    def killed(self) -> bool:
        """Tell whether the suite told this mock from a true one."""
        return self.code == _WRONG and bool(self.failed)

    def as_json(self) -> dict[str, Any]:
        """Return the trial as JSON."""
        return asdict(self)


def trial_from_json(document: dict[str, Any]) -> Trial:
    """Return the trial that `as_json` made."""
    lists = ("failed", "passed", "undecided", "untried")
    return Trial(**{**document, **{name: tuple(document[name]) for name in lists}})


def trial_of(fault: str | None, code: int, report: str, seconds: float) -> Trial:
    """Read what a report says of each rule."""
    found = [line for line in _LINE.findall(report) if "." in line[1]]
    verdicts = {rule: verdict for verdict, rule, _ in found}
    named = [rule for rule in _NAMED.findall(report) if verdicts.get(rule) == _FAIL]
    silent = [rule for rule, verdict in verdicts.items() if verdict == _FAIL and rule not in named]

    def with_verdict(*names: str) -> tuple[str, ...]:
        return tuple(rule for rule, verdict in verdicts.items() if verdict in names)

    known = {_FAIL, "pass", *_UNTRIED}
    return Trial(
        fault=fault,
        code=code,
        failed=(*named, *silent),
        passed=with_verdict("pass"),
        undecided=tuple(rule for rule, verdict in verdicts.items() if verdict not in known),
        untried=with_verdict(*_UNTRIED),
        counts={rule: count for verdict, rule, count in found if verdict == _FAIL},
        seconds=round(seconds, 1),
    )


class Warm:
    """One process that has everything imported and forks a mock and a suite for each trial."""

    def __init__(self, directory: Path) -> None:
        # Away from a checkout, as a user is: pytest would load the conftest.py that is there.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mock_server.power.warm"],
            cwd=directory,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tried(self, fault: str | None, rules: Sequence[str] = ()) -> tuple[int, str]:
        """Try rules (none: all) against a mock with a fault; return exit status and report."""
        assert self._process.stdin is not None, "it is a pipe"
        assert self._process.stdout is not None, "it is a pipe"
        self._process.stdin.write(f"{json.dumps({'fault': fault, 'rules': list(rules)})}\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return answer["code"], answer["report"]

    def close(self) -> None:
        """End the process."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait()


@contextmanager
def warmed(count: int) -> Iterator[SimpleQueue[Warm]]:
    """Hold some warm processes ready."""
    with tempfile.TemporaryDirectory(prefix="greenroom-power-") as folder:
        ready: SimpleQueue[Warm] = SimpleQueue()
        everyone = [Warm(Path(folder)) for _ in range(count)]
        for each in everyone:
            ready.put(each)
        try:
            yield ready
        finally:
            for each in everyone:
                each.close()


def trials(
    faults: Sequence[str | None], *, jobs: int, rules: Callable[[str | None], Sequence[str]]
) -> Iterator[Trial]:
    """Yield a trial for each fault (None: the true mock), with the rules asked for (none: all)."""
    with warmed(min(jobs, len(faults))) as ready, ThreadPoolExecutor(jobs) as pool:

        def one(fault: str | None) -> Trial:
            warm = ready.get()
            try:
                begun = time.monotonic()
                code, report = warm.tried(fault, rules(fault))
                return trial_of(fault, code, report, time.monotonic() - begun)
            finally:
                ready.put(warm)

        for running in [pool.submit(one, fault) for fault in faults]:
            yield running.result()

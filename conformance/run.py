"""Runs rules inside pytest: selection, preflight, verdicts, and the report's place."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest

from conformance.attempt import Attempt, rule_of
from conformance.contract import bundled
from conformance.ending import give_up
from conformance.errors import NotTestable
from conformance.header import Header
from conformance.identities import BadIdentities
from conformance.known import listed
from conformance.plugin import GAVE_UP_WORD, HEADER, KNOWN, PROPERTY, RULE, SERVES, options
from conformance.rule import Rule, disabling
from conformance.suite import Options, opened
from conformance.together import ATTEMPT, SUITE, Together, attempt_at
from conformance.verdicts import Outcome, Verdict

# Of every rule's cases a quick run tries so many.
QUICK_CASES = 2


def select(config: pytest.Config, items: list[pytest.Item]) -> bool:
    """Take out the rules that were not asked for; tell whether only rules are left."""
    asked = options(config)
    out = [item for item in items if not _selected(item, asked)]
    if asked.profile == "quick":
        gone = set(map(id, out))
        out += _thinned([item for item in items if id(item) not in gone], asked.seed)
    if out:
        config.hook.pytest_deselected(items=out)
        kept = set(map(id, out))
        items[:] = [item for item in items if id(item) not in kept]
    return all(rule_of(item) for item in items)


def _thinned(items: list[pytest.Item], seed: int) -> list[pytest.Item]:
    """Return what a quick run leaves out: of a rule's many cases all but a few, by the seed."""
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        if rule_of(item) is not None:
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    out: list[pytest.Item] = []
    for alike in cases.values():
        count = len(alike)
        few = {(turn * count // QUICK_CASES + seed - 1) % count for turn in range(QUICK_CASES)}
        out += [item for place, item in enumerate(alike) if place not in few]
    return out


def _selected(item: pytest.Item, asked: Options) -> bool:
    found = rule_of(item)
    if found is None:
        return True
    if disabling(found, level="decided", skipped=asked.skip):
        return False
    if asked.level == "published" and _about_decided(item):
        return False
    serves = item.get_closest_marker(SERVES)
    judged = (found, *(serves.args if serves else ()))
    return any(asked.selects(rule) for rule in judged)


def _about_decided(item: pytest.Item) -> bool:
    """Tell whether a test is about an operation the provider has not published."""
    about: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    field = next(iter(about.get("field", ())), None)
    name = str(about.get("operation") or getattr(field, "operation", ""))
    found = bundled().operations.get(name)
    return found is not None and found.provenance != "published"


class Run:
    """The hooks of a pytest run that has rules to try."""

    def __init__(self, config: pytest.Config, options: Options, only_rules: bool) -> None:
        self.config = config
        self.options = options
        self.only_rules = only_rules
        self.gave_up = ""
        self.today = datetime.now(UTC).date()
        self.header: Header | None = None
        self.together = Together(config)
        if only_rules and config.option.tbstyle == "auto":
            config.option.tbstyle = "no"

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, Any, Any]:
        """Hold the suite open while tests run."""
        if not any(rule_of(item) for item in session.items):
            return (yield)
        try:
            with _ends_on_signals(), opened(self.options) as suite:
                self.config.stash[SUITE] = suite
                self.header = Header.of(suite)
                with self.header.timed():
                    result = yield
        except (NotTestable, BadIdentities) as error:
            if not hasattr(self.config, "workeroutput"):
                give_up(self.config, str(error))
            # A worker that exits is replaced by another one; one that stops ends the run.
            self.gave_up = self.config.workeroutput[GAVE_UP_WORD] = str(error)
            session.shouldstop = str(error)
            result = yield
        finally:
            if self.header is not None:
                self.header.finish(self.config.stash[SUITE])
                if hasattr(self.config, "workeroutput"):
                    self.config.workeroutput[HEADER] = self.header.as_json()
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self) -> bool | None:
        """Try nothing where there is nothing to try it on."""
        return True if self.gave_up else None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, Any, Any]:
        """Turn what happened to a rule's test into outcomes on its report."""
        attempt = item.stash.get(ATTEMPT, None)
        if attempt is not None and attempt.tried and call.when == "call":
            call.start, call.duration = attempt.begun, attempt.seconds
            call.stop = call.start + call.duration
        report: Any = yield
        found = rule_of(item)
        if found is not None and (call.when == "call" or call.excinfo is not None):
            self._tell(attempt_at(item), item, call, report)
            self._introduce(report, found)
        return report

    def _tell(
        self, attempt: Attempt, item: pytest.Item, call: pytest.CallInfo[None], report: Any
    ) -> None:
        if not attempt.tried or call.when != "call":
            error = call.excinfo.value if call.excinfo else None
            attempt.seconds = call.duration
            attempt.judge(item, error, called=call.when == "call")
        outcomes, attempt.outcomes = attempt.outcomes, []
        _settle(report, [listed(each, self._known(), self.today) for each in outcomes])

    def _known(self) -> Any:
        return self.config.stash.get(KNOWN, ())

    def _introduce(self, report: Any, found: Rule) -> None:
        """Send header and rule along to where the report is written, when that is elsewhere."""
        if hasattr(self.config, "workerinput") and self.header is not None:
            report.user_properties.append((HEADER, self.header.as_json()))
            report.user_properties.append((RULE, asdict(found)))


def _settle(report: Any, outcomes: list[Outcome]) -> None:
    """Let a test's report say what its outcomes say; to pytest, a known failure is expected."""
    broken = [outcome for outcome in outcomes if outcome.failure]
    if any(outcome.verdict is not Verdict.KNOWN for outcome in broken):
        report.outcome = "failed"
        report.longrepr = "\n".join(_in_short(outcome) for outcome in broken)
    elif broken:
        report.outcome = "skipped"
        report.wasxfail = broken[0].reason
    report.user_properties.append((PROPERTY, [outcome.as_json() for outcome in outcomes]))


def _in_short(outcome: Outcome) -> str:
    failure = outcome.failure
    assert failure is not None
    told = f"expected {failure.expected}, received {failure.received}"
    return f"{outcome.rule}: {failure.subject}: {told}"


@contextmanager
def _ends_on_signals() -> Iterator[None]:
    """Treat SIGTERM as Ctrl+C, so that what was created is removed before the end.

    A second signal ends the process at once: the ledger's file then says what is left.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []

    def interrupt(number: int, _: object) -> None:
        received.append(number)
        if len(received) > 1:
            os.write(2, b"stopped; `greenroom sweep URL` removes what was left behind\n")
            os._exit(128 + number)
        raise KeyboardInterrupt(signal.Signals(number).name)

    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)

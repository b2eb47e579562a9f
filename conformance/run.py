"""Runs rules inside pytest: selection, preflight, verdicts, and the report's place."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from conformance.contract import bundled
from conformance.errors import Blocked, Mismatch, NotTestable
from conformance.identities import BadIdentities
from conformance.plugin import HEADER, MARK, PROPERTY, SERVES, VOICE, Doorway
from conformance.report import Header, lines
from conformance.rule import Rule, rules, selects
from conformance.suite import Options, Suite, opened
from conformance.verdicts import Outcome, Verdict, exit_status, outcome_from_json, tallies

SUITE = pytest.StashKey[Suite]()
CANNOT_DECIDE = 2


def rule_of(item: pytest.Item) -> Rule | None:
    """Return the rule a test item tries, None for other people's tests."""
    mark = item.get_closest_marker(MARK)
    return mark.args[0] if mark else None


def select(config: pytest.Config, items: list[pytest.Item]) -> bool:
    """Take out the rules that were not asked for; tell whether only rules are left."""
    asked = Options(
        level=config.getoption("greenroom_level"), rules=tuple(config.getoption("greenroom_rule"))
    )
    out = [item for item in items if not _selected(item, asked)]
    if out:
        config.hook.pytest_deselected(items=out)
        kept = set(map(id, out))
        items[:] = [item for item in items if id(item) not in kept]
    return all(rule_of(item) for item in items)


def _selected(item: pytest.Item, asked: Options) -> bool:
    found = rule_of(item)
    if found is None:
        return True
    if asked.level == "published" and _about_decided(item):
        return False
    serves = item.get_closest_marker(SERVES)
    judged = (found, *(serves.args if serves else ()))
    return any(selects(rule, level=asked.level, prefixes=asked.rules) for rule in judged)


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
        self.header: Header | None = None
        if only_rules and config.option.tbstyle == "auto":
            config.option.tbstyle = "no"

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, Any, Any]:
        """Hold the suite open while tests run."""
        if not any(rule_of(item) for item in session.items):
            return (yield)
        try:
            with _ends_on_sigterm(), opened(self.options) as suite:
                self.config.stash[SUITE] = suite
                self.header = Header.of(suite)
                with self.header.timed():
                    result = yield
        except (NotTestable, BadIdentities) as error:
            if voice := self.config.pluginmanager.get_plugin(VOICE):
                voice.give_up(str(error))
            pytest.exit(str(error), returncode=CANNOT_DECIDE)
        finally:
            if self.header is not None:
                self.header.finish(self.config.stash[SUITE])
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, Any, Any]:
        """Turn what happened to a rule's test into outcomes on its report."""
        report: Any = yield
        found = rule_of(item)
        if found is not None and (call.when == "call" or call.excinfo is not None):
            _judge(self.config.stash[SUITE], found, item, call, report)
            self._introduce(report)
        return report

    def _introduce(self, report: Any) -> None:
        """Send the header along to where the report is written, when that is elsewhere."""
        if hasattr(self.config, "workerinput") and self.header is not None:
            report.user_properties.append((HEADER, self.header.as_json()))


def _judge(
    suite: Suite, found: Rule, item: pytest.Item, call: pytest.CallInfo[None], report: Any
) -> None:
    extra = suite.drain()
    own = _own_outcome(suite, found, item, call)
    chosen = selects(found, level=suite.options.level, prefixes=suite.options.rules)
    outcomes = [*([own] if chosen and own else []), *extra]
    broken = [outcome for outcome in outcomes if outcome.failure]
    if broken:
        report.outcome = "failed"
        report.longrepr = "\n".join(_in_short(outcome) for outcome in broken)
    report.user_properties.append((PROPERTY, [outcome.as_json() for outcome in outcomes]))


def _in_short(outcome: Outcome) -> str:
    failure = outcome.failure
    assert failure is not None
    told = f"expected {failure.expected}, received {failure.received}"
    return f"{outcome.rule}: {failure.subject}: {told}"


def _words(item: pytest.Item) -> str:
    """Return a test's name as the sentence it is."""
    return item.name.removeprefix("test_").replace("_", " ")


def _own_outcome(
    suite: Suite, found: Rule, item: pytest.Item, call: pytest.CallInfo[None]
) -> Outcome | None:
    subject = item.name.partition("[")[2].removesuffix("]") or _words(item)
    if call.excinfo is None:
        return Outcome(found.id, Verdict.PASS, item.name)
    error = call.excinfo.value
    if isinstance(error, pytest.skip.Exception):
        return Outcome(found.id, Verdict.UNSUPPORTED, item.name, reason=str(error.msg))
    if isinstance(error, Blocked):
        return Outcome(found.id, Verdict.BLOCKED, item.name, reason=str(error))
    if isinstance(error, Mismatch) and call.when == "call":
        request = error.reply.request if error.reply else None
        failure = suite.failure(subject, error.expected, error.received, request)
        return Outcome(found.id, Verdict.FAIL, item.name, failure=failure)
    return Outcome(found.id, Verdict.ERROR, item.name, reason=f"{type(error).__name__}: {error}")


def settled_status(session: pytest.Session, doorway: Doorway) -> None:
    """Set the exit status of a run that tried only rules."""
    if session.exitstatus not in (0, 1, pytest.ExitCode.NO_TESTS_COLLECTED):
        return
    only_rules = doorway.run.only_rules if doorway.run else True
    if session.config.option.collectonly or not only_rules:
        return
    found = tallies(map(outcome_from_json, doorway.outcomes), chosen_rules(doorway.asked))
    status = exit_status(found.values())
    unexplained = session.exitstatus == 1 and status == 0
    session.exitstatus = CANNOT_DECIDE if unexplained else status


def chosen_rules(options: Options) -> dict[str, Rule]:
    """Return the selected rules, by id."""
    return {
        id_: found
        for id_, found in rules().items()
        if selects(found, level=options.level, prefixes=options.rules)
    }


def report_into(terminal: Any, doorway: Doorway) -> None:
    """Write the suite's report where pytest writes, or give it to who speaks in its place."""
    header = doorway.run.header if doorway.run else None
    if header is None and doorway.header is not None:
        header = Header(**doorway.header)
    found = tallies(map(outcome_from_json, doorway.outcomes), chosen_rules(doorway.asked))
    voice = doorway.config.pluginmanager.get_plugin(VOICE)
    if voice is not None and (found or header):
        voice.say(list(lines(found.values(), header, color=voice.color)))
    elif found:
        terminal.write_line("")
        for line in lines(found.values(), header, color=terminal.hasmarkup):
            terminal.write_line(line)


@contextmanager
def _ends_on_sigterm() -> Iterator[None]:
    """Treat SIGTERM as Ctrl+C, so that what was created is removed before the end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, _: object) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)

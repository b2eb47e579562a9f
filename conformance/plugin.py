"""The pytest plugin: options, and a door to the suite for runs that collect its rules.

It is loaded into every pytest run where greenroom is installed. So it imports nothing but
pytest until a rule is collected, adds only options that begin with `--greenroom-` (the short
ones join when the run names the rules), and does nothing in runs without rules. Nothing in it
asserts, so it may be imported at any time: PYTEST_DONT_REWRITE.
"""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

MARK = "conformance_rule"
SERVES = "conformance_serves"
ALONE = "conformance_alone"
LONG = "conformance_long"
PROPERTY = "conformance"
HEADER = "conformance_header"
RULE = "conformance_rule_tried"
VOICE = "conformance-voice"
KNOWN = pytest.StashKey[Any]()
GAVE_UP = pytest.StashKey[str]()
GAVE_UP_WORD = "conformance_gave_up"
RUN_ID = "conformance_run_id"
SHARED_MOCK = "conformance_mock"
CANNOT_DECIDE = 2
NAME_THINGS = ("known", "report_dir", "skip")
MOST_IN_FLIGHT, LONGEST_TIMEOUT = 64, 600
RULES_AT = ("conformance.rules", "conformance/rules", "conformance\\rules")


def _count(text: str) -> int:
    found = int(text)
    if not 1 <= found <= MOST_IN_FLIGHT:
        raise argparse.ArgumentTypeError(f"`{text}` must be from 1 to {MOST_IN_FLIGHT}")
    return found


def _seconds(text: str) -> float:
    found = float(text)
    if not 0 < found <= LONGEST_TIMEOUT:
        raise argparse.ArgumentTypeError(f"`{text}` must be above 0, at most {LONGEST_TIMEOUT}")
    return found


def _rate(text: str) -> str:
    from conformance.manners import rate_of  # noqa: PLC0415 - only when asked for

    try:
        rate_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("level", {"choices": ("published", "decided"), "default": "decided",
               "help": "published: only what the provider states; decided: the whole contract"}),
    ("rule", {"action": "append", "default": [], "metavar": "ID",
              "help": "only this rule, or every rule below this dotted prefix; repeatable"}),
    ("skip", {"action": "append", "default": [], "metavar": "ID",
              "help": "not this rule, or no rule below this dotted prefix; repeatable"}),
    ("rules", {"action": "store_true", "default": False, "help": "list the rules and exit"}),
    ("identities", {"metavar": "TOML", "default": None, "help": "a file of credentials"}),
    ("known", {"metavar": "TOML", "default": None,
               "help": "a file of deviations that are known, each with a reason and a last day"}),
    ("report-dir", {"metavar": "DIR", "default": None,
                    "help": "write result.json, report.html and junit.xml there"}),
    ("run-id", {"metavar": "ID", "default": None, "help": "what titles of this run begin with"}),
    ("profile", {"choices": ("quick", "full", "read-only"), "default": "full",
                 "help": "quick: a part of every rule's cases; read-only: creates nothing"}),
    ("in-flight", {"type": _count, "default": 12, "metavar": "N",
                   "help": "requests under way at once (default: 12)"}),
    ("rate", {"type": _rate, "default": None, "metavar": "N/s",
              "help": "at most so many requests a second: 10/s, 90/m"}),
    ("timeout", {"type": _seconds, "default": 10.0, "metavar": "SECONDS",
                 "help": "how long the target may be silent (default: 10)"}),
    ("ca", {"metavar": "FILE", "default": None,
            "help": "certificates to trust instead of the public ones (PEM)"}),
    ("generation-seed", {"type": int, "default": 1, "metavar": "N",
                         "help": "the seed of generated requests"}),
)  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options under names nobody else has."""
    group = parser.getgroup("greenroom", "greenroom: rules of the contract")
    for name, attributes in OPTIONS:
        dest = f"greenroom_{name.replace('-', '_')}"
        group.addoption(f"--greenroom-{name}", dest=dest, **attributes)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> None:
    """Add the short option names when this run names the rules."""
    if not _names_the_rules(args, early_config.getini("testpaths")):
        return
    group = parser.getgroup("greenroom")
    for name, attributes in OPTIONS:
        dest = f"greenroom_{name.replace('-', '_')}"
        with contextlib.suppress(argparse.ArgumentError, ValueError):
            group.addoption(f"--{name}", dest=dest, **attributes)


def _names_the_rules(args: Sequence[str], testpaths: Sequence[str]) -> bool:
    return any(place in arg for arg in (*args, *testpaths) for place in RULES_AT)


def pytest_configure(config: pytest.Config) -> None:
    """Announce the mark, and wait for rules."""
    config.addinivalue_line("markers", f"{MARK}(rule): a rule of the contract")
    config.addinivalue_line("markers", f"{SERVES}(*rules): gives rules about every answer one")
    config.addinivalue_line("markers", f"{ALONE}: must be tried while nothing else is under way")
    config.addinivalue_line("markers", f"{LONG}: has many steps or waits, and begins first")
    config.pluginmanager.register(Doorway(config), "conformance-doorway")


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """List the rules when asked to."""
    if not config.getoption("greenroom_rules"):
        return None
    from conformance.report import listing  # noqa: PLC0415 - only when asked for
    from conformance.rule import rules  # noqa: PLC0415

    print(listing(rules().values(), options(config)), end="")  # noqa: T201 - the answer itself
    return 0


def options(config: pytest.Config) -> Any:
    """Return what the run was asked to do, as the suite's Options."""
    from conformance.manners import Manners, rate_of  # noqa: PLC0415
    from conformance.suite import Options  # noqa: PLC0415

    identities, known, report_dir, ca = (
        Path(given) if (given := config.getoption(f"greenroom_{name}")) else None
        for name in ("identities", "known", "report_dir", "ca")
    )
    profile, rate = config.getoption("greenroom_profile"), config.getoption("greenroom_rate")
    manners = Manners(
        in_flight=config.getoption("greenroom_in_flight"),
        rate=rate_of(rate) if rate else None,
        timeout=config.getoption("greenroom_timeout"),
        ca=ca,
        read_only=profile == "read-only",
    )
    shared = getattr(config, "workerinput", {}).get(SHARED_MOCK)
    return Options(
        base_url=config.getoption("base_url", None) or shared,
        level=config.getoption("greenroom_level"),
        rules=tuple(config.getoption("greenroom_rule")),
        identities=identities,
        known=known,
        report_dir=report_dir,
        skip=tuple(config.getoption("greenroom_skip")),
        run_id=_run_id(config),
        profile=profile,
        seed=config.getoption("greenroom_generation_seed"),
        manners=manners,
    )


def _run_id(config: pytest.Config) -> str | None:
    """Return the run's id; each of several processes has one of its own, which begins with it."""
    given: str | None = config.getoption("greenroom_run_id")
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    if RUN_ID not in worker:
        return given
    number = int(str(worker["workerid"]).removeprefix("gw"))
    return f"{worker[RUN_ID]}-w{number:02}"


class Doorway:
    """Brings in the suite when a rule is collected, and its report when one was tried."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.outcomes: list[Any] = []
        self.headers: dict[str, Any] = {}
        self.rules: dict[str, Any] = {}
        self.run: Any = None
        self.written = ""
        self.ended = 0
        self.run_id = ""
        self.mock = ""
        self.open = contextlib.ExitStack()

    @property
    def known(self) -> Any:
        """Return the deviations that are listed as known."""
        return self.config.stash.get(KNOWN, ())

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Refuse options that cannot be meant, before anything is tried."""
        if any(self.config.getoption(f"greenroom_{name}") for name in NAME_THINGS):
            from conformance.ending import prepare  # noqa: PLC0415

            prepare(self.config, options(self.config))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give the processes that share a run one id to begin theirs with."""
        given = self.config.getoption("greenroom_run_id")
        self.run_id = given or self.run_id or f"gr-{os.urandom(4).hex()}"
        node.workerinput[RUN_ID] = self.run_id
        url = self.config.getoption("base_url", None)
        if not url and any(place in arg for arg in self.config.args for place in RULES_AT):
            node.workerinput[SHARED_MOCK] = self._shared_mock()

    def _shared_mock(self) -> str:
        """Return the URL of one mock for all processes, started when the first asks for it."""
        if not self.mock:
            from conformance import mock  # noqa: PLC0415

            self.mock = self.open.enter_context(mock.running())
        return self.mock

    def pytest_unconfigure(self) -> None:
        """Stop the mock that processes shared."""
        self.open.close()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Learn at a worker's end what only it knows: its requests, and what it left."""
        output = getattr(node, "workeroutput", {})
        if told := output.get(HEADER):
            self.headers[told["run_id"]] = told
        if sentence := output.get(GAVE_UP_WORD):
            self.config.stash[GAVE_UP] = sentence

    @property
    def asked(self) -> Any:
        """Return the run's options, as the suite's Options."""
        return options(self.config)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the selected rules, and open the suite when there are any."""
        if not any(item.get_closest_marker(MARK) for item in items):
            return
        from conformance.run import Run, select  # noqa: PLC0415

        self.run = Run(self.config, options(self.config), select(self.config, items))
        if not self.config.option.collectonly:
            self.config.pluginmanager.register(self.run, "conformance-run")
            self.config.pluginmanager.register(self.run.together, "conformance-together")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a report says of its rule; under xdist it comes from another process."""
        properties: list[tuple[str, Any]] = list(report.user_properties)
        for name, value in properties:
            if name == PROPERTY and (report.when == "call" or not report.passed):
                self.outcomes.extend(value)
            elif name == HEADER:
                self.headers.setdefault(value["run_id"], value)
            elif name == RULE:
                self.rules[value["id"]] = value

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        """Let the exit status say pass, fail, or could not decide, when only rules were run."""
        self.ended = int(session.exitstatus)
        concerned = self.run is not None or self.outcomes or GAVE_UP in self.config.stash
        if concerned and self.config.getoption("greenroom_report_dir"):
            from conformance.ending import write_files  # noqa: PLC0415

            write_files(self)
        yield
        if concerned:
            from conformance.ending import settled_status  # noqa: PLC0415

            settled_status(session, self)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the suite's own report below pytest's, or in its place."""
        if self.run is not None or self.outcomes:
            from conformance.ending import report_into  # noqa: PLC0415

            report_into(terminalreporter, self)

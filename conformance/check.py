"""`greenroom check`: the rules against a server, with the suite's own report and nothing else."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import TextIO

import pytest

from conformance import plugin
from conformance.plugin import OPTIONS, VOICE
from conformance.progress import Progress

CANNOT_DECIDE = 2
HERE = Path(__file__).resolve().parent
QUIET = (
    # A path and no name, for which pytest would load the `conftest.py` of the folder we are in.
    str(HERE / "rules"),
    "-p",
    "no:cacheprovider",
    # At the end it collects garbage five times over, to hear of exceptions nobody asked for.
    "-p",
    "no:unraisableexception",
    # No rule writes a log, and to listen before and after each costs more than to tell of it.
    "-p",
    "no:logging",
    "--import-mode=importlib",
    "--capture=sys",
    "-q",
)


def parser() -> argparse.ArgumentParser:
    """Return the command line of `greenroom check`."""
    found = argparse.ArgumentParser(
        prog="greenroom check",
        description="Check a server against the contract. Exit status: 0 it keeps it, 1 a rule "
        "fails, 2 the suite could not decide.",
    )
    found.add_argument(
        "url", nargs="?", help="the API's base, or the server's root; without it the mock is tried"
    )
    for name, attributes in OPTIONS:
        found.add_argument(f"--{name}", **attributes)
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Check a server and return the exit status: 0 pass, 1 fail, 2 could not decide."""
    try:
        given = parser().parse_args(argv)
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else CANNOT_DECIDE
    return run(_arguments(given), sys.stdout, sys.stderr)


def _arguments(given: argparse.Namespace) -> list[str]:
    passed = [f"--base-url={given.url}"] if given.url else []
    for name, attributes in OPTIONS:
        value = getattr(given, name.replace("-", "_"))
        if attributes.get("action") == "store_true":
            passed += [f"--greenroom-{name}"] if value else []
        elif attributes.get("action") == "append":
            passed += [f"--greenroom-{name}={one}" for one in value]
        elif value is not None:
            passed.append(f"--greenroom-{name}={value}")
    return passed


def run(passed: Sequence[str], out: TextIO, err: TextIO) -> int:
    """Run the rules in this process, away from any pytest configuration of the user."""
    voice = Voice(out, err)
    arguments = [*QUIET, "-c", str(HERE / "check.ini"), f"--rootdir={HERE}", *passed]
    noise = io.StringIO()
    plugins = [import_module("pytest_base_url.plugin"), plugin, voice]
    with _undisturbed(), redirect_stdout(noise), redirect_stderr(noise):
        status = int(pytest.main(arguments, plugins=plugins))
    if "--greenroom-rules" in passed:
        out.write(noise.getvalue())
    elif not voice.spoke and not voice.progress.total and status == CANNOT_DECIDE:
        voice.give_up("no rule was selected, `--rules` lists them")
    elif status not in (0, 1, CANNOT_DECIDE) or not voice.spoke:
        err.write(noise.getvalue())
        return CANNOT_DECIDE
    return status


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep other people's pytest settings and plugins out of the run."""
    ours = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    theirs = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_BASE_URL", *ours)
    before = {name: os.environ.pop(name) for name in theirs if name in os.environ}
    os.environ.update(ours)
    if "PYTEST_BASE_URL" in before:
        os.environ["PYTEST_BASE_URL"] = before["PYTEST_BASE_URL"]
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)
        os.environ.update(before)


class Voice:
    """Says what the suite has to say, in pytest's place."""

    __name__ = VOICE

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self.out = out
        self.err = err
        self.spoke = False
        self.progress = Progress(err)

    def say(self, lines: Sequence[str]) -> None:
        """Print the report."""
        self.progress.end()
        self.out.writelines(f"{line}\n" for line in lines)
        self.out.flush()
        self.spoke = True

    def mention(self, line: str) -> None:
        """Print a line beside the report."""
        self.err.write(f"{line}\n")

    def give_up(self, sentence: str) -> None:
        """Print why nothing could be tried."""
        self.progress.end()
        self.err.write(f"greenroom check: {sentence}\n")
        self.spoke = True

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn how much there is to do, and tell from now on how far the run is."""
        self.progress.begin(0 if session.config.option.collectonly else len(session.items))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count what failed."""
        self.progress.failed += report.failed

    def pytest_runtest_logfinish(self) -> None:
        """Count what is done."""
        self.progress.done += 1

    def pytest_unconfigure(self) -> None:
        """End the telling, however the run went."""
        self.progress.end()

    @property
    def color(self) -> bool:
        """Tell whether the report may be coloured."""
        return self.out.isatty() and not os.environ.get("NO_COLOR")

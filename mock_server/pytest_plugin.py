"""The pytest plugin: a mock for the run, and a world of its own for each test.

    def test_a_full_session_says_so(greenroom_world):
        greenroom_world.faults.add("join_session", status=409, example="full")
        ...

It is loaded into every pytest run where greenroom is installed, so it imports nothing but pytest
until a fixture is asked for.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mock_server.client import Mock, World

_URL, _TOKEN = "GREENROOM_URL", "GREENROOM_CONTROL_TOKEN"
# A world's name has 40 characters at most; eight of them, and a hyphen, make it the only one.
_LONGEST_SLUG = 31
_SHOWN_EXCHANGES = 20
_PATIENCE = 30
_USED = pytest.StashKey["World"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for a mock that runs already."""
    parser.getgroup("greenroom", "greenroom: rules of the contract").addoption(
        "--greenroom-url",
        metavar="URL",
        default=None,
        help=f"the mock that the fixtures use (default: ${_URL}, else one is started)",
    )


@pytest.fixture(scope="session")
def greenroom_mock(pytestconfig: pytest.Config) -> Iterator[Mock]:
    """Give the mock of the run: that of `--greenroom-url` or GREENROOM_URL, else one of its own.

    Where it asks for a token, GREENROOM_CONTROL_TOKEN has it. Under xdist each worker has its own
    mock, unless they are given one.
    """
    from mock_server.client import Mock  # noqa: PLC0415 - only who asks for it pays

    url = pytestconfig.getoption("--greenroom-url") or os.environ.get(_URL)
    if url:
        with Mock(url, os.environ.get(_TOKEN) or None) as mock:
            mock.health()
            yield mock
    else:
        with _started() as url, Mock(url) as mock:
            yield mock


@pytest.fixture
def greenroom_world(greenroom_mock: Mock, request: pytest.FixtureRequest) -> Iterator[World]:
    """Give a world that only this test is in, and delete it afterwards.

    Its last exchanges are shown when the test fails.
    """
    from mock_server.client import Refused  # noqa: PLC0415

    world = greenroom_mock.world(_name_of(request.node.name))
    request.node.stash[_USED] = world
    yield world
    # A world that the test never asked for anything, or deleted, is not there.
    with suppress(Refused):
        world.delete()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what a failed test asked of its world."""
    report = yield
    world = item.stash.get(_USED, None)
    if world is not None and report.when == "call" and report.failed:
        report.sections.append((f"greenroom, newest first, in world {world.name}", _told(world)))
    return report


def _told(world: World) -> str:
    from mock_server.client import MockError  # noqa: PLC0415

    try:
        lines = [str(each) for each in world.exchanges(limit=_SHOWN_EXCHANGES)]
    except MockError as error:
        return str(error)
    return "\n".join(lines) or "nothing was asked"


def _name_of(test: str) -> str:
    """Return a name no other world has, with as much of the test's as there is room for."""
    slug = re.sub(r"[^a-z0-9]+", "-", test.lower().removeprefix("test_")).strip("-")
    return f"{slug[:_LONGEST_SLUG]}-{uuid.uuid4().hex[:8]}".lstrip("-")


@contextmanager
def _started() -> Iterator[str]:
    # `-P`: a folder of this name where the tests are run is not what is meant.
    command = [sys.executable, "-P", "-m", "mock_server", "serve", "--port", "0", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            assert process.stdout is not None
            ready = process.stdout.readline().split()
            if ready[:1] != ["Ready"]:
                pytest.fail("the mock ended before it was ready: run `greenroom serve` to see why")
            yield ready[1]
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()

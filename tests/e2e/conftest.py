from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from mock_server.client import Mock

PATIENCE = 30
_PLAIN = ("--port", "0", "--quiet", "--scenario", "empty")


@pytest.fixture(scope="module", params=["memory", "sqlite", "postgres"])
def mock(request, tmp_path_factory) -> Iterator[Mock]:
    """A mock in a process of its own, on each store, reached over its socket."""
    store = "memory"
    if request.param == "sqlite":
        store = f"sqlite:///{tmp_path_factory.mktemp('e2e') / 'worlds.db'}"
    elif request.param == "postgres":
        store = request.getfixturevalue("database").empty()
    with serving("--store", store) as mock:
        yield mock


@pytest.fixture(scope="module")
def mock_in_memory() -> Iterator[Mock]:
    """A mock in a process of its own, for what is alike on every store."""
    with serving() as mock:
        yield mock


@pytest.fixture(scope="session")
def served() -> Callable[..., AbstractContextManager[Mock]]:
    """A function that gives a mock with options of the test's, and its token, in a process."""
    return serving


@contextmanager
def serving(*options: str, token: str | None = None) -> Iterator[Mock]:
    with subprocess.Popen(
        [sys.executable, "-m", "mock_server", "serve", *_PLAIN, *options],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        ready = process.stdout.readline()
        try:
            assert ready.startswith("Ready "), ready
            with Mock(ready.split()[1], token, timeout=PATIENCE) as mock:
                yield mock
        finally:
            process.terminate()
            process.wait(PATIENCE)

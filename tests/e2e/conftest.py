from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from mock_server.client import Mock

PATIENCE = 30


@pytest.fixture(scope="module", params=["memory", "sqlite", "postgres"])
def mock(request, tmp_path_factory) -> Iterator[Mock]:
    """A mock in a process of its own, on each store, reached over its socket."""
    store = "memory"
    if request.param == "sqlite":
        store = f"sqlite:///{tmp_path_factory.mktemp('e2e') / 'worlds.db'}"
    elif request.param == "postgres":
        store = request.getfixturevalue("database").empty()
    options = ["--port", "0", "--quiet", "--scenario", "empty", "--store", store]
    with subprocess.Popen(
        [sys.executable, "-m", "mock_server", "serve", *options],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        ready = process.stdout.readline()
        try:
            assert ready.startswith("Ready "), ready
            with Mock(ready.split()[1], timeout=PATIENCE) as mock:
                yield mock
        finally:
            process.terminate()
            process.wait(PATIENCE)

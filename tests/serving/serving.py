from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import httpx

PATIENCE = 30


@dataclass
class Served:
    """A mock in a process of its own; `url` is the API's base."""

    process: subprocess.Popen[str]
    url: str

    def client(self, by: str = "host") -> httpx.Client:
        key = f"greenroom-{by}-key"
        return httpx.Client(base_url=self.url, headers={"X-API-Key": key}, timeout=PATIENCE)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err


def command(
    *options: str, python: tuple[str, ...] = (), log: IO[str] | int = subprocess.PIPE
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *python, "-m", "mock_server", *options],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )


@contextmanager
def serve(*options: str) -> Iterator[Served]:
    process = command("serve", "--port", "0", "--quiet", *options)
    assert process.stdout is not None
    ready = process.stdout.readline()
    try:
        if not ready.startswith("Ready "):
            raise AssertionError(process.communicate(timeout=PATIENCE))
        yield Served(process, ready.split()[1])
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=PATIENCE)

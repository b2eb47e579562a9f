"""Start the servers that are measured, each pinned to one core, and stop them by their pid."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import IO

import psutil

from mock_server import __version__

ROOT = Path(__file__).resolve().parent.parent
BUNDLE = ROOT / "openapi" / "dist" / "openapi.json"
BASE = "/v1/webinar"
SERVER_CORE = "0"
LOAD_CORE = "1"
MIB = 1 << 20
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """Hold a server under measurement; `command` takes a port, `prefix` is its base path.

    `version` and `does` (what it validates and keeps) are for the notes under the tables;
    `without` names the requests it does not offer; one that `compiles` gets faster as it runs.
    """

    name: str
    command: Callable[[int], list[str]]
    prefix: str = BASE
    version: str = ""
    does: str = ""
    without: tuple[str, ...] = ()
    compiles: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """Hold a started server: where it answers, its pid, and seconds until its first answer."""

    url: str
    pid: int
    ready_seconds: float

    def cpu_seconds(self) -> float:
        """Return the processor time it has used so far, its child processes included."""
        return sum(
            times.user + times.system for times in (each.cpu_times() for each in self._processes())
        )

    def resident_mib(self) -> float:
        """Return its resident memory in MiB, its child processes included."""
        return sum(each.memory_info().rss for each in self._processes()) / MIB

    def _processes(self) -> list[psutil.Process]:
        parent = psutil.Process(self.pid)
        return [parent, *parent.children(recursive=True)]


def greenroom(name: str = "greenroom", *options: str) -> Server:
    """Return our own server."""
    command = [sys.executable, "-m", "mock_server", "serve", "--quiet", *options]
    return Server(
        name,
        lambda port: [*command, "--port", str(port)],
        version=__version__,
        does="validates requests, keys and answers, keeps state, signs tokens",
    )


def on_sqlite(name: str, folder: Path) -> Server:
    """Return our own server with a store in a new file of a folder at each start."""
    server = greenroom(name)
    return replace(
        server,
        command=lambda port: [
            *server.command(port),
            *("--store", f"sqlite:///{folder / f'{name}-{port}.db'}"),
        ],
    )


def raw_asgi() -> Server:
    """Return the floor under every ASGI application: constant bytes on the same server."""
    command = [sys.executable, "-m", "benchmarks.served", "benchmarks.raw_asgi:app"]
    return Server(
        "raw ASGI, bytes",
        lambda port: [*command, str(port)],
        version=f"on uvicorn {version('uvicorn')}",
        does="constant bytes of the same size on the same server: the floor",
    )


@contextmanager
def running(server: Server, *, pinned: bool = True) -> Iterator[Running]:
    """Start a server on a free port and wait until it answers; end it afterwards."""
    port = free_port()
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            [*pinned_to(SERVER_CORE if pinned else None), *server.command(port)],
            cwd=ROOT,
            stdout=said,
            stderr=said,
            env=_environment(),
            # Some servers have children; a group of its own allows to end them all.
            start_new_session=True,
        )
        url = f"http://127.0.0.1:{port}{server.prefix}"
        try:
            _wait_until_it_answers(f"{url}/sessions/live", process, said, began)
            yield Running(url, process.pid, time.perf_counter() - began)
        finally:
            _end(process)


def pinned_to(core: str | None) -> list[str]:
    """Return what pins a command to a core, nothing where the system can't."""
    return ["taskset", "-c", core] if core is not None and shutil.which("taskset") else []


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _environment() -> dict[str, str]:
    # A user's Python keeps compiled modules; some build machines forbid it, which costs a second.
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONWARNINGS": "ignore", "NO_COLOR": "1"}


def _wait_until_it_answers(
    url: str, process: subprocess.Popen[bytes], said: IO[bytes], began: float
) -> None:
    while time.perf_counter() - began < _PATIENCE:
        if process.poll() is not None:
            said.seek(0)
            raise RuntimeError(
                f"{process.args!r} ended with {process.returncode} before it answered: "
                f"{said.read()[-2000:].decode(errors='replace')}"
            )
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.002)
    raise RuntimeError(f"{process.args!r} did not answer within {_PATIENCE} s")

"""Start the servers that are compared, each pinned to one core, and stop them by their pid."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUNDLE = ROOT / "openapi" / "dist" / "openapi.json"
BASE = "/v1/webinar"
SERVER_CORE = "0"
LOAD_CORE = "1"
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Peer:
    """Hold a server under comparison; `command` takes a port, `prefix` is its base path."""

    name: str
    command: Callable[[int], list[str]]
    prefix: str = BASE


@dataclass(frozen=True, slots=True)
class Running:
    """Hold a started server: where it answers, its pid, and seconds until its first answer."""

    url: str
    pid: int
    ready_seconds: float


def greenroom(*options: str) -> Peer:
    """Return our own server."""
    command = [sys.executable, "-m", "mock_server", "serve", "--quiet", *options]
    return Peer("greenroom", lambda port: [*command, "--port", str(port)])


def stock_connexion() -> Peer:
    """Return connexion as it comes, with our handlers and without response validation."""
    command = [sys.executable, "-m", "uvicorn", "benchmarks.stock_connexion:app"]
    command += ["--no-access-log", "--log-level", "error", "--port"]
    return Peer("connexion, stock", lambda port: [*command, str(port)])


def raw_asgi() -> Peer:
    """Return the floor under every ASGI application: constant bytes on the same server."""
    command = [sys.executable, "-m", "uvicorn", "benchmarks.raw_asgi:app", "--lifespan", "off"]
    command += ["--no-access-log", "--log-level", "error", "--port"]
    return Peer("raw ASGI, bytes", lambda port: [*command, str(port)])


def prism() -> Peer | None:
    """Return Prism's static mock, None where npm's `@stoplight/prism-cli` is not installed."""
    found = os.environ.get("PRISM") or shutil.which("prism")
    if found is None:
        return None
    command = [found, "mock", "--host", "127.0.0.1", str(BUNDLE)]
    return Peer("Prism, static", lambda port: [*command, "--port", str(port)], prefix="")


@contextmanager
def running(peer: Peer, *, pinned: bool = True) -> Iterator[Running]:
    """Start a server on a free port and wait until it answers; end it afterwards."""
    port = _free_port()
    pin = ["taskset", "-c", SERVER_CORE] if pinned and shutil.which("taskset") else []
    began = time.perf_counter()
    process = subprocess.Popen(
        [*pin, *peer.command(port)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    )
    url = f"http://127.0.0.1:{port}{peer.prefix}"
    try:
        _wait_until_it_answers(f"{url}/sessions/live", process, began)
        yield Running(url, process.pid, time.perf_counter() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment() -> dict[str, str]:
    # A user's Python keeps compiled modules; some build machines forbid it, which costs a second.
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONWARNINGS": "ignore"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], began: float) -> None:
    while time.perf_counter() - began < _PATIENCE:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode} before answering")
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.002)
    raise RuntimeError(f"{process.args!r} did not answer within {_PATIENCE} s")

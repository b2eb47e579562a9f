"""Several replicas on one database, behind a real proxy."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from database import Database
from serving import PATIENCE, Served, command

REPLICAS = 4
_PROXY = """
global
    maxconn 500
defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    # A replica that is busy is not one that is gone.
    timeout check 5s
    option redispatch
    retries 3
    # Only what never reached a replica may be sent to another: a write must not happen twice.
    retry-on conn-failure
frontend all
    bind 127.0.0.1:{port}
    default_backend replicas
backend replicas
    balance roundrobin
    option httpchk GET /_mock/health
    default-server check inter 500ms fall 2 rise 1
"""


@dataclass
class Cluster:
    """Replicas and the address that spreads requests over them; `url` is the API's base."""

    database: Database
    replicas: list[Served]
    url: str

    def client(self, by: str = "host") -> httpx.Client:
        key = f"greenroom-{by}-key"
        return httpx.Client(base_url=self.url, headers={"X-API-Key": key}, timeout=PATIENCE)


def start_at_once(how_many: int, *options: str) -> list[Served]:
    """Start replicas together and wait until each is ready."""
    processes = [command("serve", "--port", "0", "--quiet", *options) for _ in range(how_many)]
    served = []
    for process in processes:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready.startswith("Ready "), process.communicate(timeout=PATIENCE)
        served.append(Served(process, ready.split()[1]))
    return served


def stop(replicas: list[Served]) -> None:
    for each in replicas:
        if each.process.poll() is None:
            each.process.kill()
        each.process.communicate(timeout=PATIENCE)


@contextmanager
def proxy(replicas: list[Served], folder: Path) -> Iterator[str]:
    """Run haproxy before replicas and give its API base."""
    program = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        pytest.skip("no haproxy on this machine (`apt-get install haproxy`)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lines = [
        f"    server replica{number} {urlsplit(each.url).netloc}"
        for number, each in enumerate(replicas)
    ]
    config = folder / "haproxy.cfg"
    config.write_text(_PROXY.format(port=port) + "\n".join(lines) + "\n")
    # In the foreground (-db): its process is the one to end.
    process = subprocess.Popen(
        [program, "-db", "-q", "-f", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}/v1/webinar"
        transport = httpx.HTTPTransport(retries=10)
        with httpx.Client(transport=transport, timeout=PATIENCE) as client:
            assert client.get(f"{url}/sessions/live").status_code == 200
        yield url
    finally:
        process.kill()
        process.wait(PATIENCE)


@contextmanager
def cluster(database: Database, folder: Path, *options: str) -> Iterator[Cluster]:
    with ExitStack() as stack:
        replicas = start_at_once(REPLICAS, "--store", database.empty(), *options)
        stack.callback(stop, replicas)
        url = stack.enter_context(proxy(replicas, folder))
        yield Cluster(database, replicas, url)


def check(url: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the conformance suite against a server."""
    return subprocess.run(
        [sys.executable, "-m", "mock_server", "check", url, *options],
        check=False,
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
    )

"""Load by wrk, pinned to the other core; bounded in connections and in time."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.servers import LOAD_CORE

CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Load:
    """Hold what wrk saw: requests a second, 99th percentile in ms, and how many were not 2xx."""

    requests_per_second: float
    p99_ms: float
    total: int
    failed: int


def require_wrk() -> None:
    """Refuse to measure without wrk, which no Python program replaces."""
    if shutil.which("wrk") is None:
        raise SystemExit("benchmarks need `wrk`, install it with: apt-get install wrk")


def load(
    url: str, *, method: str, headers: Mapping[str, str], seconds: int, body: str = ""
) -> Load:
    """Send one request over 32 connections for some seconds."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    pin = ["taskset", "-c", LOAD_CORE] if shutil.which("taskset") else []
    # wrk reads its script once a thread, so it must be a real file.
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f'wrk.method = "{method}"\nwrk.body = {json.dumps(body)}\n')
        script.flush()
        said = subprocess.run(
            [*pin, *command, "-s", script.name, url],
            capture_output=True,
            text=True,
            check=True,
            timeout=seconds + 30,
        ).stdout
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return Load(
        requests_per_second=float(_found(r"Requests/sec:\s+([\d.]+)", said)),
        p99_ms=_milliseconds(_found(r"\n\s+99%\s+(\S+)", said)),
        total=int(_found(r"(\d+) requests in", said)),
        failed=int(failed[1]) if failed else 0,
    )


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"wrk said nothing like `{pattern}`: {text}")
    return match[1]


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]

"""Measures the conformance suite: how long it takes at a distance, and whether it says the same.

`python -m benchmarks.suite` (or only some parts: `python -m benchmarks.suite times shuffled`)
against a mock of its own; a run is `greenroom check` as a user starts it, in its own process.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.provenance import provenance
from benchmarks.servers import ROOT
from conformance.mock import running

Json = Any
# Options, and the seed of a shuffled order.
Order = tuple[tuple[str, ...], int | None]
DISTANT: Json = {"operation": "*", "effect": {"delay": {"fixed_ms": 50}}}
BUSY: Json = {
    "operation": "*",
    "when": {"percentage": 20},
    "effect": {"status": 429, "retry_after": 1},
}
SHUFFLED, PARALLEL, WORKERS = 15, 4, 4
QUICK = 79
SHUFFLE = "BENCHMARK_SHUFFLE"
KILL_AFTER = 12.0


@dataclass(frozen=True, slots=True)
class Told:
    """What a run told: its exit status, how long it took as a whole, requests, each verdict."""

    code: int
    seconds: float
    requests: int
    verdicts: Mapping[str, str]
    left: str


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Shuffle the tests of a run in which this module is a plugin."""
    random.Random(int(os.environ[SHUFFLE])).shuffle(items)  # noqa: S311 - an order, no secret


def checked(url: str, *more: str, shuffled: int | None = None) -> Told:
    """Check a server in a process of its own, with `pytest` where an option is pytest's."""
    with tempfile.TemporaryDirectory() as folder:
        plugin = ["-p", "benchmarks.suite"] if shuffled is not None else []
        by_pytest = bool(plugin) or "-n" in more
        command = [sys.executable, "-m"]
        command += (
            ["pytest", "-q", f"--base-url={url}"] if by_pytest else ["mock_server", "check", url]
        )
        # Of pytest's options ours has a longer name.
        names = {"--profile": "--greenroom-profile"} if by_pytest else {}
        options = [names.get(each, each) for each in more]
        environment = {**os.environ, SHUFFLE: str(shuffled or 0), "PYTHONPATH": str(ROOT)}
        begun = time.monotonic()
        done = subprocess.run(
            [*command, *plugin, f"--report-dir={folder}", *options],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        seconds = time.monotonic() - begun
        made = json.loads((Path(folder) / "result.json").read_text())
    if done.returncode == 2:
        sys.stderr.write(done.stdout[-2000:] + done.stderr[-500:])
    verdicts = {rule["id"]: rule["verdict"] for rule in made["rules"]}
    return Told(done.returncode, seconds, made["run"]["requests"], verdicts, made["run"]["left"])


@contextmanager
def mock(*faults: Json) -> Iterator[str]:
    """Run a mock that has faults, and yield the URL of its API."""
    with running() as url:
        for fault in faults:
            ask(f"{url.removesuffix('/v1/webinar')}/_mock/faults", fault)
        yield url


def ask(url: str, body: Json = None, token: str = "") -> Json:
    """Ask the mock and return what it answers."""
    headers = {"Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def times() -> Iterator[str]:
    """Yield how long each profile takes with 50 ms added to every answer."""
    for profile in ("quick", "full"):
        with mock(DISTANT) as url:
            told = checked(url, "--profile", profile)
        yield f"50 ms, {profile:<5}  {_cost(told)}  {_sum(told)}"


def shuffled() -> Iterator[str]:
    """Yield whether twenty clean runs, in other orders and with four processes, say the same."""
    orders: list[Order] = [((), seed) for seed in range(1, SHUFFLED + 1)]
    yield from _again([*orders, *[(("-n", str(WORKERS)), None)] * PARALLEL])
    yield f"({SHUFFLED} of them shuffled, {PARALLEL} with -n {WORKERS})"


def quick() -> Iterator[str]:
    """Yield whether eighty quick runs, in other orders, say the same."""
    profile = ("--profile", "quick")
    yield from _again([(profile, seed) for seed in range(1, QUICK + 1)], *profile)


def _again(orders: Sequence[Order], *more: str) -> Iterator[str]:
    """Yield what a run in the written order says, and what the others say beside it."""
    runs: list[Told] = []
    with mock() as url:
        first = checked(url, *more)
        for given, order in orders:
            runs.append(checked(url, *given, shuffled=order))
            sys.stderr.write(f"\r{len(runs)} of {len(orders)}: {_alike(first, runs)} ")
    yield f"as written{'':<5}{_sum(first)}"
    yield f"{len(runs)} in other orders: {_alike(first, runs)}"


def busy() -> Iterator[str]:
    """Yield whether the verdicts are the same when a fifth of the calls is answered with 429."""
    with mock() as url:
        first = checked(url)
    with mock(BUSY) as url:
        told = checked(url)
    yield f"429 to a fifth  {_cost(told)}  {_alike(first, [told])}"


def killed() -> Iterator[str]:
    """Yield what is there before a run, after it was killed, and after a sweep."""
    with mock() as url, tempfile.TemporaryDirectory() as state:
        environment = {**os.environ, "XDG_STATE_HOME": state}
        command = [sys.executable, "-m", "mock_server"]
        before = _there(url)
        process = subprocess.Popen(
            [*command, "check", url], cwd=ROOT, env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(KILL_AFTER)
        process.send_signal(signal.SIGKILL)
        process.wait()
        dead = _there(url)
        swept = subprocess.run(
            [*command, "sweep", url], cwd=ROOT, env=environment, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        yield f"kill -9: rooms and presets of both hosts {before}, then {dead}"
        yield f"sweep: {swept.stdout.strip()}; then {_there(url)}"


def _there(url: str) -> list[int]:
    personas = ask(f"{url.removesuffix('/v1/webinar')}/_mock/personas")["data"]["personas"]
    tokens = {each["name"]: each.get("access_token") for each in personas}
    return [
        ask(f"{url}{path}?limit=1", token=tokens[name])["data"]["total"]
        for name in ("host", "other_host")
        for path in ("/rooms/my", "/presets")
    ]


def _cost(told: Told) -> str:
    return f"{told.seconds:6.1f} s  {told.requests:6,} requests"


def _sum(told: Told) -> str:
    found = list(told.verdicts.values())
    return ", ".join(f"{found.count(each)} {each}" for each in sorted(set(found)))


def _alike(first: Told, runs: list[Told]) -> str:
    others = {
        f"{rule} {first.verdicts.get(rule)} -> {verdict}"
        for told in runs
        for rule, verdict in told.verdicts.items()
        if first.verdicts.get(rule) != verdict
    }
    codes = sorted({told.code for told in runs})
    return f"exits {codes}, " + ("the same verdicts" if not others else f"other: {sorted(others)}")


PARTS: dict[str, Callable[[], Iterator[str]]] = {
    "times": times,
    "shuffled": shuffled,
    "quick": quick,
    "busy": busy,
    "killed": killed,
}


def main(names: list[str]) -> None:
    """Measure the parts that are named, or all, and print what was found."""
    for line in provenance():
        print(line)
    for name in names or list(PARTS):
        for line in PARTS[name]():
            print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

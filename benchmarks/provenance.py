"""Where figures come from: versions, the machine, the commit, and how busy the machine was."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.servers import ROOT
from mock_server import __version__

# Above so much of one core in other hands before a run, figures are not to be trusted.
BUSY = 0.15
_TOOLS = (("wrk", "-v"), ("node", "--version"), ("java", "-version"))


def provenance() -> list[str]:
    """Return lines that say what is measured, where and when."""
    load = ", ".join(f"{each:.2f}" for each in os.getloadavg())
    python = f"{platform.python_implementation()} {platform.python_version()}"
    memory = psutil.virtual_memory().total >> 30
    tools = [tool_version(*command) for command in _TOOLS]
    lines = [
        f"greenroom {__version__}, commit {commit()}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        ", ".join([python, f"SQLite {sqlite3.sqlite_version}", *tools]),
        f"{os.cpu_count()} cores of {processor()}, {memory} GiB",
        f"{platform.system()} {platform.release()}, load average at the start {load}",
    ]
    busy = foreign_cores(1.0)
    if busy > BUSY:
        lines.append(
            f"WARNING: other programs use {busy:.2f} of a core: figures are low and uneven, "
            "trust ratios within this run only"
        )
    return lines


def foreign_cores(seconds: float) -> float:
    """Return how many cores were busy while this process slept for some seconds."""
    return psutil.cpu_percent(interval=seconds) / 100 * (os.cpu_count() or 1)


def commit() -> str:
    """Return the short id of the commit, with a + where files differ from it."""
    try:
        head = _git("rev-parse", "--short", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}{'+' if changed else ''}"


def processor() -> str:
    """Return the processor's name as the system gives it."""
    try:
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1].strip() if found else platform.machine()


def tool_version(program: str, option: str) -> str:
    """Return a program's name and the version it tells; `no java` where it is not installed."""
    try:
        ran = subprocess.run([program, option], capture_output=True, text=True, check=False)
    except OSError:
        return f"no {program}"
    found = re.search(r"\d+(\.\d+)+", ran.stdout + ran.stderr)
    return f"{program} {found[0] if found else ''}".rstrip()


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def tell(text: str) -> None:
    """Print a line of progress on stderr, where it does not mix with figures."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _git(*words: str) -> str:
    said = subprocess.run(
        ["git", *words], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return said.strip()

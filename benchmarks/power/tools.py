"""The tools that are compared: how each is started, and what it says of a server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.peers.compared import packages_folder
from benchmarks.provenance import tool_version
from benchmarks.servers import BUNDLE

Tokens = Mapping[str, str]
# Enough examples for the stateful phase to create, change and delete what it creates.
EXAMPLES = 5
SEED = 1
AT_MOST = 240.0
# The lines under a transaction say why it failed, in the words of the data of that moment.
_DREDD_SAYS = re.compile(r"^(?:fail|error): ([A-Z]+ \(\d+\) \S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Tool:
    """Hold a tool; `command` takes a URL, personas' tokens and a folder for its files.

    `found` reads what it found, each finding under a name that is the same in every run.
    """

    name: str
    version: str
    command: Callable[[str, Tokens, Path], list[str]]
    found: Callable[[str, Path], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Said:
    """Hold what a tool said of one server; `code` is None where it took too long."""

    code: int | None
    found: frozenset[str]


def asked(tool: Tool, url: str, tokens: Tokens, folder: Path) -> Said:
    """Let a tool look at a server, for a few minutes at most."""
    command = tool.command(url, tokens, folder)
    quiet = {**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "ignore"}
    try:
        ran = subprocess.run(
            ["nice", "-n", "5", *command],
            cwd=folder,
            env=quiet,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=AT_MOST,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Said(None, frozenset())
    return Said(ran.returncode, tool.found(ran.stdout, folder))


def tools() -> list[Tool]:
    """Return the tools that are installed; Dredd from the folder that PEERS names."""
    st = version("schemathesis")
    found = [
        Tool("st run, plain", st, _plain, _schemathesis_found),
        Tool("st run, tuned", st, _tuned, _schemathesis_found),
    ]
    dredd = _dredd()
    if dredd:
        found.append(
            Tool(
                "Dredd",
                tool_version(dredd, "--version").rpartition(" ")[2],
                _dredd_run,
                _dredd_found,
            )
        )
    return found


def _st(url: str) -> list[str]:
    return [
        *(sys.executable, "-m", "schemathesis.cli"),
        *("run", str(BUNDLE), "--url", url, "--seed", f"{SEED}", "--max-examples", f"{EXAMPLES}"),
        *("--no-shrink", "--report", "json", "--report-json-path", "found.json"),
    ]


def _plain(url: str, tokens: Tokens, folder: Path) -> list[str]:
    """Return the command of the first page of its documentation: a document, a URL, a token."""
    del folder
    return [*_st(url), "--header", f"Authorization: Bearer {tokens['host']}"]


def _tuned(url: str, tokens: Tokens, folder: Path) -> list[str]:
    """Return the command with a configuration: all checks, refusals allowed, two identities."""
    users = [
        {
            "name": name,
            "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {tokens[name]}"}],
        }
        for name in ("host", "other_host")
    ]
    (folder / "users.json").write_text(json.dumps({"auth": users}), "utf-8")
    (folder / "schemathesis.toml").write_text(_TUNED, "utf-8")
    st = _st(url)
    return [*st[:3], "--config-file", str(folder / "schemathesis.toml"), *st[3:], "--checks", "all"]


_TUNED = """\
continue-on-failure = true

[auth.wfc]
path = "users.json"
user = "host"
peers = ["host", "other_host"]

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "422", "429", "503"]

[phases.stateful]
max-steps = 8
"""


def _schemathesis_found(said: str, folder: Path) -> frozenset[str]:
    del said
    report = folder / "found.json"
    if not report.exists():
        return frozenset()
    failures = json.loads(report.read_text("utf-8"))["failures"]
    return frozenset(
        f"{operation}: {each['title']}" for each in failures for operation in each["operations"]
    )


def _dredd() -> str | None:
    folder = packages_folder()
    local = folder / "node_modules" / ".bin" / "dredd" if folder else None
    return str(local) if local and local.exists() else shutil.which("dredd")


def _dredd_run(url: str, tokens: Tokens, folder: Path) -> list[str]:
    """Return Dredd's command; the document by name, as its own warnings are a line each."""
    shutil.copy(BUNDLE, folder / "openapi.json")
    bearer = f"Authorization: Bearer {tokens['host']}"
    options = ["--sorted", "--no-color", "--loglevel", "error", "--header", bearer]
    return [str(_dredd()), "openapi.json", url, *options]


def _dredd_found(said: str, folder: Path) -> frozenset[str]:
    del folder
    return frozenset(_DREDD_SAYS.findall(said))

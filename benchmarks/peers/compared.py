"""Which peers are there: their commands, and what to do for those that are not installed."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from benchmarks.peers.stubs import (
    write_answers,
    write_contract,
    write_json_server_data,
    write_mockoon_environment,
    write_wiremock_stubs,
)
from benchmarks.requests import START_SESSION, Recorded
from benchmarks.results import Missing
from benchmarks.servers import BUNDLE, Server

PACKAGES = Path(__file__).parent / "package.json"
_SCRIPT = Path(__file__).parent / "openapi_backend.mjs"
_INSTALL = "make peers PEERS=folder installs it, then make bench PEERS=folder"
_JAVA = "apt-get install openjdk-17-jre-headless"
_NODE = "apt-get install nodejs npm"


@dataclass(frozen=True, slots=True)
class _Kind:
    """Hold how a peer is started from its npm package and the files written for it."""

    name: str
    package: str
    command: Callable[[Path, Path, Recorded], Callable[[int], list[str]]]
    does: str
    needs: tuple[str, str] = ("node", _NODE)
    prefix: str | None = None
    without: tuple[str, ...] = ()


def packages_folder() -> Path | None:
    """Return the folder that the variable PEERS names, made absolute; None where it is not set."""
    named = os.environ.get("PEERS")
    return Path(named).resolve() if named else None


def compared(recorded: Recorded, folder: Path) -> tuple[list[Server], list[Missing]]:
    """Return the peers that can be started, with their files in a folder, and those that can't."""
    servers, absent = [stock_connexion()], []
    packages = packages_folder()
    for kind in KINDS:
        manifest = packages and packages / "node_modules" / kind.package / "package.json"
        program, how = kind.needs
        if not manifest or not manifest.is_file():
            absent.append(Missing(kind.name, _INSTALL))
        elif shutil.which(program) is None:
            absent.append(Missing(kind.name, f"it runs on {program}: {how}"))
        else:
            own = folder / str(len(servers))
            own.mkdir()
            servers.append(_server(kind, manifest, own, recorded))
    return servers, absent


def stock_connexion() -> Server:
    """Return connexion as it comes, with our handlers and without response validation."""
    command = [sys.executable, "-m", "uvicorn", "benchmarks.stock_connexion:app"]
    command += ["--no-access-log", "--log-level", "error", "--port"]
    return Server(
        "connexion, stock",
        lambda port: [*command, str(port)],
        version=version("connexion"),
        does="our operations behind connexion's layers; validates requests and keys, keeps state",
    )


def _server(kind: _Kind, manifest: Path, own: Path, recorded: Recorded) -> Server:
    packages = manifest.parents[len(Path(kind.package).parts) + 1]
    server = Server(
        kind.name,
        kind.command(packages, own, recorded),
        version=json.loads(manifest.read_bytes())["version"],
        does=kind.does,
        without=kind.without,
        compiles=True,
    )
    return server if kind.prefix is None else replace(server, prefix=kind.prefix)


def _bin(packages: Path, name: str) -> list[str]:
    return ["node", str(packages / "node_modules" / ".bin" / name)]


def _wiremock(packages: Path, own: Path, recorded: Recorded) -> Callable[[int], list[str]]:
    (jar,) = (packages / "node_modules" / "wiremock" / "build").glob("*.jar")
    command = ["java", "-jar", str(jar), "--root-dir", str(write_wiremock_stubs(own, recorded))]
    # As its own advice for load tests has it: nothing is remembered of requests, nothing logged.
    command += ["--no-request-journal", "--disable-request-logging", "--disable-banner"]
    command += ["--bind-address", "127.0.0.1", "--port"]
    return lambda port: [*command, str(port)]


def _openapi_backend(*options: str) -> Callable[[Path, Path, Recorded], Callable[[int], list[str]]]:
    def command(packages: Path, own: Path, recorded: Recorded) -> Callable[[int], list[str]]:
        answers = str(write_answers(own, recorded))
        return lambda port: [
            *("node", str(_SCRIPT), str(packages), str(port), str(BUNDLE), answers),
            *options,
        ]

    return command


def _prism(packages: Path, own: Path, recorded: Recorded) -> Callable[[int], list[str]]:
    command = [*_bin(packages, "prism"), "mock", "--host", "127.0.0.1", "--verboseLevel", "silent"]
    command += [str(write_contract(own, recorded)), "--port"]
    return lambda port: [*command, str(port)]


def _mockoon(packages: Path, own: Path, recorded: Recorded) -> Callable[[int], list[str]]:
    data = str(write_mockoon_environment(own, recorded))
    command = [*_bin(packages, "mockoon-cli"), "start", "--data", data, "--repair"]
    command += ["--hostname", "127.0.0.1", "--disable-log-to-file", "--disable-admin-api"]
    return lambda port: [*command, "--port", str(port)]


def _json_server(packages: Path, own: Path, recorded: Recorded) -> Callable[[int], list[str]]:
    data, routes = write_json_server_data(own, recorded)
    server = [*_bin(packages, "json-server"), "--host", "127.0.0.1", "--quiet"]

    def command(port: int) -> list[str]:
        # It writes what it was sent into its file, so each start gets a new one.
        file = shutil.copy(data, own / f"{port}.json")
        return [*server, "--routes", str(routes), "--port", str(port), str(file)]

    return command


_KEPT = "validates requests and keys, keeps state; our own script, which signs no token"
KINDS = (
    _Kind("openapi-backend", "openapi-backend", _openapi_backend(), _KEPT),
    _Kind(
        "openapi-backend, answers",
        "openapi-backend",
        _openapi_backend("--validate-answers"),
        "the same, and validates its answers",
    ),
    _Kind(
        "WireMock",
        "wiremock",
        _wiremock,
        "hand-written stubs that match method and path; validates nothing, keeps nothing",
        needs=("java", _JAVA),
    ),
    _Kind(
        "Prism, static",
        "@stoplight/prism-cli",
        _prism,
        "validates requests; answers the contract's example, keeps nothing",
        prefix="",
    ),
    _Kind(
        "Mockoon",
        "@mockoon/cli",
        _mockoon,
        "fixed bodies without templates; validates nothing, keeps nothing",
    ),
    _Kind(
        "json-server",
        "json-server",
        _json_server,
        "keeps entities in a JSON file, answers what it was sent; validates nothing, has no moves",
        without=(START_SESSION.name,),
    ),
)

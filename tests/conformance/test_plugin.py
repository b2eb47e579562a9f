from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.plugin import _names_the_rules

ROOT = Path(__file__).parents[2]
LIGHT = """
import sys
def test_nothing_heavy_is_loaded(pytestconfig):
    for name in ("schemathesis", "httpx", "conformance.suite", "conformance.contract"):
        assert name not in sys.modules
    assert pytestconfig.getoption("--profile") == "mine"
"""
CLASHING = """
def pytest_addoption(parser):
    parser.addoption("--profile")
    parser.addoption("--level", default="theirs")
"""


def pytest_in(folder: Path, *args: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment |= {"NO_COLOR": "1", **more}
    # Under CI pytest shortens nothing and says a failure's words twice.
    for name in ("PYTEST_ADDOPTS", "CI", "BUILD_NUMBER"):
        environment.pop(name, None)
    plugins = ("-p", "pytest_base_url.plugin", "-p", "conformance.plugin")
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "-p", "no:cacheprovider", *args],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_other_peoples_runs_are_left_alone(tmp_path) -> None:
    (tmp_path / "test_theirs.py").write_text(LIGHT)
    (tmp_path / "conftest.py").write_text(CLASHING)
    done = pytest_in(tmp_path, "-q", "--strict-markers", "--profile", "mine")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "contract" not in done.stdout
    assert "1 passed" in done.stdout


@pytest.mark.parametrize("spelling", ["equals", "space", "environment"])
def test_the_url_is_understood_in_every_spelling_from_any_folder(
    stub, tmp_path, spelling: str
) -> None:
    url = {"equals": [f"--base-url={stub.url}"], "space": ["--base-url", stub.url]}
    more = {"PYTEST_BASE_URL": stub.url} if spelling == "environment" else {}
    done = pytest_in(
        tmp_path,
        "--pyargs",
        "conformance.rules",
        *url.get(spelling, []),
        "--rule",
        "time.clock",
        GREENROOM_HOST_TOKEN="host-token",
        **more,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{stub.url}/v1/webinar · level decided" in done.stdout
    assert "0 of 1 rules fail · 1 pass" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_failure_is_red_in_pytest_and_told_once_without_a_traceback(stub, tmp_path) -> None:
    stub.answers["GET /v1/webinar/rooms"] = (200, {"success": True, "data": {}, "timestamp": 1})
    arguments = ("--pyargs", "conformance.rules", "--base-url", stub.url, "--rule", "time.clock")
    done = pytest_in(tmp_path, *arguments)
    assert done.returncode == 1
    assert done.stdout.count("received `1`") == 1
    assert "test_time.py" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_dead_target_ends_the_run_with_one_sentence_and_status_2(tmp_path) -> None:
    arguments = ("--pyargs", "conformance.rules", "--base-url", "http://127.0.0.1:9")
    done = pytest_in(tmp_path, *arguments, "--rule", "time.clock")
    assert done.returncode == 2
    assert "nothing answers at `http://127.0.0.1:9`" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


RULES = ("--pyargs", "conformance.rules", "--base-url")
SHARED = ("-p", "xdist", "-n", "2")


def test_processes_that_share_a_run_make_one_report(stub, tmp_path) -> None:
    stub.answers["GET /v1/webinar/rooms"] = (200, {"success": True, "data": {}, "timestamp": 1})
    arguments = ("--rule", "time.clock", "--rule", "access.private_lists", "--run-id", "mine")
    done = pytest_in(
        tmp_path, *SHARED, *RULES, stub.url, *arguments, "--report-dir", "out",
        GREENROOM_HOST_TOKEN="host-token",
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "· run mine ·" in done.stdout
    assert done.stdout.count("received `1`") == 2  # by pytest, and by the suite
    made = json.loads((tmp_path / "out" / "result.json").read_text())
    assert made["counts"]["fail"] == 1
    assert made["run"]["requests"] >= 2
    assert made["run"]["left"] == "nothing left behind"
    (failure,) = (failure for rule in made["rules"] for failure in rule["failures"])
    assert failure["exchange"]["response"]["status"] == 200


def test_processes_without_a_url_share_one_mock(tmp_path) -> None:
    arguments = (
        "--pyargs",
        "conformance.rules",
        "--rule",
        "time",
        "--rule",
        "access.private_lists",
    )
    done = pytest_in(tmp_path, *SHARED, *arguments, "--report-dir", "out")
    assert done.returncode == 0, done.stdout + done.stderr
    made = json.loads((tmp_path / "out" / "result.json").read_text())
    assert " more" not in made["run"]["target"]
    assert made["run"]["left"].startswith(("nothing", "left behind: 1 viewer", "left behind: 2"))


def test_a_dead_target_ends_a_shared_run_as_it_ends_any_other(tmp_path) -> None:
    arguments = ("--rule", "time.clock", "--report-dir", "out")
    done = pytest_in(tmp_path, *SHARED, *RULES, "http://127.0.0.1:9", *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "nothing answers at `http://127.0.0.1:9`" in done.stdout
    assert "crashed" not in done.stdout
    made = json.loads((tmp_path / "out" / "result.json").read_text())
    assert made["reason"].startswith("nothing answers at `http://127.0.0.1:9`")


@pytest.mark.parametrize(
    ("args", "testpaths", "expected"),
    [
        (["--pyargs", "conformance.rules"], [], True),
        (["conformance/rules/test_time.py"], [], True),
        ([], ["conformance/rules"], True),
        (["tests"], ["tests"], False),
        (["tests/conformance"], [], False),
    ],
)
def test_short_options_join_where_the_rules_are_named(args, testpaths, expected: bool) -> None:
    assert _names_the_rules(args, testpaths) is expected

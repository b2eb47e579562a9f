"""What is installed works without the checkout it was built from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A wheel's contents in a folder of their own, and a way to run modules from there."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "site")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder / "site"),
        "NO_COLOR": "1",
    }
    environment.pop("PYTEST_ADDOPTS", None)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=elsewhere,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_the_packages_come_from_the_wheel(installed):
    code = "import mock_server, conformance; print(mock_server.__file__, conformance.__file__)"
    assert str(ROOT) not in installed("-c", code).stdout


def test_the_command_checks_its_own_mock(installed):
    ran = installed("-m", "mock_server", "check", "--rule", "session.mode")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "0 of 1 rules fail" in ran.stdout
    assert "the mock, started for this run" in ran.stdout


def test_the_scenarios_and_their_schema_come_along(installed):
    ran = installed("-m", "mock_server", "scenario", "run", "sold-out")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "24 of 24 steps pass" in ran.stdout
    assert installed("-m", "mock_server", "scenario", "schema").stdout.startswith("{")


def test_the_player_comes_along(installed):
    code = (
        "from mock_server.http.web import FILES, Web; pages = Web(None); "
        "print(sum(len(pages.find(path).body) > 0 for path in FILES), len(FILES))"
    )
    found, wanted = installed("-c", code).stdout.split()
    assert found == wanted


def test_the_schema_of_a_result_comes_along(installed):
    code = "import json, conformance.document as d; print(json.dumps(d.schema()))"
    ran = installed("-c", code)
    assert ran.returncode == 0, ran.stderr
    written = (ROOT / "conformance" / "result.schema.json").read_text()
    assert json.loads(ran.stdout) == json.loads(written)


@pytest.mark.parametrize("spelling", [["--base-url={}"], ["--base-url", "{}"]])
def test_pytest_runs_the_rules_from_any_folder(installed, spelling):
    dead = "http://127.0.0.1:9/v1/webinar"
    options = [part.format(dead) for part in spelling]
    ran = installed("-m", "pytest", "--pyargs", "conformance.rules", *options)
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert "nothing answers" in ran.stdout + ran.stderr


def test_a_pytest_run_without_rules_does_not_notice_the_plugin(installed, tmp_path):
    (tmp_path / "test_own.py").write_text(
        "import sys\n\ndef test_own():\n    assert 'schemathesis.openapi' not in sys.modules\n"
    )
    ran = installed("-m", "pytest", "-q", "-p", "no:schemathesis", str(tmp_path))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "contract" not in ran.stdout

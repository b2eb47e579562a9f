from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SUITE = """
def test_one(greenroom_world):
    greenroom_world.api.as_("host").post("/rooms", json={"title": "Mine"})
    assert greenroom_world.api.get("/rooms").json()["data"]["total"] == 9
    print("in", greenroom_world.name, "of", greenroom_world.api_url)

def test_two(greenroom_world, greenroom_mock):
    assert greenroom_world.api.get("/rooms").json()["data"]["total"] == 8
    assert [each.name for each in greenroom_mock.worlds()] == ["default", greenroom_world.name]
    print("in", greenroom_world.name, "of", greenroom_world.api_url)

def test_deleted(greenroom_world):
    greenroom_world.state()
    greenroom_world.delete()

def test_never_asked(greenroom_world):
    pass
"""
FAILING = """
def test_it_fails(greenroom_world):
    greenroom_world.api.as_("host").post("/rooms", json={"title": "Hi"})
    assert 0

def test_it_fails_at_once(greenroom_world):
    assert 0
"""


# Who loads no other plugins starts in a third of the time.
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
AMONG_OTHERS = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""}


def run(folder: Path, suite: str, *options: str, **variables: str):
    (folder / "test_theirs.py").write_text(suite)
    (folder / "pytest.ini").write_text("[pytest]\n")
    # A folder of the mock's name, as a project may have one.
    (folder / "mock_server").mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "mock_server.pytest_plugin", "-s", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", **ALONE, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_each_test_has_a_world_of_its_own_on_a_mock_of_the_run(tmp_path):
    ran = run(tmp_path, SUITE, "-W", "error", **AMONG_OTHERS)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    names = re.findall(r"in (\S+) of", ran.stdout)
    assert [re.sub(r"-[0-9a-f]{8}$", "", name) for name in names] == ["one", "two"]


def test_a_mock_that_runs_already_is_used(tmp_path, greenroom_mock):
    for options, variables in (
        (("--greenroom-url", greenroom_mock.url), {}),
        ((), {"GREENROOM_URL": f"{greenroom_mock.url}/v1/webinar"}),
    ):
        ran = run(tmp_path, SUITE, "-k", "one or never", *options, **variables)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert f"of {greenroom_mock.url}/_mock/worlds/one-" in ran.stdout


def test_a_failed_test_shows_what_it_asked(tmp_path, greenroom_mock):
    ran = run(tmp_path, FAILING, "--greenroom-url", greenroom_mock.url)
    assert ran.returncode == 1
    assert re.search(r"--- greenroom, newest first, in world it-fails-[0-9a-f]{8} ---", ran.stdout)
    assert "422  `create_room`: `title` has 2 characters, must have at least 3" in ran.stdout
    assert "nothing was asked" in ran.stdout


def test_workers_have_worlds_of_their_own(tmp_path, greenroom_mock):
    pytest.importorskip("xdist")
    ran = run(
        tmp_path,
        SUITE.replace("assert [", "[]#"),
        "-p",
        "xdist",
        "-n",
        "2",
        "--greenroom-url",
        greenroom_mock.url,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_mock_that_is_not_there_is_told(tmp_path):
    ran = run(tmp_path, SUITE, "--greenroom-url", "http://127.0.0.1:9", "-x")
    assert "nothing answers at http://127.0.0.1:9" in ran.stdout


def test_a_run_that_asks_for_nothing_pays_for_nothing(tmp_path):
    suite = "import sys\ndef test_it():\n    assert 'httpx' not in sys.modules\n"
    ran = run(tmp_path, suite)
    assert ran.returncode == 0, ran.stdout + ran.stderr

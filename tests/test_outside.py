"""Somebody else's project: greenroom installed from its wheel, and rules of the project's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from conformance import mock

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of tests/outside, and a way to run pytest there with the wheel installed."""
    folder = tmp_path_factory.mktemp("somebody")
    python = folder / "venv" / "bin" / "python"
    calls = (
        [sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")],
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
    )
    for call in calls:
        subprocess.run(call, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index"]
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True, capture_output=True)
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    # What greenroom depends on is here already; as the last place to look, without the checkout.
    (site / "here.pth").write_text(sysconfig.get_path("purelib") + "\n")
    shutil.copytree(ROOT / "tests" / "outside", folder / "project")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "PYTHON", "CI"))}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(python), "-m", "pytest", "-p", "no:cacheprovider", *arguments],
            cwd=folder / "project",
            env={**kept, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    run.folder = folder / "project"
    return run


@pytest.fixture(scope="module")
def url():
    with mock.running() as found:
        yield found


@pytest.mark.parametrize("processes", [(), ("-n", "2")])
def test_rules_of_ones_own_are_tried_and_told_beside_the_others(project, url, processes):
    done = project(
        *processes, "--pyargs", "conformance.rules", "test_house_rules.py", "--base-url", url,
        "--rule", "house", "--rule", "room.created", "--report-dir", "out",
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "  pass         house.room.title     1/1" in done.stdout.splitlines()
    assert "house.room.shouting — A title MUST be answered in capitals" in done.stdout
    assert "nothing left behind" in done.stdout
    made = json.loads((project.folder / "out" / "result.json").read_text())
    schema = json.loads((ROOT / "conformance" / "result.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(made)
    told = {rule["id"]: rule["verdict"] for rule in made["rules"]}
    assert told == {
        "house.room.shouting": "fail",
        "house.room.title": "pass",
        "room.created": "pass",
    }
    cases = ET.parse(project.folder / "out" / "junit.xml").getroot().iter("testcase")
    assert {case.get("name") for case in cases} == set(told)
    assert "our handbook, section 4" in (project.folder / "out" / "report.html").read_text()


def test_rules_of_ones_own_need_no_others(project, url):
    done = project("--base-url", url, "--greenroom-rule", "house.room.title")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 of 1 rules fail · 1 pass" in done.stdout


def test_a_list_of_known_deviations_is_held_to(project, url):
    done = project("--pyargs", "conformance.rules", "--base-url", url,
                   "--rule", "invariant.times.utc", "--known", "known.toml")  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "known.toml line 1: the clock of staging, ticket 12" in done.stdout

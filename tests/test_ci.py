"""What the documents say of CI: files that parse, and options that exist."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from conformance.check import parser

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".github" / "actions" / "conformance"
GUIDE = (ROOT / "docs" / "ci.md").read_text()
OPTIONS = {option for action in parser()._actions for option in action.option_strings}
OTHER_INPUTS = {"url", "artifact"}
FAKE = '#!/usr/bin/env bash\nprintf "%s\\n" "$@" > "$SEEN"\necho told\nexit "$STATUS"\n'


@pytest.fixture(scope="module")
def action() -> dict:
    return yaml.safe_load((FOLDER / "action.yml").read_text())


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def step(action: dict, name: str) -> dict:
    (found,) = (one for one in action["runs"]["steps"] if one.get("name") == name)
    return found


def test_every_input_is_an_option_and_reaches_the_command_by_a_variable(action) -> None:
    assert {f"--{name}" for name in set(action["inputs"]) - OTHER_INPUTS} <= OPTIONS
    passed = step(action, "Check")["env"].values()
    given = {re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", value)[1] for value in passed}
    assert given == set(action["inputs"]) - {"artifact"}
    for one in action["runs"]["steps"]:
        assert "${{" not in one.get("run", ""), "what is given must not become a command"


def checked(action: dict, tmp_path: Path, status: int, **given: str) -> tuple[int, list[str], str]:
    """Run the step as GitHub does, with a greenroom that writes down how it was called."""
    program = tmp_path / "greenroom" / "bin" / "greenroom"
    program.parent.mkdir(parents=True)
    program.write_text(FAKE)
    program.chmod(0o755)
    (tmp_path / "script").write_text(step(action, "Check")["run"])
    names = {f"GIVEN_{name.upper().replace('-', '_')}": given.get(name, each["default"])
             for name, each in action["inputs"].items()}  # fmt: skip
    files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    more = {"RUNNER_TEMP": str(tmp_path), "SEEN": str(tmp_path / "seen"), "STATUS": str(status)}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(tmp_path / "script")],
        env={"PATH": os.environ["PATH"], **names, **files, **more},
        capture_output=True,
        check=False,
        cwd=tmp_path,
    )
    assert "told" in (tmp_path / "GITHUB_STEP_SUMMARY").read_text()
    seen = (tmp_path / "seen").read_text().splitlines()
    return done.returncode, seen, (tmp_path / "GITHUB_OUTPUT").read_text()


@pytest.mark.parametrize(
    ("status", "word"), [(0, "pass"), (1, "fail"), (2, "undecided"), (70, "undecided")]
)
def test_the_step_ends_as_the_check_ends(action, tmp_path, status: int, word: str) -> None:
    ended, _, output = checked(action, tmp_path, status)
    assert (ended, output) == (status, f"verdict={word}\n")


def test_inputs_become_options_and_nothing_in_them_is_run(action, tmp_path) -> None:
    nasty = "$(touch made) `touch made`; touch made"
    given = {"url": "http://h.test", "rule": "room session.*", "known": nasty, "run-id": "a b"}
    _, (command, *seen), _ = checked(action, tmp_path, 0, **given)
    assert command == "check"
    assert seen == [
        "--level=decided",
        "--profile=full",
        "--report-dir=conformance-report",
        f"--known={nasty}",
        "--run-id=a b",
        "--rule=room",
        "--rule=session.*",
        "--",
        "http://h.test",
    ]
    assert not (tmp_path / "made").exists()
    assert parser().parse_args(seen).url == "http://h.test"


def test_actions_are_named_by_tag_and_no_registry_is(action) -> None:
    used = [one["uses"] for one in action["runs"]["steps"] if "uses" in one]
    assert used
    assert all(re.fullmatch(r"[\w./-]+@v\d[\w.]*", name) for name in used)
    text = (FOLDER / "action.yml").read_text() + GUIDE
    assert not re.search(r"index-url|https?://(?!staging\.test)", text)


def test_the_guides_workflow_calls_the_action_with_inputs_it_has(action) -> None:
    workflow, job = (yaml.safe_load(block) for block in blocks("yaml"))
    (call,) = (one for one in workflow["jobs"]["staging"]["steps"] if "with" in one)
    assert "/".join(call["uses"].partition("@")[0].split("/")[2:]) == ".github/actions/conformance"
    assert (ROOT / ".github/actions/conformance/action.yml").is_file()
    assert set(call["with"]) <= set(action["inputs"])
    listed = re.search(r"Inputs: (.*)\.", GUIDE)[1]
    assert set(re.findall(r"`([\w-]+)`", listed)) == set(action["inputs"])
    (command,) = (line for line in job["conformance"]["script"] if line.startswith("greenroom"))
    assert set(re.findall(r"--[a-z-]+", command)) <= OPTIONS
    assert job["conformance"]["artifacts"]["reports"]["junit"] == "report/junit.xml"


def test_the_guides_rule_is_the_one_that_is_tried() -> None:
    conftest, rule = blocks("python")
    assert conftest in (ROOT / "tests/outside/conftest.py").read_text()
    assert rule in (ROOT / "tests/outside/test_house_rules.py").read_text()

"""The blocks of docs/testing-a-front-end.md do what it says."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from test_docs import ROOT, WRITTEN_URL, blocks, comparable, needs_curl, outputs

DOCUMENT = "docs/testing-a-front-end.md"
FULL = "`join_session`: 100 of 100 places are taken, one must be free 1773340950"


def written(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / DOCUMENT).read_text(), re.DOTALL)


def test_the_test_in_python_passes(greenroom_world):
    names: dict[str, object] = {}
    exec(written("python")[0], names)
    names["test_a_session_that_is_full_says_so"](greenroom_world)


def test_the_script_in_python_runs(greenroom_mock, capsys):
    exec(written("python")[1].replace(WRITTEN_URL, greenroom_mock.url), {})
    said = capsys.readouterr().out
    assert said.startswith("2026-05-23 09:07:06")
    assert "'host', 'other_host', 'viewer'" in said


def test_the_script_in_javascript_runs(greenroom_mock):
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node.js to run JavaScript by")
    (script,) = written("js")
    ran = subprocess.run(
        [node, "--input-type=module", "-e", script.replace(WRITTEN_URL, greenroom_mock.url)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.stdout.strip(), ran.stderr) == (FULL, "")


@needs_curl
def test_the_commands_answer_as_it_says(greenroom_mock):
    commands = blocks(DOCUMENT)
    said = outputs([command for command, _ in commands], greenroom_mock.url)
    for (command, expected), got in zip(commands, said, strict=True):
        assert comparable(got) == comparable(expected), command


def test_the_methods_it_names_are_there(greenroom_world):
    table = "\n".join(line for line in (ROOT / DOCUMENT).read_text().splitlines() if "|" in line)
    found = set(re.findall(r"`world\.([a-z_.]+)[(\[]", table))
    assert len(found) >= 11
    for name in found:
        thing = greenroom_world
        for part in name.split("."):
            thing = getattr(thing, part)

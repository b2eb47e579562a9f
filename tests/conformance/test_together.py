"""Rules of a folder of their own, tried together as the suite's are."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.journal import past
from conformance.together import TURN, short_turns

ROOM = "0b6f3c1e-8a4d-4f7b-9c52-3e1d7a60b4f8"
ROOT = Path(__file__).parents[2]
CONFTEST = "from conformance.fixtures import suite, world\n"
BEGINNING = """
import threading
import pytest
from conformance.errors import Blocked, Mismatch
from conformance.rule import rule
BESIDE = threading.Barrier(2, timeout=20)
TRIES = []
def a(name):
    return rule(f"own.{name}", level="published", must="It MUST be so", contract="#/paths")
"""
Json = Any
Tried = Callable[..., tuple[subprocess.CompletedProcess[str], Json]]


def command(folder: Path, url: str, *more: str) -> list[str]:
    plugins = ("-p", "pytest_base_url.plugin", "-p", "conformance.plugin", "-p", "no:cacheprovider")
    given = (f"--base-url={url}", "--greenroom-run-id=gr-test", "--greenroom-report-dir=out")
    return [sys.executable, "-m", "pytest", *plugins, *given, *more, str(folder)]


def environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_") and k != "CI"}
    more = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "NO_COLOR": "1"}
    more["PYTHONUNBUFFERED"] = "1"
    return {**kept, **more, "GREENROOM_HOST_TOKEN": "host-token"}


@pytest.fixture
def tried(stub, tmp_path: Path) -> Tried:
    """Try rules that are given as source, and return the process and each rule of its result."""

    def run(source: str, *more: str) -> tuple[subprocess.CompletedProcess[str], Json]:
        (tmp_path / "conftest.py").write_text(CONFTEST)
        (tmp_path / "test_own.py").write_text(BEGINNING + source)
        done = subprocess.run(
            command(tmp_path, stub.url, *more), cwd=tmp_path, env=environment(),
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        made = json.loads((tmp_path / "out" / "result.json").read_text())
        return done, {rule["id"]: rule for rule in made["rules"]}

    return run


def test_threads_take_shorter_turns_for_as_long_as_rules_are_tried() -> None:
    before = sys.getswitchinterval()
    with short_turns():
        assert sys.getswitchinterval() == pytest.approx(TURN)
        with short_turns():
            pass
        assert sys.getswitchinterval() == pytest.approx(TURN)
    assert sys.getswitchinterval() == before


def test_rules_are_tried_at_the_same_time_and_each_is_told_as_if_by_pytest(tried: Tried) -> None:
    done, rules = tried("""
@a("one")
def test_one(world): BESIDE.wait()
@a("two")
def test_two(suite): BESIDE.wait()
""", "-v")  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASSED") == 2
    assert [rules[name]["verdict"] for name in ("own.one", "own.two")] == ["pass", "pass"]


def test_what_each_rule_raised_is_what_pytest_tells(tried: Tried) -> None:
    done, rules = tried("""
@a("broken")
def test_broken(world): raise Mismatch("this", "that")
@a("blocked")
def test_blocked(world): raise Blocked("create_room", "500")
@a("missing")
def test_missing(world): pytest.skip("needs a clock")
@a("crashed")
def test_crashed(world): 1 / 0
@a("failed")
def test_failed(world): pytest.fail("in pytest's words")
""")  # fmt: skip
    assert done.returncode == 1
    told = {id_: rule["verdict"] for id_, rule in rules.items() if id_.startswith("own.")}
    assert told == {
        "own.broken": "fail",
        "own.blocked": "blocked",
        "own.missing": "unsupported",
        "own.crashed": "error",
        "own.failed": "error",
    }
    assert "4 failed, 1 skipped" in done.stdout
    assert (
        "FAILED test_own.py::test_broken - own.broken: broken: expected this, received"
        in done.stdout
    )
    assert rules["own.crashed"]["reasons"][0]["reason"] == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    ("fails", "verdict", "reason", "code"),
    [
        (0, "pass", "", 0),
        (1, "flaky", "failed 1 of 3", 2),
        (2, "flaky", "failed 2 of 3", 2),
        (3, "fail", "", 1),
    ],
)
def test_what_fails_is_tried_again_twice_and_must_fail_each_time(
    tried: Tried, fails: int, verdict: str, reason: str, code: int
) -> None:
    done, rules = tried(f"""
@a("shaky")
def test_shaky(world):
    TRIES.append(1)
    if len(TRIES) <= {fails}:
        raise Mismatch("this", "that")
""")  # fmt: skip
    found = rules["own.shaky"]
    assert (found["verdict"], done.returncode) == (verdict, code), done.stdout
    assert [failure["reason"] for failure in found["failures"]] == [reason] * bool(fails)


def test_what_passed_is_never_tried_again_and_of_many_failures_only_some_are(
    tried: Tried, tmp_path: Path
) -> None:
    tried(f"""
from pathlib import Path
LOG = Path({str(tmp_path / "log")!r})
def note(word):
    with LOG.open("a") as file:
        file.write(word + "\\n")
@a("steady")
def test_steady(world): note("steady")
@a("many")
@pytest.mark.parametrize("case", range(5))
def test_many(world, case):
    note("many")
    raise Mismatch("this", "that")
""")
    said = (tmp_path / "log").read_text().split()
    assert said.count("steady") == 1
    assert said.count("many") == 5 + 3 * 2


def test_other_fixtures_and_marks_are_pytests_business_and_count_all_the_same(tried: Tried) -> None:
    done, rules = tried("""
@pytest.fixture
def thing(): return 7
@a("fixture")
def test_fixture(world, thing): assert thing == 7
@a("missing")
def test_missing(world, nowhere): pass
@a("marked")
@pytest.mark.skip(reason="not today")
def test_marked(world): 1 / 0
def test_no_rule_at_all(): pass
""")  # fmt: skip
    assert "2 passed, 1 skipped, 1 error" in done.stdout
    assert rules["own.fixture"]["verdict"] == "pass"
    assert rules["own.missing"]["verdict"] == "error"
    assert rules["own.marked"]["verdict"] == "unsupported"


def test_what_must_be_alone_is_tried_when_no_other_is_under_way(tried: Tried) -> None:
    done, _ = tried("""
import time
INSIDE = []
@a("alone")
@pytest.mark.conformance_alone
def test_alone(world): assert INSIDE == []
@a("others")
@pytest.mark.parametrize("case", range(4))
def test_others(world, case):
    INSIDE.append(case)
    time.sleep(0.05)
    INSIDE.remove(case)
""")  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_what_needs_stillness_changes_things_together_and_watches_together(tried: Tried) -> None:
    done, _ = tried("""
from conformance.still import while_still
SET, WATCHED = (threading.Barrier(3, timeout=20) for _ in range(2))
@a("alone")
@pytest.mark.conformance_alone
@pytest.mark.parametrize("case", range(3))
def test_alone(world, case):
    SET.wait()
    while_still(world, lambda: 1, WATCHED.wait)
""")
    assert done.returncode == 0, done.stdout


def test_the_longest_begin_first(tried: Tried) -> None:
    done, _ = tried("""
BEGUN = []
@a("short")
@pytest.mark.parametrize("case", range(3))
def test_short(world, case): BEGUN.append("short")
@a("long")
@pytest.mark.conformance_long
def test_long(world):
    BEGUN.append("long")
    assert BEGUN == ["long"]
""", "--greenroom-in-flight=1")  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_first_failure_ends_the_run_where_pytest_is_told_so(tried: Tried) -> None:
    done, rules = tried("""
@a("many")
@pytest.mark.parametrize("case", range(40))
def test_many(world, case): raise Mismatch("this", "that")
""", "-x")  # fmt: skip
    assert done.returncode in (1, 2)
    assert "stopping after 1 failures" in done.stdout
    assert rules["own.many"]["verdict"] == "fail"


def test_what_a_rule_made_goes_when_it_is_done_and_before_the_next_hears_of_it(
    tried: Tried, stub
) -> None:
    made = {"success": True, "data": {"room": {"id": ROOM}}, "timestamp": 1}
    stub.answers["POST /v1/webinar/rooms"] = (201, made)
    stub.answers[f"DELETE /v1/webinar/rooms/{ROOM}"] = (200, {"success": True})
    done, _ = tried("""
@a("makes")
def test_makes(world):
    world.new_room()
    raise ValueError("in the middle")
""")
    assert done.returncode == 1, "a room with nothing but an id breaks the schema, each time"
    changed = [method for method, _ in stub.seen if method != "GET"]
    assert changed == ["POST", "DELETE"] * 3


@pytest.fixture
def under_way(stub, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A run that has told one result, has made a room, and waits for a minute."""
    made = {"success": True, "data": {"room": {"id": ROOM}}, "timestamp": 1}
    stub.answers["POST /v1/webinar/rooms"] = (201, made)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_own.py").write_text(BEGINNING + """
MADE = threading.Event()
@a("done")
@pytest.mark.parametrize("case", range(3))
def test_done(world, case): MADE.wait(60)
@a("waits")
def test_waits(world):
    world.new_room()
    MADE.set()
    world.api.gate.wait(60)
""")  # fmt: skip
    with subprocess.Popen(
        command(tmp_path, stub.url, "-v"), cwd=tmp_path, env=environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            if "test_done" in line and "PASSED" in line:
                break
        yield process
        if process.poll() is None:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_run_cleans_up_tells_what_it_has_and_that_it_is_not_all(
    stub, under_way, tmp_path: Path, state: Path, number: int
) -> None:
    stub.answers[f"DELETE /v1/webinar/rooms/{ROOM}"] = (200, {"success": True})
    under_way.send_signal(number)
    rest = under_way.communicate(timeout=50)[0]
    assert under_way.returncode == 2, rest
    made = json.loads((tmp_path / "out" / "result.json").read_text())
    assert (made["verdict"], made["run"]["interrupted"]) == ("undecided", True), rest
    (done,) = (rule for rule in made["rules"] if rule["id"] == "own.done")
    assert done["verdict"] == "pass"
    assert [method for method, _ in stub.seen if method != "GET"] == ["POST", "DELETE"]
    assert list(state.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_stops_at_once_and_the_ledger_tells_a_sweep_what_is_left(
    stub, under_way, state: Path, number: int
) -> None:
    asked, forever = threading.Event(), threading.Event()

    def slow(_: str) -> tuple[int, object]:
        asked.set()
        forever.wait(60)
        return 200, {"success": True}

    stub.answers[f"DELETE /v1/webinar/rooms/{ROOM}"] = slow
    under_way.send_signal(number)
    assert asked.wait(50)
    under_way.send_signal(number)
    rest = under_way.communicate(timeout=50)[0]
    forever.set()
    assert under_way.returncode == 128 + number, rest
    assert "stopped; `greenroom sweep URL` removes what was left behind" in rest
    (left,) = past(state)
    assert [(entry.kind, entry.id) for entry in left.left] == [("room", ROOM)]

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance import check

ONE_RULE = ("--greenroom-rule=time.clock", "--greenroom-run-id=gr-test")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run rules in this process against a URL and return status, output and errors."""

    def against(url: str, *more: str, host: str = "host-token") -> tuple[int, str, str]:
        if host:
            monkeypatch.setenv("GREENROOM_HOST_TOKEN", host)
        out, err = io.StringIO(), io.StringIO()
        status = check.run([f"--base-url={url}", *(more or ONE_RULE)], out, err)
        return status, out.getvalue(), err.getvalue()

    return against


def late(caller: str) -> tuple[int, object]:
    return 200, {"success": True, "data": {"rooms": []}, "timestamp": 1_000_000}


def test_a_server_that_keeps_the_rule_passes_with_the_suites_report_alone(stub, run: Run) -> None:
    status, out, err = run(stub.url)
    assert status == 0
    lines = out.splitlines()
    assert lines[0].startswith("contract ")
    assert f"{stub.url}/v1/webinar · level decided · seed 1 · run gr-test" in lines[0]
    assert "callers from the environment" in lines[0]
    assert "  pass         time.clock  1/1" in lines
    assert lines[-1] == "0 of 1 rules fail · 1 pass"
    assert err == ""


def test_a_server_that_breaks_the_rule_fails_with_a_curl(stub, run: Run) -> None:
    stub.answers["GET /v1/webinar/rooms"] = late
    status, out, _ = run(stub.url)
    assert status == 1
    assert "received `1000000`" in out
    assert f"curl -i {stub.url}/v1/webinar/rooms" in out
    assert "contract #/components/schemas/Timestamp" in out
    assert out.splitlines()[-1] == "1 of 1 rules fails"
    assert "Traceback" not in out


def test_a_dead_target_cannot_be_decided(run: Run) -> None:
    status, out, err = run("http://127.0.0.1:9")
    assert status == 2
    assert out == ""
    assert err.startswith("greenroom check: nothing answers at `http://127.0.0.1:9`")
    assert err.count("\n") == 1


def test_a_refused_token_cannot_be_decided(stub, run: Run) -> None:
    status, _, err = run(stub.url, host="expired-token")
    assert status == 2
    assert "refuses the token of `host` (from the environment) with 401" in err


def test_a_rule_nobody_knows_selects_nothing(stub, run: Run) -> None:
    status, out, err = run(stub.url, "--greenroom-rule=no.such.rule")
    assert (status, out) == (2, "")
    assert "no rule was selected" in err


def test_a_missing_caller_makes_a_rule_unsupported_and_the_run_undecided(stub, run: Run) -> None:
    status, out, _ = run(stub.url, "--greenroom-rule=access.private_lists", host="")
    assert status == 2
    assert "needs the token of `host` (`GREENROOM_HOST_TOKEN`)" in out


def test_a_target_that_stops_answering_is_an_error_and_no_failure(stub, run: Run) -> None:
    stub.answers["GET /v1/webinar/auth/me"] = lambda _: 1 / 0
    status, out, _ = run(stub.url)
    assert status == 2
    assert "  error        time.clock  0/1" in out
    assert "got no answer" in out


def test_the_environment_is_as_it_was(stub, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("GREENROOM_HOST_TOKEN", "host-token")
    before = dict(os.environ)
    status, _, _ = run(stub.url)
    before.pop("PYTEST_CURRENT_TEST")
    assert status == 0
    assert before == dict(os.environ)


def test_nothing_of_the_folder_it_is_started_in_has_a_say(
    stub, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tests").mkdir()
    for folder in (tmp_path, tmp_path / "tests"):
        (folder / "conftest.py").write_text("raise RuntimeError('somebody else')")
        (folder / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option")
    monkeypatch.chdir(tmp_path)
    assert run(stub.url)[0] == 0


def test_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main(["--rules", "--rule", "time"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert all(line.startswith("time.") for line in lines)


@pytest.mark.parametrize("argv", [["--no-such"], ["--level", "guessed"], ["a", "b"]])
def test_a_wrong_command_line_is_explained(argv: list[str], capsys) -> None:
    assert check.main(argv) == 2
    assert "usage: greenroom check" in capsys.readouterr().err


def test_help_is_no_failure(capsys) -> None:
    assert check.main(["--help"]) == 0
    assert "--identities TOML" in capsys.readouterr().out


def test_every_option_is_passed_on() -> None:
    given = check.parser().parse_args(
        ["http://h", "--rule", "a", "--rule", "b.c", "--level", "published", "--rules"]
    )
    assert check._arguments(given) == [
        "--base-url=http://h",
        "--greenroom-level=published",
        "--greenroom-rule=a",
        "--greenroom-rule=b.c",
        "--greenroom-rules",
        "--greenroom-profile=full",
        "--greenroom-in-flight=12",
        "--greenroom-timeout=10.0",
        "--greenroom-generation-seed=1",
    ]

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from conformance import check
from conformance.document import schema
from conformance.ending import result_of
from conformance.rule import rules
from conformance.suite import Options
from conformance.verdicts import Outcome, Verdict

ROOT = Path(__file__).parents[2]
CLOCK = "--greenroom-rule=time.clock"


def late(_: str) -> tuple[int, object]:
    return 200, {"success": True, "data": {"rooms": []}, "timestamp": 1_000_000}


def run(url: str, *more: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = check.run([f"--base-url={url}", *more], out, err)
    return status, out.getvalue(), err.getvalue()


def listing(folder: Path, expires: str, rule: str = "time.clock") -> str:
    file = folder / "known.toml"
    file.write_text(f'[[known]]\nrule = "{rule}"\nreason = "ticket 7"\nexpires = {expires}\n')
    return f"--greenroom-known={file}"


def result_in(folder: Path) -> dict:
    found = json.loads((folder / "result.json").read_text())
    jsonschema.Draft202012Validator(schema()).validate(found)
    return found


def test_a_listed_failure_is_known_and_not_red(stub, tmp_path) -> None:
    stub.answers["GET /v1/webinar/rooms"] = late
    status, out, _ = run(stub.url, CLOCK, listing(tmp_path, "2999-01-31"))
    assert status == 0, out
    assert "  known        time.clock  0/1" in out.splitlines()
    assert "time.clock (known) — " in out
    assert "    known: ticket 7 (until 2999-01-31)" in out
    assert out.splitlines()[-1] == "0 of 1 rules fail · 1 known"


def test_a_listed_failure_beyond_its_day_is_red(stub, tmp_path) -> None:
    stub.answers["GET /v1/webinar/rooms"] = late
    status, out, _ = run(stub.url, CLOCK, listing(tmp_path, "2001-01-31"))
    assert status == 1
    assert "was known until 2001-01-31, which is over (known.toml line 1): ticket 7" in out


@pytest.mark.parametrize("expires", ["2999-01-31", "2001-01-31"])
def test_a_list_that_is_not_true_any_more_is_red(stub, tmp_path, expires: str) -> None:
    status, out, _ = run(stub.url, CLOCK, listing(tmp_path, expires))
    assert status == 1
    assert "  STALE        time.clock  1/1" in out.splitlines()
    assert "known.toml line 1: ticket 7" in out
    assert out.splitlines()[-1] == "0 of 1 rules fail · 1 stale"


def test_a_list_with_a_mistake_ends_the_run_before_it_begins(stub, tmp_path) -> None:
    status, out, err = run(stub.url, CLOCK, listing(tmp_path, "2999-01-31", rule="time.clocks"))
    assert (status, out) == (2, "")
    sentence = "line 2: no rule is called `time.clocks`, `--rules` lists them\n"
    assert err == f"greenroom check: `{tmp_path / 'known.toml'}`, {sentence}"
    assert stub.seen == []


def test_what_is_skipped_is_listed_as_disabled(stub) -> None:
    status, _, err = run(stub.url, CLOCK, "--greenroom-skip=time.u")
    assert (status, err.count("\n")) == (2, 1)
    assert "`--skip time.u` is no rule and begins none" in err
    rest = ("created", "started", "updated", "passing", "runs")
    status, out, _ = run(stub.url, CLOCK, *(f"--greenroom-rule=time.{name}" for name in rest),
                         *(f"--greenroom-skip=time.{name}" for name in rest))  # fmt: skip
    assert status == 0, out
    assert "  disabled     time.runs     --skip time.runs" in out.splitlines()
    assert out.splitlines()[-1] == "0 of 1 rules fail · 1 pass · 5 disabled"


def test_what_a_level_leaves_out_is_listed_as_disabled() -> None:
    known = rules()
    kept = next(found.id for found in known.values() if found.level == "published")
    made = result_of([Outcome(kept, Verdict.PASS, "x")], Options(level="published"), None)
    told = {tally.rule.id: (tally.verdict, dict(tally.reasons)) for tally in made.tallies}
    assert told[kept] == (Verdict.PASS, {})
    assert told["time.updated"] == (Verdict.DISABLED, {(Verdict.DISABLED, "--level published"): 1})
    assert set(told) == {kept} | {id_ for id_, found in known.items() if found.level == "decided"}


def test_the_files_tell_what_the_terminal_tells(stub, tmp_path) -> None:
    stub.answers["GET /v1/webinar/rooms"] = late
    status, out, err = run(stub.url, CLOCK, f"--greenroom-report-dir={tmp_path / 'out'}")
    assert err == f"report in {tmp_path / 'out'}: result.json, report.html, junit.xml\n"
    made = result_in(tmp_path / "out")
    assert (status, made["exit_status"], made["verdict"]) == (1, 1, "fail")
    assert made["run"]["target"] == f"{stub.url}/v1/webinar"
    ((failure,),) = (rule["failures"] for rule in made["rules"])
    assert failure["curl"] in out
    assert failure["operation"] == "list_rooms"
    assert json.loads(failure["exchange"]["response"]["body"])["timestamp"] == 1_000_000
    pairs = {(p["operation"], p["status"]): p["seen"] for p in made["coverage"]["pairs"]}
    assert pairs["list_rooms", "200"] >= 1
    root = ET.parse(tmp_path / "out" / "junit.xml").getroot()
    assert root.find("testsuite/testcase/failure") is not None
    assert "1 of 1 rules fails" in (tmp_path / "out" / "report.html").read_text()


def test_a_run_that_cannot_begin_leaves_a_result_that_says_so(tmp_path) -> None:
    (tmp_path / "junit.xml").write_text("of yesterday")
    status, _, _ = run("http://127.0.0.1:9", CLOCK, f"--greenroom-report-dir={tmp_path}")
    assert status == 2
    made = result_in(tmp_path)
    assert (made["verdict"], made["rules"], made["run"]) == ("undecided", [], None)
    assert made["reason"].startswith("nothing answers at `http://127.0.0.1:9`")
    assert "Nothing was tried" in (tmp_path / "report.html").read_text()
    assert (tmp_path / "junit.xml").read_text() != "of yesterday"


def test_a_run_that_is_cut_short_is_undecided_in_every_place(stub, tmp_path) -> None:
    started: list[subprocess.Popen[str]] = []

    def cut(_: str) -> tuple[int, object]:
        started[0].send_signal(signal.SIGINT)
        return 404, {}

    stub.answers["GET /v1/webinar/no-such-path"] = cut
    code = "import sys; from conformance.check import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, stub.url, "--rule", "time.clock", "--report-dir", "."]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started.append(
        subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
    )
    out, _ = started[0].communicate(timeout=60)
    assert started[0].returncode == 2
    assert "interrupted: what is not listed was not tried" in out
    assert result_in(tmp_path)["verdict"] == "undecided"
    assert result_in(tmp_path)["run"]["interrupted"] is True


def test_a_report_that_cannot_be_written_ends_the_run_before_it_begins(stub, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    status, out, err = run(stub.url, CLOCK, f"--greenroom-report-dir={tmp_path / 'file'}")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "`--report-dir` must name a folder that can be written to" in err
    assert stub.seen == []

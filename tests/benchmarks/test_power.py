from __future__ import annotations

import json

from benchmarks.power import tools
from benchmarks.power.compared import seen, table
from benchmarks.power.tools import Said, Tool, asked
from mock_server.faults import find_fault


def said(code: int | None, *found: str) -> Said:
    return Said(code, frozenset(found))


def test_what_the_true_mock_shows_too_is_not_seen():
    found = seen("x", [said(1, "a"), said(1, "b")], {"one": said(1, "a", "b"), "two": said(1, "c")})
    assert (found.faults, sorted(found.alarms)) == (["two"], ["a", "b"])


def test_an_exit_status_counts_where_the_true_mock_gave_none():
    assert seen("x", [said(0)], {"one": said(1)}).faults == ["one"]
    assert seen("x", [said(0), said(1)], {"one": said(1)}).faults == []


def test_a_tool_that_does_not_come_to_an_end_has_seen_nothing():
    found = seen("x", [said(0)], {"viewers-create-rooms": said(None)})
    rows = list(table([found], [find_fault("viewers-create-rooms")]))
    assert (found.faults, rows[2]) == ([], "| `viewers-create-rooms` | access | too slow |")


def test_a_table_tells_of_each_fault_and_of_alarms():
    found = seen("x", [said(1, "a")], {"created-answers-200": said(1, "b")})
    rows = list(table([found], [find_fault("created-answers-200")]))
    assert rows[2:] == [
        "| `created-answers-200` | shape | seen |",
        "| seen | | 1 of 1 |",
        "| findings on the true mock | | 1 |",
    ]


def test_a_tool_is_ended_when_it_takes_too_long(monkeypatch, tmp_path):
    monkeypatch.setattr(tools, "AT_MOST", 0.05)
    idle = Tool("idle", "1", lambda *_: ["sleep", "60"], lambda *_: frozenset("a"))
    assert asked(idle, "http://127.0.0.1:9", {}, tmp_path) == said(None)


def test_findings_of_schemathesis_are_read_by_operation(tmp_path):
    failures = [{"title": "Undocumented status code", "operations": ["GET /a", "GET /b"]}]
    (tmp_path / "found.json").write_text(json.dumps({"failures": failures}))
    plain = Tool("x", "1", lambda *_: ["true"], tools.tools()[0].found)
    assert sorted(asked(plain, "", {}, tmp_path).found) == [
        "GET /a: Undocumented status code",
        "GET /b: Undocumented status code",
    ]


def test_findings_of_dredd_are_the_same_in_every_run(monkeypatch, tmp_path):
    monkeypatch.setattr(tools.shutil, "which", lambda _: "/bin/true")
    monkeypatch.delenv("PEERS", raising=False)
    dredd = tools.tools()[-1]
    text = "fail: POST (201) /rooms duration: 483ms\\nfail: body: x\\npass: GET (200) /rooms\\n"
    wrong = Tool("x", "1", lambda *_: ["printf", text], dredd.found)
    assert asked(wrong, "", {}, tmp_path).found == {"POST (201) /rooms"}


def test_two_identities_are_given_to_the_tuned_one(tmp_path):
    tuned = tools.tools()[1]
    command = tuned.command("http://x", {"host": "h", "other_host": "o"}, tmp_path)
    users = json.loads((tmp_path / "users.json").read_text())["auth"]
    assert [user["name"] for user in users] == ["host", "other_host"]
    assert command[3] == "--config-file"

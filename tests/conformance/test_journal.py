from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from conformance.errors import NotTestable
from conformance.journal import Journal, file_for, folder, past
from conformance.ledger import Ledger

TARGET = "http://host.test/v1/webinar"


def test_what_was_asked_for_is_known_after_a_kill(state: Path) -> None:
    journal = Journal(file_for(state, "gr-00000001"), "gr-00000001", TARGET)
    ledger = Ledger("gr-00000001", journal)
    ledger.confirm(ledger.intend("room", "host", name="gr-00000001 a room"), "one")
    ledger.confirm(ledger.intend("session", "host", room="one"), "two")
    ledger.intend("preset", "other_host", name="gr-00000001 a preset")
    ledger.strike(ledger.intend("room", "host"))
    ledger.intend("viewer", "nobody")
    with journal.path.open("a") as file:
        file.write('{"asked": 9, "ki')
    (found,) = past(state)
    assert (found.run_id, found.target, found.pid) == ("gr-00000001", TARGET, os.getpid())
    assert found.runs
    left = [(entry.kind, entry.owner, entry.id, entry.room) for entry in found.left]
    assert left == [
        ("preset", "other_host", None, None),
        ("session", "host", "two", "one"),
        ("room", "host", "one", None),
    ]
    journal.close(clean=False)


def test_a_clean_run_leaves_no_file(state: Path) -> None:
    journal = Journal(file_for(state, "gr-1"), "gr-1", TARGET)
    assert json.loads(journal.path.read_text())["run"] == "gr-1"
    journal.close(clean=True)
    assert list(state.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "greenroom").write_text("a file")
    place = folder({"XDG_STATE_HOME": str(tmp_path)})
    with pytest.raises(NotTestable, match=r"cannot be written: .*`XDG_STATE_HOME` must name"):
        Journal(file_for(place, "gr-1"), "gr-1", TARGET)


def test_ledgers_are_kept_where_the_user_keeps_state(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for environment in ({}, {"XDG_STATE_HOME": ""}, {"XDG_STATE_HOME": "not/absolute"}):
        assert folder(environment) == tmp_path / ".local/state/greenroom/ledger"


def test_other_files_in_the_folder_are_left_alone(state: Path) -> None:
    state.mkdir(parents=True)
    (state / "notes.jsonl").write_text("no JSON\n[1]\n")
    (state / "empty.jsonl").write_text("")
    assert list(past(state)) == []

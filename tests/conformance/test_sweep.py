from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conformance import sweep
from conformance.journal import Journal, file_for
from conformance.ledger import Ledger

BASE = "/v1/webinar"
RUN = "gr-0000abcd"
DONE = (200, {"success": True, "data": {}, "timestamp": 1})


def row(name: str, *, hours: float = 12, id_: str | None = None) -> dict[str, str]:
    created = datetime.now(UTC) - timedelta(hours=hours)
    return {"id": id_ or name, "title": name, "name": name, "created_at": created.isoformat()}


@pytest.fixture
def rooms(stub, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The host's own rooms on a server, which can be deleted."""
    monkeypatch.setenv("GREENROOM_HOST_TOKEN", "host-token")
    listed: list[dict[str, str]] = []

    def mine(caller: str) -> tuple[int, object]:
        data = {"rooms": listed, "presets": [], "total": len(listed)}
        return (200 if caller == "host" else 401), {"success": True, "data": data, "timestamp": 1}

    stub.answers[f"GET {BASE}/rooms/my"] = mine
    stub.answers[f"GET {BASE}/presets"] = mine
    return listed


def deleted(stub) -> list[str]:
    return [path.rpartition("/")[2] for method, path in stub.seen if method == "DELETE"]


def test_only_what_bears_a_runs_id_goes(stub, rooms, capsys) -> None:
    names = (f"{RUN} a room", f"{RUN}-w03 a room")
    theirs = ("a room", f"my {RUN} room", RUN, f"{RUN}x a room", "gr-XYZ a room", "gr-12 a room")
    rooms += [row(name) for name in (*names, *theirs)]
    assert sweep.main([stub.url]) == 0
    assert sorted(deleted(stub)) == sorted(name.replace(" ", "%20") for name in names)
    assert capsys.readouterr().out == "removed 2 rooms\n"


def test_what_is_young_may_belong_to_a_run_elsewhere(stub, rooms) -> None:
    rooms += [row(f"{RUN} a", hours=5, id_="young"), row(f"{RUN} b", hours=7, id_="old")]
    assert sweep.main([stub.url]) == 0
    assert deleted(stub) == ["old"]
    assert sweep.main([stub.url, "--older-than", "4h"]) == 0
    assert sorted(deleted(stub)[1:]) == ["old", "young"]


def test_a_run_that_is_named_is_swept_whatever_its_age_and_no_other(stub, rooms) -> None:
    rooms += [row("nightly a", hours=0, id_="one"), row("nightly-2 a", id_="two")]
    rooms += [row("nightly-w01 a", hours=0, id_="worker")]
    assert sweep.main([stub.url, "--run-id", "nightly"]) == 0
    assert sorted(deleted(stub)) == ["one", "worker"]


def test_a_dry_run_removes_nothing(stub, rooms, capsys) -> None:
    rooms += [row(f"{RUN} a room", id_="one")]
    assert sweep.main([stub.url, "--dry-run"]) == 0
    assert deleted(stub) == []
    assert capsys.readouterr().out == f"would remove room one `{RUN} a room`\n1 room would go\n"


def dead() -> int:
    """Return the number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


@pytest.fixture
def killed(stub, state: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ledger of a run of this machine that was killed: a room, and one never answered."""
    pid = dead()
    with monkeypatch.context() as patched:
        patched.setattr(os, "getpid", lambda: pid)
        journal = Journal(file_for(state, RUN), RUN, f"{stub.url}{BASE}")
    ledger = Ledger(RUN, journal)
    ledger.confirm(ledger.intend("room", "host", name="x" * 255), "known")
    ledger.intend("room", "host", name="odd")
    journal.close(clean=False)
    return journal.path


def test_the_ledger_of_a_dead_run_tells_what_no_name_shows(stub, rooms, killed: Path) -> None:
    rooms += [row("odd", hours=0, id_="lost"), row("odd", hours=1, id_="somebody's")]
    rooms += [row(f"{RUN} young", hours=0, id_="young")]
    assert sweep.main([stub.url]) == 0
    assert sorted(deleted(stub)) == ["known", "lost", "young"]
    assert not killed.exists()


def test_a_run_that_is_under_way_is_left_alone(stub, rooms, state: Path) -> None:
    rooms += [row(f"{RUN} a room", id_="its")]
    journal = Journal(file_for(state, RUN), RUN, f"{stub.url}{BASE}")
    Ledger(RUN, journal).intend("room", "host", name=f"{RUN} a room")
    assert sweep.main([stub.url]) == 0
    assert deleted(stub) == []
    journal.close(clean=False)
    assert journal.path.exists()


def test_what_would_not_go_is_told_and_the_ledger_stays(stub, rooms, killed, capsys) -> None:
    stub.answers[f"DELETE {BASE}/rooms/known"] = (500, {})
    assert sweep.main([stub.url]) == 1
    assert "would not go: room known" in capsys.readouterr().out
    assert killed.exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--older-than", "soon"], "`soon` is no length of time"),
        (["--identities", "no.toml"], "`no.toml` cannot be read"),
    ],
)
def test_a_mistake_of_the_user_is_told(stub, rooms, more, words, capsys) -> None:
    assert sweep.main([stub.url, *more]) == 2
    assert words in capsys.readouterr().err
    assert deleted(stub) == []


def test_a_target_that_is_not_there_is_told(capsys) -> None:
    assert sweep.main(["http://127.0.0.1:9"]) == 2
    assert capsys.readouterr().err.startswith("greenroom sweep: nothing answers at")


def test_nobody_to_sweep_for_is_told(stub, capsys) -> None:
    assert sweep.main([stub.url]) == 2
    assert "nobody to sweep for" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("6h", 21600)])
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert sweep.seconds_of(text) == seconds
    assert time.time() > seconds

"""Scenarios with the command, over real HTTP."""

from __future__ import annotations

import socket

import pytest
from serving import command, serve

PATIENCE = 30


def run(*options: str):
    process = command("scenario", "run", *options)
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def test_a_mock_begins_with_the_end_of_a_story():
    with serve("--scenario", "town-hall") as served, served.client() as client:
        (session,) = client.get("/sessions/live").json()["data"]["sessions"]
        assert session["max_viewers"] == 50_004
        assert session["viewer_count"] > 30_000
        clock = client.get(served.url.replace("/v1/webinar", "/_mock/clock")).json()["data"]
        assert clock["now"].startswith("2026-09-09T14:18:")


@pytest.mark.parametrize("world", ["default", "tester"])
def test_a_story_is_played_on_a_mock_that_runs(world):
    with serve("--scenario", "empty") as served, served.client() as client:
        code, out, err = run("sold-out", "--url", served.url, "--world", world)
        assert (code, err) == (0, "")
        assert out.splitlines()[-1] == "24 of 24 steps pass"
        answer = client.get("/sessions/live", headers={"X-Mock-World": world})
        assert answer.json()["data"]["total"] == 1


def test_a_step_that_goes_otherwise_ends_it_with_1(tmp_path):
    story = tmp_path / "story.yaml"
    story.write_text(
        "version: 1\ndescription: It fails.\nseed_file: demo\nsteps:\n"
        "  - operation: list_live_sessions\n    expect: {data: {total: 9}}\n"
    )
    with serve() as served:
        code, out, _ = run(str(story), "--url", served.url)
    assert code == 1
    assert "line 5: `data.total` is `5`, must be `9`" in out


def test_nobody_to_play_on_ends_it_with_2():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        code, out, err = run("sold-out", "--url", url)
    assert (code, out) == (2, "")
    assert "nothing answers at" in err


def test_a_story_that_cannot_be_played_stops_the_start(tmp_path):
    story = tmp_path / "story.yaml"
    story.write_text(
        "version: 1\ndescription: It fails.\nseed_file: empty\nsteps:\n  - operation: dance\n"
    )
    process = command("serve", "--port", "0", "--quiet", "--scenario", str(story))
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (1, "")
    assert "story.yaml:5: `dance`: no operation has the name `dance`" in err
    assert "Traceback" not in err


def test_several_processes_begin_with_one_story(tmp_path):
    store = f"sqlite:///{tmp_path / 'world.db'}"
    with serve("--scenario", "back-to-back", "--store", store, "--workers", "2") as served:
        with served.client() as client:
            totals = {client.get("/sessions").json()["data"]["total"] for _ in range(20)}
        assert totals == {5}


def test_the_banner_tells_the_time_of_the_story():
    process = command("serve", "--port", "0", "--scenario", "sold-out")
    said = []
    while not said or not said[-1].startswith("Ready"):
        said.append(process.stdout.readline())
        assert said[-1], "the mock ended before it was ready"
    process.terminate()
    process.communicate(timeout=PATIENCE)
    assert "  World    sold-out, seed 42\n" in said
    assert "  Clock    2026-05-23T09:07:06Z, going on from there\n" in said

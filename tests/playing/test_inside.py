from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mock_server.app import build_env
from mock_server.domain.entities import World
from mock_server.playing.inside import Stage
from mock_server.scenarios import Beginning, ScenarioFailed, load_scenario, story_names
from mock_server.settings import Settings
from mock_server.storage.indexes import EVERYTHING, SESSIONS
from mock_server.storage.open import open_store

STORIES = [name for name in story_names() if load_scenario(name).steps]
READINGS = (
    "/rooms?limit=100", "/sessions?limit=100", "/sessions/live", "/presets", "/rooms/my",
    "/sessions/stats", "/auth/me",
)  # fmt: skip
FAILS = """\
  - operation: create_room
    with: {body: {title: Attic}}
  - operation: list_rooms
    expect: {data: {total: 5}}
"""


def said(played):
    return [(each.said.status, each.said.body) for each in played if each.said is not None]


def reset(mock, **body):
    return mock.send("POST", "/_mock/reset", json=body)


def read(mock):
    """Every list as the host sees it, and every session alone."""
    answers = [mock.send("GET", path, by="host").content for path in READINGS]
    for each in mock.data("GET", "/sessions?limit=100")["sessions"]:
        answers += [
            mock.send("GET", f"/sessions/{each['id']}{rest}", by="host").content
            for rest in ("", "/stream_health")
        ]
    return answers


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store_url(request, tmp_path):
    if request.param == "postgres":
        return request.getfixturevalue("database").empty()
    return "memory" if request.param == "memory" else f"sqlite:///{tmp_path / 'world.db'}"


@pytest.mark.parametrize("name", STORIES)
def test_every_store_gives_the_same_answers_to_the_byte(name, store_url, contract, played_here):
    played = []
    stage = Stage(contract, Settings().token_secret, played.append)
    env = build_env(replace(Settings(), store=store_url), contract)
    try:
        env.worlds._play = stage.play
        with env.store.write() as tx:
            tx.clear()
            beginning = Beginning(scenario=load_scenario(name), seed=42)
            env.worlds.begin("default", env.store, tx, beginning)
    finally:
        env.store.close()
    assert len(played) == len(load_scenario(name).steps)
    assert said(played) == said(played_here(load_scenario(name)))


@pytest.mark.parametrize("name", STORIES)
def test_another_process_gives_the_same_answers_to_the_byte(name, played_here):
    command = [sys.executable, "-m", "mock_server", "scenario", "run", name, "--answers"]
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu"}
    ran = subprocess.run(command, capture_output=True, check=True, env=environment)
    printed = [line.strip() for line in ran.stdout.splitlines() if line.startswith(b"    {")]
    assert printed == [body for _, body in said(played_here(load_scenario(name)))]


@pytest.mark.parametrize("name", STORIES)
def test_what_is_served_afterwards_is_the_same_on_every_store(name, mock, mock_with):
    assert reset(mock, scenario=name, freeze=True).status_code == 200
    mock.clock.advance(days=3)
    with mock_with(scenario=name) as other:
        assert reset(other, freeze=True).status_code == 200
        assert read(mock) == read(other)
    assert mock.data("GET", "/_mock/health")["contract_breaches"] == 0
    assert mock.data("GET", "/_mock/health")["scenario"] == name


@pytest.mark.parametrize("name", STORIES)
def test_the_same_requests_over_http_are_answered_alike(name, mock, played_here, played_over_http):
    scenario = load_scenario(name)
    over_http = played_over_http(mock, scenario)
    assert [each.problems for each in over_http] == [()] * len(scenario.steps)
    inside = played_here(scenario)
    assert [each.now for each in over_http] == [each.now for each in inside]
    if not mock.env.store.blocking:
        # A store of replicas skips the numbers of what is refused, so what comes has other ids.
        assert said(over_http) == said(inside)


def test_another_seed_tells_the_story_with_other_ids(played_here):
    one, other = (said(played_here(load_scenario("sold-out"), seed=seed)) for seed in (1, 2))
    assert [status for status, _ in one] == [status for status, _ in other]
    assert all(mine != yours for (status, mine), (_, yours) in zip(one, other, strict=True)
               if status < 400)  # fmt: skip


def test_the_clock_goes_on_from_where_the_story_ends(mock):
    mock.clock.now = datetime(2027, 1, 1, tzinfo=UTC)
    reset(mock, scenario="first-show")
    clock = mock.data("GET", "/_mock/clock")
    assert (clock["now"][:19], clock["frozen"]) == ("2026-03-12T18:42:30", False)
    mock.clock.advance(minutes=1)
    assert mock.data("GET", "/_mock/clock")["now"][:19] == "2026-03-12T18:43:30"


def test_the_clock_stands_still_where_the_story_says_so(mock_with, write):
    story = write("  - clock: +10m\n  - clock: freeze\n  - clock: +5m\n")
    with mock_with(scenario=story.file) as mock:
        mock.clock.advance(hours=5)
        clock = mock.data("GET", "/_mock/clock")
    assert (clock["now"][:19], clock["frozen"]) == ("2026-03-12T18:15:00", True)


def test_a_story_without_a_time_begins_at_the_present_and_may_be_moved(mock_with, write):
    story = write(
        "  - operation: list_presets\n    save: {preset: presets.0.id}\n"
        "  - operation: create_room\n    with: {body: {title: Attic}}\n    save: {room: room.id}\n"
        "  - operation: create_session\n    with:\n      id: $room\n"
        "      body: {title: Talk, preset_id: $preset, scheduled_start_time: +2h}\n",
        now="",
    )
    with mock_with(scenario=story.file) as mock:
        (session,) = mock.data("GET", "/sessions")["sessions"]
        assert session["scheduled_start_time"] == "2026-03-01T14:00:00Z"
        reset(mock, now="2031-05-05T05:05:05Z")
        (session,) = mock.data("GET", "/sessions")["sessions"]
    assert session["scheduled_start_time"] == "2031-05-05T07:05:05Z"


def test_a_story_that_goes_otherwise_leaves_nothing_behind(store_url, write, contract):
    story = write(FAILS)
    with pytest.raises(ScenarioFailed, match=r"story\.yaml:8: `list_rooms`: `data.total` is `1`"):
        build_env(Settings(store=store_url, scenario=story.file), contract)
    store = open_store(store_url)
    with store.read() as tx:
        assert tx.get(World, "world") is None
    store.close()


@pytest.mark.parametrize("name", STORIES)
def test_every_story_can_be_moved_to_another_time(name, mock):
    assert reset(mock, scenario=name, now="2031-05-05T05:05:05.5Z").status_code == 200
    assert mock.data("GET", "/_mock/clock")["now"].startswith("2031-05-")


@pytest.mark.parametrize("name", STORIES)
def test_a_story_can_end_at_the_present(name, mock):
    mock.clock.now = datetime(2028, 2, 29, 11, 3, 7, tzinfo=UTC)
    assert reset(mock, scenario=name, end_now=True).status_code == 200
    clock = mock.data("GET", "/_mock/clock")
    assert (clock["now"][:19], clock["follows_wall"]) == ("2028-02-29T11:03:07", True)
    for each in mock.data("GET", "/sessions?limit=100")["sessions"]:
        happened = [each[name] for name in ("created_at", "started_at", "ended_at") if name in each]
        assert "2028-02-19" < min(happened) <= max(happened) < "2028-02-29T11:03:07"
        assert each["scheduled_start_time"].endswith(":00Z"), "appointments are at full minutes"


def test_a_mock_may_begin_every_world_with_a_story_that_ends_at_the_present(mock_with):
    with mock_with(scenario="sold-out", end_now=True) as mock:
        assert mock.data("GET", "/_mock/clock")["follows_wall"] is True
        (session,) = mock.data("GET", "/sessions/live")["sessions"]
        mock.clock.advance(minutes=7)
        reset(mock)
        (later,) = mock.data("GET", "/sessions/live")["sessions"]
        assert session["id"] == later["id"]
        assert session["started_at"] < later["started_at"]
        made = mock.data("POST", "/_mock/worlds", json={"name": "fixed", "end_now": False})
        assert made["now"][:19] == "2026-05-23T09:07:06"
        assert (
            mock.data("POST", "/_mock/worlds", json={"name": "present"})["now"] > "2026-03-01T12:07"
        )
        assert reset(mock, now="2026-05-23T00:00:00Z").status_code == 200
        assert mock.data("GET", "/_mock/clock")["now"][:10] == "2026-05-23"


def test_what_ends_at_the_present_may_stand_still_there(mock):
    reset(mock, scenario="sold-out", end_now=True, freeze=True)
    before = mock.data("GET", "/_mock/clock")
    mock.clock.advance(hours=1)
    assert mock.data("GET", "/_mock/clock") == before
    assert before["now"][:19] == "2026-03-01T12:00:00"


def test_a_story_cannot_begin_and_end_at_a_time(mock):
    refused = reset(mock, scenario="sold-out", end_now=True, now="2026-03-01T00:00:00Z")
    assert refused.status_code == 422
    assert refused.json()["error"] == "`now` and `end_now` are given, must be one of them"


def test_a_story_that_names_a_time_cannot_be_moved_to_the_present(mock_with, write):
    story = write("  - clock: +1h\n  - clock: 2026-03-12T20:00:00Z\n")
    with mock_with(scenario=story.file) as mock:
        refused = reset(mock, end_now=True)
    assert refused.status_code == 422
    assert "story.yaml:7: `clock` goes to a fixed time, must go forward" in refused.json()["error"]


def test_a_reset_that_cannot_be_played_is_refused_and_changes_nothing(mock_with, write):
    story = write("  - clock: 2026-03-12T20:00:00Z\n")
    with mock_with(scenario=story.file) as mock:
        room = mock.room()
        refused = reset(mock, now="2026-03-13T00:00:00Z")
        assert refused.status_code == 422
        assert "story.yaml:6: `clock`: the clock shows 2026-03-13" in refused.json()["error"]
        assert mock.data("GET", f"/rooms/{room}")["id"] == room


def test_a_world_can_be_made_with_a_story(mock):
    made = mock.data("POST", "/_mock/worlds", json={"name": "full", "scenario": "sold-out"})
    assert (made["scenario"], made["now"][:19]) == ("sold-out", "2026-05-23T09:07:06")
    there = {"headers": {"X-Mock-World": "full"}}
    (session,) = mock.data("GET", "/sessions/live", **there)["sessions"]
    assert session["hls_url"].startswith("http://mock:4010/_mock/worlds/full/hls/")
    refused = mock.send("POST", f"/sessions/{session['id']}/join", by="viewer", **there)
    assert refused.status_code == 409
    assert mock.data("GET", "/sessions/live")["total"] == 0
    mock.data("DELETE", "/_mock/worlds/full")


def test_every_world_begins_with_the_story_of_the_command(mock_with):
    with mock_with(scenario="sold-out") as mock:
        for name in ("one", "two"):
            there = {"headers": {"X-Mock-World": name}}
            assert mock.data("GET", "/sessions/live", **there)["total"] == 1
        assert mock.data("GET", "/_mock/personas", **there)["personas"][0]["name"] == "host"


@pytest.mark.parametrize("store_url", ["sqlite", "postgres"], indirect=True)
def test_a_story_is_played_once_however_many_begin_together(contract, store_url):
    open_store(store_url).close()
    settings = Settings(store=store_url, scenario="back-to-back")

    def begin(_):
        env = build_env(settings, contract)
        with env.store.read() as tx:
            total = tx.count(SESSIONS, EVERYTHING)
        world = env.world
        env.store.close()
        return total, world

    with ThreadPoolExecutor(6) as threads:
        begun = list(threads.map(begin, range(6)))
    assert {total for total, _ in begun} == {5}
    assert len({world.used_at for _, world in begun}) == 1


def test_a_store_that_is_kept_goes_on_and_is_not_played_again(tmp_path, contract):
    settings = Settings(store=f"sqlite:///{tmp_path / 'world.db'}", scenario="first-show")
    for _ in range(2):
        env = build_env(settings, contract)
        assert env.world.scenario == "first-show"
        with env.store.read() as tx:
            world = tx.get(World, "world")
        assert env.seed_file.name == "empty"
        env.store.close()
    assert world.clock_at == datetime(2026, 3, 12, 18, 42, 30, tzinfo=UTC)


def test_a_mock_that_is_wrong_on_purpose_begins_right(mock_with):
    with mock_with(scenario="back-to-back", fault="scheduled-session-ends") as mock:
        sessions = mock.data("GET", "/sessions")["sessions"]
        waiting = next(each for each in sessions if each["status"] == "scheduled")
        assert mock.send("POST", f"/sessions/{waiting['id']}/end", by="host").status_code == 200


def test_a_fault_of_the_story_is_for_who_opens_the_world(mock_with, write):
    story = write(
        "  - operation: add_fault\n"
        "    with: {body: {operation: list_rooms, count: 1, effect: {status: 503}}}\n"
        "    expect: {status: 201}\n"
    )
    with mock_with(scenario=story.file) as mock:
        statuses = [mock.send("GET", "/rooms").status_code for _ in range(2)]
    assert statuses == [503, 200]


def test_the_seed_of_the_command_wins_over_the_storys(mock_with, write, tmp_path):
    story = write("  - operation: get_me\n")
    path = tmp_path / "seeded.yaml"
    path.write_text((tmp_path / "story.yaml").read_text().replace("steps:", "seed: 5\nsteps:"))
    for settings, seed in (({}, 5), ({"seed": 6}, 6)):
        with mock_with(scenario=str(path), **settings) as mock:
            assert mock.data("GET", "/_mock/health")["seed"] == seed
            reset(mock)
            assert mock.data("GET", "/_mock/health")["seed"] == seed
    with mock_with(scenario=story.file) as mock:
        assert mock.data("GET", "/_mock/health")["seed"] == 42


def test_time_takes_a_story_as_far_as_a_clock_goes_and_no_further(mock_with, write):
    story = write("  - clock: 8999-12-31T00:00:00Z\n  - clock: +9999w\n")
    refused = pytest.raises(ScenarioFailed, match="must go forward and stay before 9000")
    with refused, mock_with(scenario=story.file):
        pass

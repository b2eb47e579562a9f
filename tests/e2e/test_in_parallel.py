"""What a front end's test run does: workers at once on one mock, each in a world of its own.

Bodies are compared whole. `first_show.json` holds them as they were answered once, read and found
right; `{url}` stands for the address of the world.
"""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

from mock_server.client import Mock, World

EXPECTED = json.loads(Path(__file__).with_name("first_show.json").read_text())
WORKERS = 8
WORLDS = 100
STEPS = 3
NINE = datetime(2030, 1, 1, 9, tzinfo=UTC)


def watch_the_first_show(world: World, together: Barrier) -> dict[str, object]:
    """Do in a world what one test of a studio does, and return the bodies it got."""
    together.wait()
    world.reset(scenario="first-show", freeze=True)
    host, late = world.api.as_("host"), world.api.as_("other_viewer")
    (live,) = host.get("/sessions/live").json()["data"]["sessions"]
    session = f"/sessions/{live['id']}"
    together.wait()
    world.faults.add("join_session", status=409, example="full", count=1)
    bodies = {"full": late.post(f"{session}/join").json()}
    together.wait()
    moved = world.clock.advance("2h")
    bodies["two_hours_later"] = late.get(session).json()
    joined = late.post(f"{session}/join")
    bodies["ended"] = host.post(f"{session}/end").json()
    bodies["stats"] = host.get("/sessions/stats").json()
    assert (moved.frozen, moved.now) == (True, datetime(2026, 3, 12, 20, 42, 30, tzinfo=UTC))
    assert joined.status_code == 200, "there was room all the time, and the fault is over"
    assert [each.verdict for each in world.exchanges(operation="join_session")][:2] == [
        "answered",
        "fault",
    ]
    text = json.dumps(bodies).replace(world.api_url.removesuffix("/v1/webinar"), "{url}")
    found: dict[str, object] = json.loads(text)
    return found


def test_eight_workers_at_once_get_the_exact_bodies_each_in_its_world(mock: Mock):
    together = Barrier(WORKERS, timeout=30)
    worlds = [mock.world(f"worker-{number}") for number in range(WORKERS)]
    with ThreadPoolExecutor(WORKERS) as pool:
        found = list(pool.map(lambda each: watch_the_first_show(each, together), worlds))
    for bodies in found:
        assert bodies == EXPECTED
    assert mock.world().clock.state().follows_wall, "nobody touched the default world"
    assert mock.world().api.get("/rooms").json()["data"]["total"] == 0
    for world in worlds:
        world.delete()


def begin(world: World, number: int) -> None:
    world.reset(scenario="empty", seed=number, now=NINE + timedelta(days=number), freeze=True)


def visit(world: World, number: int, step: int) -> None:
    """Make a room, look at all, and move the clock: everything must be this world's."""
    host = world.api.as_("host")
    # Visits of one world may be at once, so its clock is one of those it may have been set to.
    stamps = {int((NINE + timedelta(days=number, minutes=m)).timestamp()) for m in range(STEPS + 1)}
    made = host.post("/rooms", json={"title": f"Room {step} of {world.name}"}).json()
    shown = world.api.get("/rooms?limit=100").json()
    assert {made["timestamp"], shown["timestamp"]} <= stamps
    assert all(each["title"].endswith(f" of {world.name}") for each in shown["data"]["rooms"])
    world.clock.advance("1m")
    if number % 10 == 0:
        world.faults.add("get_session_stats", status=503, count=1, id=f"fault-of-step-{step}")
        assert host.get("/sessions/stats").status_code == 503
    else:
        assert host.get("/sessions/stats").status_code == 200


def test_a_hundred_worlds_used_at_once_by_eight_threads_never_see_each_other(mock: Mock):
    worlds = [mock.world(f"world-{number}") for number in range(WORLDS)]
    visits = [(number, step) for number in range(WORLDS) for step in range(STEPS)]
    random.Random(1).shuffle(visits)
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(begin, worlds, range(WORLDS)))
        list(pool.map(lambda each: visit(worlds[each[0]], *each), visits))
        states = list(pool.map(lambda each: each.state(), worlds))
        rooms = list(pool.map(lambda each: each.api.get("/rooms").json()["data"], worlds))
        journals = list(pool.map(lambda each: each.exchanges(operation="create_room"), worlds))
        kept = list(pool.map(lambda each: each.invariants().hold, worlds))
    for number, world in enumerate(worlds):
        state = states[number]
        assert (state.seed, state.scenario) == (number, "empty")
        assert state.now == NINE + timedelta(days=number, minutes=STEPS)
        titles = {each["title"] for each in rooms[number]["rooms"]}
        assert titles == {f"Room {step} of {world.name}" for step in range(STEPS)}
        assert len(journals[number]) == STEPS
        assert len(world.faults.list()) == (STEPS if number % 10 == 0 else 0)
        assert kept[number]
    assert mock.world().api.get("/rooms").json()["data"]["total"] == 0
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(World.delete, worlds))
    assert [each.name for each in mock.worlds()] == ["default"]

"""Deliberate mistakes switched on for a world while the mock runs."""

from __future__ import annotations

import pytest

from mock_server import faulty

WORKER = {"X-Mock-World": "worker-1"}


@pytest.fixture
def mock(mock_with):
    with mock_with(scenario="empty") as mock:
        yield mock


def switch_on(mock, name, headers=WORKER, **more):
    body = {"operation": "*", "effect": {"contract_fault": name}, **more}
    answer = mock.send("POST", "/_mock/faults", json=body, headers=headers)
    assert answer.status_code == 201, answer.text


def make_rooms(mock, headers=WORKER):
    for title in ("First room", "Second room"):
        mock.send("POST", "/rooms", by="host", json={"title": title}, headers=headers)
        mock.clock.advance(seconds=1)


def titles(mock, path="/rooms", headers=WORKER):
    rooms = mock.data("GET", path, headers=headers)["rooms"]
    return [room["title"] for room in rooms]


def test_a_mistake_is_made_in_its_world_only(mock):
    make_rooms(mock)
    make_rooms(mock, headers={})
    switch_on(mock, "oldest-first")
    assert titles(mock) == ["First room", "Second room"]
    assert titles(mock, "/_mock/worlds/worker-1/v1/webinar/rooms", {}) == titles(mock)
    assert titles(mock, headers={}) == ["Second room", "First room"]
    mock.data("DELETE", "/_mock/faults", headers=WORKER)
    assert titles(mock) == ["Second room", "First room"]


def test_a_mistake_ends_at_its_time(mock):
    make_rooms(mock)
    switch_on(mock, "oldest-first", for_seconds=10)
    assert titles(mock) == ["First room", "Second room"]
    mock.clock.advance(seconds=10)
    assert titles(mock) == ["Second room", "First room"]


def test_a_mistake_in_an_operation_is_made(mock):
    switch_on(mock, "room-change-not-kept")
    made = mock.data("POST", "/rooms", by="host", json={"title": "Launch room"}, headers=WORKER)
    path = f"/rooms/{made['room']['id']}"
    mock.data("PATCH", path, by="host", json={"title": "Another"}, headers=WORKER)
    assert mock.data("GET", path, headers=WORKER)["title"] == "Launch room"


def test_a_mistake_in_the_contract_is_made(mock):
    long = {"title": "x" * 256}
    assert mock.send("POST", "/rooms", by="host", json=long, headers=WORKER).status_code == 422
    switch_on(mock, "room-title-of-256")
    assert mock.send("POST", "/rooms", by="host", json=long, headers=WORKER).status_code == 201
    assert mock.send("POST", "/rooms", by="host", json=long).status_code == 422


def test_a_mistake_in_the_lifecycle_is_made(mock):
    switch_on(mock, "scheduled-session-ends")
    session = mock.data("GET", "/presets", by="host", headers=WORKER)["presets"][0]["id"]
    room = mock.data("POST", "/rooms", by="host", json={"title": "Room"}, headers=WORKER)["room"]
    body = {"title": "Launch", "preset_id": session}
    path = f"/rooms/{room['id']}/sessions"
    made = mock.data("POST", path, by="host", json=body, headers=WORKER)["session"]
    ended = mock.send("POST", f"/sessions/{made['id']}/end", by="host", headers=WORKER)
    assert ended.status_code == 200


def test_a_mistake_about_paths_and_methods_is_made(mock):
    switch_on(mock, "unknown-path-in-plain-text")
    assert mock.send("GET", "/nothing", headers=WORKER).text == "Not Found"
    assert mock.send("GET", "/_mock/nothing", headers=WORKER).json()["success"] is False
    assert mock.send("GET", "/nothing").json()["success"] is False
    switch_on(mock, "wrong-method-is-404")
    assert mock.send("PUT", "/rooms", headers=WORKER).status_code == 404
    assert mock.send("PUT", "/rooms").status_code == 405


def test_several_mistakes_are_made_together(mock):
    make_rooms(mock)
    switch_on(mock, "oldest-first")
    switch_on(mock, "room-title-of-256")
    long = {"title": "x" * 256}
    assert mock.send("POST", "/rooms", by="host", json=long, headers=WORKER).status_code == 201
    assert titles(mock) == ["First room", "Second room", "x" * 256]


def test_other_faults_and_wishes_hold_beside_a_mistake(mock):
    switch_on(mock, "room-title-of-256")
    body = {"operation": "list_rooms", "effect": {"status": 503}, "count": 1}
    mock.data("POST", "/_mock/faults", json=body, headers=WORKER)
    assert [mock.send("GET", "/rooms", headers=WORKER).status_code for _ in range(2)] == [503, 200]
    assert mock.send("GET", "/rooms?__code=429", headers=WORKER).status_code == 429


def test_a_name_of_another_version_is_no_mistake(mock):
    make_rooms(mock)
    switch_on(mock, "oldest-first")
    known = faulty._faults(("oldest-first", "never-heard-of", "oldest-first"))
    assert [each.name for each in known] == ["oldest-first"]


def test_few_applications_are_kept_and_worlds_share_them(mock, monkeypatch):
    monkeypatch.setattr(faulty, "MOST_COMPILED", 2)
    monkeypatch.setattr(faulty, "MOST_AROUND", 4)
    kept = faulty_worlds(mock)
    names = ("room-title-of-256", "room-title-of-256", "oldest-first", "room-change-not-kept")
    sizes = []
    for number, name in enumerate(names):
        worker = {"X-Mock-World": f"worker-{number}"}
        switch_on(mock, name, headers=worker)
        mock.data("GET", "/rooms", headers=worker)
        sizes.append((len(kept._compiled), len(kept._around)))
    assert sizes == [(1, 1), (1, 2), (2, 3), (1, 1)]
    # The one that had to go is made again.
    long = {"title": "x" * 256}
    worker = {"X-Mock-World": "worker-1"}
    assert mock.send("POST", "/rooms", by="host", json=long, headers=worker).status_code == 201


def faulty_worlds(mock):
    """Find what keeps the applications inside the composed one."""
    passes = (each for each in mock.app.middleware_stack if hasattr(each, "_faulty"))
    return next(passes)._faulty

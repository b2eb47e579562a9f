from __future__ import annotations

import pytest


def in_world(name):
    return {"headers": {"X-Mock-World": name}}


@pytest.fixture(autouse=True)
def _no_other_worlds(mock):
    yield
    mock.data("DELETE", "/_mock/worlds/default/snapshots")
    for each in mock.data("GET", "/_mock/worlds")["worlds"][1:]:
        mock.data("DELETE", f"/_mock/worlds/{each['name']}")


def test_a_world_is_made_when_it_is_first_asked_for(mock):
    room = mock.room()
    assert mock.data("GET", "/rooms", **in_world("mine"))["total"] == 0
    assert mock.data("GET", "/rooms")["total"] == 1
    names = [each["name"] for each in mock.data("GET", "/_mock/worlds")["worlds"]]
    assert names == ["default", "mine"]
    assert mock.send("GET", f"/rooms/{room}", **in_world("mine")).status_code == 404


def test_path_header_and_cookie_name_a_world_in_that_order(mock):
    body = {"title": "A room of one's own"}
    mock.data("POST", "/_mock/worlds/path/v1/webinar/rooms", by="host", json=body)
    both = {"X-Mock-World": "header", "Cookie": "a=b; mock_world=cookie"}
    mock.data("POST", "/rooms", by="host", json=body, headers=both)
    mock.data("POST", "/rooms", by="host", json=body, headers={"Cookie": both["Cookie"]})
    everything = {**both, "X-Mock-World": "header"}
    inside = mock.data("GET", "/_mock/worlds/path/v1/webinar/rooms", headers=everything)
    assert inside["total"] == 1
    for name in ("path", "header", "cookie"):
        assert mock.data("GET", "/rooms", **in_world(name))["total"] == 1
    assert mock.data("GET", "/rooms")["total"] == 0


def test_the_same_things_made_in_two_worlds_are_the_same(mock):
    made = [
        mock.data("POST", "/rooms", by="host", json={"title": "Twin"}, **in_world(name))
        for name in ("one", "two")
    ]
    assert made[0] == made[1]


def test_addresses_of_media_lead_to_their_world(mock):
    session = mock.session()
    mock.data("POST", "/_mock/worlds", json={"name": "copy", "from": "default"})
    live = mock.data("POST", f"/sessions/{session}/go_live", by="host", **in_world("copy"))
    base = "http://mock:4010/_mock/worlds/copy/"
    assert live["session"]["hls_url"].startswith(f"{base}hls/")
    assert live["whip_url"].startswith(f"{base}whip/")
    live = mock.data("POST", f"/sessions/{session}/go_live", by="host")
    assert live["session"]["hls_url"].startswith("http://mock:4010/hls/")


def test_a_copy_begins_with_all_of_the_other_and_goes_its_own_way(mock):
    session = mock.session()
    mock.data("POST", "/_mock/clock", json={"advance": "1h", "freeze": True})
    made = mock.data("POST", "/_mock/worlds", json={"name": "copy", "from": "default"})
    assert made["base_path"] == "/_mock/worlds/copy/v1/webinar"
    assert made["now"] == mock.data("GET", "/_mock/clock")["now"]
    rooms = [
        mock.data("POST", "/rooms", by="host", json={"title": "Next"}, **where)["room"]["id"]
        for where in ({}, in_world("copy"))
    ]
    assert rooms[0] == rooms[1], "numbers go on from where they were copied"
    mock.data("POST", f"/sessions/{session}/start", by="host", **in_world("copy"))
    assert mock.data("GET", f"/sessions/{session}", by="host")["status"] == "scheduled"
    there = mock.data("GET", f"/sessions/{session}", by="host", **in_world("copy"))
    assert there["status"] == "live"


def test_a_snapshot_is_kept_while_its_world_goes_on(mock):
    mock.room()
    path = "/_mock/worlds/default"
    kept = mock.data("POST", f"{path}/snapshots", json={"label": "one-room"})
    assert kept["snapshots"] == ["one-room"]
    mock.room()
    assert mock.data("GET", "/rooms")["total"] == 2
    mock.data("POST", f"{path}/restore", json={"label": "one-room"})
    assert mock.data("GET", "/rooms")["total"] == 1
    mock.room()
    mock.data("POST", f"{path}/restore", json={"label": "one-room"})
    assert mock.data("GET", "/rooms")["total"] == 1


def test_a_snapshot_of_the_same_label_is_replaced(mock):
    path = "/_mock/worlds/default"
    for _ in range(2):
        mock.room()
        mock.data("POST", f"{path}/snapshots", json={"label": "latest"})
    mock.room()
    mock.data("POST", f"{path}/restore", json={"label": "latest"})
    assert mock.data("GET", "/rooms")["total"] == 2


def test_snapshots_can_be_deleted(mock):
    path = "/_mock/worlds/default"
    mock.data("POST", f"{path}/snapshots", json={"label": "latest"})
    assert mock.data("DELETE", f"{path}/snapshots")["snapshots"] == []
    refused = mock.send("POST", f"{path}/restore", json={"label": "latest"})
    assert refused.status_code == 404
    assert "has no snapshot `latest`, its snapshots: none" in refused.json()["error"]


def test_a_deleted_world_begins_anew(mock):
    mock.data("POST", "/rooms", by="host", json={"title": "Gone"}, **in_world("short"))
    assert mock.data("DELETE", "/_mock/worlds/short") == {"name": "short"}
    assert mock.send("GET", "/_mock/worlds/short").status_code == 404
    assert mock.data("GET", "/rooms", **in_world("short"))["total"] == 0


def test_the_default_world_stays(mock):
    refused = mock.send("DELETE", "/_mock/worlds/default")
    assert refused.status_code == 409
    assert "reset it instead" in refused.json()["error"]


@pytest.mark.parametrize("name", ["", "-a", "A", "a" * 41, "a_b", "a.b", "ä", "a@b", "a%20b"])
def test_what_is_no_name_is_refused_with_what_a_name_is(mock, name):
    answer = mock.send("GET", "/rooms", headers={"X-Mock-World": name.encode()})
    assert answer.status_code == 422
    assert "1 to 40 of a-z, 0-9 and -" in answer.json()["error"]


def test_a_name_that_is_taken_is_refused(mock):
    mock.data("POST", "/_mock/worlds", json={"name": "once"})
    assert mock.send("POST", "/_mock/worlds", json={"name": "once"}).status_code == 409


def test_a_world_can_have_a_seed_and_a_scenario_of_its_own(mock):
    body = {"name": "other", "scenario": "demo", "seed": 7}
    made = mock.data("POST", "/_mock/worlds", json=body)
    assert (made["scenario"], made["seed"]) == ("demo", 7)
    assert mock.data("GET", "/rooms", **in_world("other"))["total"] == 8
    health = mock.data("GET", "/_mock/health", **in_world("other"))
    assert (health["scenario"], health["seed"]) == ("demo", 7)


def test_no_file_of_the_machine_is_a_scenario(mock):
    body = {"name": "x", "scenario": "fixtures/seeds/demo.yaml"}
    refused = mock.send("POST", "/_mock/worlds", json=body)
    assert refused.status_code == 422
    assert "must be one of `back-to-back`, `demo`, `empty`" in refused.json()["error"]


def test_a_world_that_nobody_used_for_long_makes_room(mock):
    mock.data("GET", "/rooms", **in_world("idle"))
    mock.clock.advance(hours=4)
    mock.data("GET", "/rooms", **in_world("used"))
    mock.clock.advance(hours=3)
    mock.data("GET", "/rooms", **in_world("new"))
    names = [each["name"] for each in mock.data("GET", "/_mock/worlds")["worlds"]]
    assert names == ["default", "new", "used"]


def test_one_world_too_many_is_refused_with_what_to_do(mock):
    most = mock.data("GET", "/_mock/worlds")["most"]
    for number in range(most - 1):
        mock.data("POST", "/_mock/worlds", json={"name": f"w{number}"})
    refused = mock.send("GET", "/rooms", **in_world("one-too-many"))
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "--max-worlds" in refused.json()["error"]
    assert mock.send("GET", "/rooms", **in_world("w3")).status_code == 200


def test_a_world_put_back_to_a_time_begins_there_and_frozen(mock):
    body = {"now": "2030-01-01T00:00:00Z", "freeze": True, "seed": 7}
    for _ in range(2):
        mock.data("POST", "/_mock/reset", json=body)
        mock.clock.advance(hours=1)
        answer = mock.send("GET", "/rooms")
        assert answer.json()["timestamp"] == 1893456000
        assert mock.data("GET", "/_mock/clock")["frozen"] is True
    mock.data("POST", "/_mock/reset", json={"seed": 42})
    assert mock.data("GET", "/_mock/clock")["follows_wall"] is True


@pytest.mark.parametrize("now", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_world_can_not_begin_where_dates_end(mock, now):
    assert mock.send("POST", "/_mock/reset", json={"now": now}).status_code == 422


def test_worlds_used_at_once_never_see_each_other(mock):
    def visit(number):
        own = in_world(f"w{number}")
        return number, own

    visits = [visit(number) for number in range(20)]
    for step in range(3):
        for number, own in visits:
            title = {"title": f"{number}/{step}"}
            mock.data("POST", "/rooms", by="host", json=title, **own)
    for number, own in visits:
        titles = {each["title"] for each in mock.data("GET", "/rooms", **own)["rooms"]}
        assert titles == {f"{number}/{step}" for step in range(3)}


def test_a_saved_world_begins_again_from_its_file(demo, tmp_path, mock_with):
    before = demo.data("GET", "/sessions?limit=100", by="host")
    room = demo.room()
    saved = demo.data("GET", "/_mock/worlds/default/seed")
    assert saved["name"] == "default.yaml"
    path = tmp_path / saved["name"]
    path.write_text(saved["text"], encoding="utf-8")
    with mock_with(scenario=str(path)) as again:
        after = again.data("GET", "/sessions?limit=100", by="host")
        assert {each["id"]: each["status"] for each in after["sessions"]} == {
            each["id"]: each["status"] for each in before["sessions"]
        }
        titles = [each["title"] for each in again.data("GET", "/rooms?limit=100")["rooms"]]
        assert demo.data("GET", f"/rooms/{room}")["title"] in titles


def test_only_a_world_that_is_there_is_saved(mock):
    assert mock.send("GET", "/_mock/worlds/nowhere/seed").status_code == 404

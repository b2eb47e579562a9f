from __future__ import annotations

import pytest


def test_health_tells_what_runs_and_since_when(mock):
    mock.clock.advance(seconds=61)
    health = mock.data("GET", "/_mock/health")
    assert (health["status"], health["scenario"], health["seed"]) == ("ok", "empty", 42)
    assert (health["uptime_seconds"], health["contract_breaches"]) == (61, 0)
    assert mock.data("GET", "/_mock/health")["requests"] == health["requests"] + 1


def test_personas_are_who_they_say(mock):
    listed = mock.data("GET", "/_mock/personas")
    names = [each["name"] for each in listed["personas"]]
    assert names == [
        *("host", "other_host", "viewer", "other_viewer"),
        *("co_host", "moderator", "banned_viewer", "expired", "malformed"),
    ]
    for each in listed["personas"]:
        header = {"Authorization": f"Bearer {each['access_token']}"}
        me = mock.send("GET", "/auth/me", headers=header)
        assert me.is_success is each["usable"]
        if each["usable"]:
            assert me.json()["data"] == each["user"]
            assert mock.data("GET", "/auth/me", by=each["name"]) == each["user"]
            body = {"email": each["email"], "password": each["password"]}
            assert mock.data("POST", "/auth/login", json=body)["user"] == each["user"]
    preset = mock.data("GET", f"/presets/{listed['preset_id']}", by="host")
    assert preset["user_id"] == listed["personas"][0]["user"]["id"]
    assert listed["livekit"] == {"api_key": "devkey", "api_secret": "secret"}


def test_the_preset_of_the_personas_is_the_one_that_was_there_first(mock):
    told = [mock.data("GET", "/_mock/personas")["preset_id"]]
    mock.clock.advance(seconds=5)
    body = {"name": "Another", "type": "rtmp", "primary_color": "#0b7285"}
    made = mock.data("POST", "/presets", by="host", json=body)["id"]
    told.append(mock.data("GET", "/_mock/personas")["preset_id"])
    assert told[0] == told[1] != made


def test_the_banned_viewer_is_there_and_is_let_in_by_nothing(mock):
    personas = {each["name"]: each for each in mock.data("GET", "/_mock/personas")["personas"]}
    banned = personas["banned_viewer"]
    assert (banned["user"]["is_active"], banned["usable"]) == (False, False)
    body = {"email": banned["email"], "password": banned["password"]}
    header = {"Authorization": f"Bearer {banned['access_token']}"}
    for refusal in (
        mock.send("POST", "/auth/login", json=body),
        mock.send("GET", "/auth/me", headers=header),
        mock.send("GET", "/auth/me", by="banned_viewer"),
        mock.send("POST", f"/sessions/{mock.session()}/join", by="banned_viewer"),
    ):
        assert refusal.status_code == 401
        assert "the user's account is not active" in refusal.json()["error"]


def test_a_co_host_and_a_moderator_may_what_they_are_said_to(mock):
    room, session = mock.room(), mock.session()
    assert mock.send("PATCH", f"/rooms/{room}", by="co_host", json={}).status_code == 403
    assert mock.data("GET", f"/rooms/{mock.room(by='co_host')}")["host"]["email"].startswith(
        "cohost"
    )
    mock.data("POST", f"/sessions/{session}/start", by="host")
    mock.data("POST", f"/sessions/{session}/join", by="moderator")
    assert mock.send("POST", "/rooms", by="moderator", json={"title": "Mine"}).status_code == 403
    users = [mock.data("GET", "/auth/me", by=name) for name in ("host", "co_host", "moderator")]
    assert len({user["organization_id"] for user in users}) == 1


def test_a_seed_files_own_personas_are_listed(mock_with, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "version: 1\npeople:\n  ada: {role: viewer}\n"
        "personas:\n  juror: {person: ada, description: Decides}\n"
    )
    with mock_with(scenario=str(path)) as mock:
        listed = mock.data("GET", "/_mock/personas")
        assert [each["name"] for each in listed["personas"]] == ["juror"]


def test_a_reset_forgets_what_was_made_and_keeps_personas_signed_in(mock):
    host = mock.data("GET", "/_mock/personas")["personas"][0]
    header = {"Authorization": f"Bearer {host['access_token']}"}
    session = mock.session()
    mock.clock.advance(hours=3)
    assert mock.data("POST", "/_mock/reset") == {"scenario": "empty", "seed": 42}
    assert mock.send("GET", f"/sessions/{session}").status_code == 404
    assert mock.data("GET", "/rooms")["total"] == 0
    assert mock.send("GET", "/auth/me", headers=header).status_code == 200
    assert mock.session() == session, "numbers begin at 1 again, so ids repeat"


def test_after_a_reset_the_world_is_the_one_of_the_start(demo):
    before = demo.data("GET", "/sessions?limit=100")
    demo.session()
    demo.data("POST", "/_mock/reset")
    assert demo.data("GET", "/sessions?limit=100") == before


@pytest.mark.parametrize(("method", "path"), [("GET", "/_mock/reset"), ("POST", "/_mock/health")])
def test_other_methods_are_refused(mock, method, path):
    assert mock.send(method, path).status_code == 405


def test_the_contracts_are_served_as_they_are_bundled(mock):
    contract = mock.send("GET", "/openapi.json").json()
    assert contract["paths"]["/rooms"]["get"]["operationId"] == "list_rooms"
    assert "/health" in mock.send("GET", "/_mock/openapi.json").json()["paths"]
    assert mock.send("PUT", "/openapi.json").status_code == 405

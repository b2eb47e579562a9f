from __future__ import annotations

import shlex
from datetime import UTC, datetime

import pytest

LIST = "/_mock/exchanges"


@pytest.fixture(autouse=True)
def empty_journal(mock):
    mock.data("DELETE", LIST)
    yield
    for each in mock.data("GET", "/_mock/worlds")["worlds"][1:]:
        mock.data("DELETE", f"/_mock/worlds/{each['name']}")


def listed(mock, query: str = "", **how):
    return mock.data("GET", f"{LIST}?{query}", **how)["exchanges"]


def newest(mock, **how):
    (last, *_) = listed(mock, **how)
    return mock.data("GET", f"{LIST}/{last['id']}", **how)


def test_an_exchange_tells_what_was_asked_and_how_it_went(mock):
    before = datetime.now(UTC)
    mock.send("POST", "/rooms?a=b", by="host", json={"title": "Hi"})
    (found,) = listed(mock)
    assert before <= datetime.fromisoformat(found["at"]) <= datetime.now(UTC)
    assert found["took_ms"] >= 0
    del found["at"], found["took_ms"], found["id"]
    assert found == {
        "verdict": "refused",
        "method": "POST",
        "target": "/v1/webinar/rooms?a=b",
        "operation": "create_room",
        "status": 422,
        "reason": "`create_room`: `title` has 2 characters, must have at least 3",
    }


def test_a_whole_exchange_has_both_bodies_and_headers(mock):
    answer = mock.send("POST", "/rooms", by="host", json={"title": "Launch — día"})
    found = newest(mock)
    assert found["request"]["body"] == '{"title":"Launch — día"}'
    assert found["request"]["size"] == len('{"title":"Launch — día"}'.encode())
    headers = {each["name"]: each["value"] for each in found["request"]["headers"]}
    assert headers["content-type"] == "application/json"
    assert (found["answer"]["body"], found["answer"]["cut"]) == (answer.text, False)
    mock.send("DELETE", "/rooms")
    allow = {"name": "allow", "value": "GET, HEAD, OPTIONS, POST"}
    assert newest(mock)["answer"]["headers"] == [allow]


def test_a_long_body_is_cut(mock):
    answer = mock.send("POST", "/rooms", by="host", content=b"x" * 5000)
    assert answer.status_code == 415
    found = newest(mock)
    assert (found["request"]["body"], found["request"]["size"]) == ("x" * 4096, 5000)
    assert found["request"]["cut"] is True
    assert "--data-binary @body-of-5000-bytes" in found["curl"]


def test_filters_take_what_matches_all_of_them(mock):
    mock.send("POST", "/rooms", by="host", json={"title": "Hi"})
    mock.send("POST", "/rooms", by="host", json={"title": "Launch"})
    mock.send("GET", "/rooms")
    mock.send("GET", "/nothing-like-it")

    def ids(query):
        return [each["id"] for each in listed(mock, query)]

    last = listed(mock)[0]["id"]
    room, made, shown, lost = range(last - 3, last + 1)
    assert ids("") == [lost, shown, made, room]
    assert ids("operation=create_room") == [made, room]
    assert ids("operation=create_room&verdict=refused") == [room]
    assert ids("method=get") == [lost, shown]
    assert ids("status=404") == [lost]
    assert ids("status=4xx") == [lost, room]
    assert ids("status=2xx") == [shown, made]
    assert ids("text=LAUNCH") == [shown, made]
    assert ids("text=at+least+3") == [room]
    assert ids(f"since={made}") == [lost, shown]
    assert ids("limit=1") == [lost]
    whole = mock.data("GET", f"{LIST}?limit=1")
    assert (whole["total"], whole["last_id"], whole["most"]) == (4, last, 500)


@pytest.mark.parametrize(
    "query", ["status=four", "status=600", "verdict=odd", "since=-1", "limit=0", "text="]
)
def test_a_filter_that_is_none_is_refused(mock, query):
    assert mock.send("GET", f"{LIST}?{query}").status_code == 400


def test_an_exchange_that_is_not_kept_is_told(mock):
    refused = mock.send("GET", f"{LIST}/1")
    assert refused.status_code == 404
    assert refused.json()["error"] == "the journal has no exchange 1, it is empty"
    mock.send("GET", "/rooms")
    last = listed(mock)[0]["id"]
    refused = mock.send("GET", f"{LIST}/{last + 1}")
    assert f"its ids are {last} to {last}" in refused.json()["error"]
    assert mock.send("GET", f"{LIST}/last").status_code == 400


def test_each_world_has_its_own(mock):
    own = {"headers": {"X-Mock-World": "mine"}}
    mock.send("GET", "/rooms", **own)
    mock.send("GET", "/_mock/worlds/mine/v1/webinar/rooms/my", by="host")
    mock.send("GET", "/nothing", **own)
    mock.send("GET", "/_mock/worlds/mine/v1/webinar/nothing")
    mock.send("DELETE", "/rooms", **own)
    assert listed(mock) == []
    said = [each["target"] for each in listed(mock, **own)]
    assert said == [
        "/v1/webinar/rooms",
        "/_mock/worlds/mine/v1/webinar/nothing",
        "/v1/webinar/nothing",
        "/_mock/worlds/mine/v1/webinar/rooms/my",
        "/v1/webinar/rooms",
    ]


def test_what_came_to_no_world_is_in_the_default_one(mock):
    mock.send("GET", "/rooms", headers={"X-Mock-World": "No Name"})
    assert "is no name" in listed(mock)[0]["reason"]


def test_a_bug_of_the_mock_is_called_one(mock, monkeypatch):
    monkeypatch.setattr("mock_server.http.perform.check_values", lambda *_: 1 / 0)
    assert mock.send("GET", "/rooms/my", by="host").status_code == 500
    monkeypatch.undo()
    assert [each["verdict"] for each in listed(mock)] == ["bug"]


def test_credentials_are_never_shown(mock):
    people = mock.data("GET", "/_mock/personas")["personas"]
    host = people[0]
    body = {"email": host["email"], "password": host["password"]}
    pair = mock.data("POST", "/auth/login", json=body)
    secrets = {host["password"], host["access_token"], "greenroom-host-key", "hunter22"}
    secrets |= {pair["access_token"], pair["refresh_token"]}
    bearer = {"Authorization": f"Bearer {pair['access_token']}", "Cookie": "session=hunter22"}
    mock.send("GET", "/rooms/my", headers=bearer)
    mock.send("POST", "/auth/login", content=b"email=a%40b.test&password=hunter22")
    mock.send("POST", "/auth/refresh", json={"refresh_token": "hunter22"})
    mock.send("POST", "/auth/logout", json={"refresh_token": pair["refresh_token"]})
    mock.send("GET", "/rooms?access_token=hunter22&api_key=hunter22")
    viewer = mock.data("POST", "/auth/viewer/register", json={"display_name": "Ada"})
    mock.send("POST", "/auth/viewer/device-login", json={"device_token": viewer["device_token"]})
    session = mock.session()
    code = mock.data("POST", "/auth/code", by="viewer", json={"session_id": session})["code"]
    mock.data("POST", "/auth/code/exchange", json={"code": code})
    live = mock.data("POST", f"/sessions/{session}/go_live", by="host")
    mock.send("POST", f"/whip/{live['rtmp']['stream_key']}", content=b"v=0")
    secrets |= {viewer["device_token"], viewer["access_token"], code}
    secrets |= {live["livekit_token"], live["rtmp"]["stream_key"]}
    exchanges = listed(mock)
    assert len(exchanges) >= 14
    shown = [mock.send("GET", f"{LIST}/{each['id']}").text for each in exchanges]
    shown.append(mock.send("GET", LIST).text)
    for secret in secrets:
        assert [text for text in shown if secret in text] == []
    assert any("Bearer …redacted" in text for text in shown)
    assert listed(mock, "text=hunter22") == [], "nor can they be searched for"


def test_the_command_sends_the_same_request(mock):
    body = {"title": "O'Brien's \"launch\" — día"}
    mock.send("POST", "/rooms?x=[1]", by="host", json=body, headers={"X-Mock-World": "mine"})
    command = newest(mock, headers={"X-Mock-World": "mine"})["curl"]
    words = shlex.split(command)
    assert words[:5] == ["curl", "-i", "-X", "POST", "-g"]
    assert words[-1] == "http://mock:4010/v1/webinar/rooms?x=[1]"
    assert "x-api-key: $X_API_KEY" in words
    assert "x-mock-world: mine" in words
    assert "O'Brien's \\\"launch\\\" — día" in words[words.index("--data-binary") + 1]


def test_a_journal_can_be_switched_off(mock_with):
    with mock_with(journal=0) as off:
        off.send("GET", "/rooms")
        found = off.data("GET", LIST)
        assert found == {"exchanges": [], "total": 0, "last_id": 0, "left_out": 0, "most": 0}


def test_what_was_injected_is_called_a_fault(mock):
    session = mock.session()
    mock.send("POST", f"/sessions/{session}/start", by="host", headers={"Prefer": "code=409"})
    found = listed(mock)[0]
    assert (found["verdict"], found["operation"]) == ("fault", "start_session")
    assert "answered by `Prefer: code=409`" in found["reason"]

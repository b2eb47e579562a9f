"""Through the whole mock: what a request meets before its operation, and whose word counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mock_server.domain.entities import World
from mock_server.http import wire
from mock_server.http.wire import ABORT


@pytest.fixture
def add(mock):
    def add(effect, operation="get_session", **more):
        body = {"operation": operation, "effect": effect, **more}
        return mock.data("POST", "/_mock/faults", json=body)["id"]

    return add


@pytest.fixture
def slept(monkeypatch):
    seconds = []

    async def wait(each, receive):
        seconds.append(each)
        return True

    monkeypatch.setattr(wire, "wait", wait)
    return seconds


@pytest.fixture
def closed(mock, monkeypatch):
    """Let the mock believe that it may close connections, and count how often it did."""
    count = []
    app = mock.app

    async def on_a_wire(scope, receive, send):
        await app({**scope, "extensions": {ABORT: lambda: count.append(1)}}, receive, send)

    monkeypatch.setattr(mock, "app", on_a_wire)
    return count


def error(answer):
    return answer.json()["error"]


def test_a_wish_is_answered_with_the_contracts_example(mock):
    session = mock.session()
    answer = mock.send("POST", f"/sessions/{session}/join?__code=409&__example=full", by="viewer")
    assert (answer.status_code, answer.json()["success"]) == (409, False)
    assert answer.json()["timestamp"] == int(mock.clock.now.timestamp())
    assert answer.headers["x-mock-fault"] == "?__code=409&__example=full"
    assert answer.headers["x-mock-operation"] == "join_session"
    assert mock.data("GET", f"/sessions/{session}")["viewer_count"] == 0


def test_prefer_is_applied_and_said_to_be(mock):
    session = mock.session()
    headers = {"Prefer": "code=503, wait=10"}
    answer = mock.send("GET", f"/sessions/{session}", headers=headers)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["preference-applied"] == "code=503"
    plain = mock.send("GET", f"/sessions/{session}", headers={"Prefer": "return=minimal"})
    assert plain.status_code == 200
    assert "preference-applied" not in plain.headers


def test_a_wish_for_success_changes_nothing(mock):
    answer = mock.send("POST", "/rooms?__code=201", json={"title": "Launch room"})
    assert answer.status_code == 201
    assert answer.json()["data"]["room"]["title"]
    assert mock.data("GET", "/rooms")["total"] == 0


def test_a_wish_needs_neither_credentials_nor_a_good_body(mock):
    assert mock.send("POST", "/rooms?__code=403", content=b"{").status_code == 403


def test_a_wish_that_cannot_be_met_is_refused_with_what_could_be(mock):
    answer = mock.send("GET", "/rooms?__code=404")
    assert answer.status_code == 400
    assert error(answer) == (
        "`?__code=404`: the contract gives `list_rooms` no 404, "
        "must be one of `200`, `400`, `429` or `503`"
    )
    assert mock.send("GET", "/rooms?__code=soon").status_code == 400


def test_head_gets_the_headers_of_a_wish(mock):
    answer = mock.send("HEAD", "/rooms?__code=429")
    assert (answer.status_code, answer.content) == (429, b"")
    assert answer.headers["retry-after"] == "5"


def test_the_query_wins_over_prefer_and_prefer_over_the_worlds_faults(mock, add):
    add({"status": 503}, "list_rooms")
    prefer = {"Prefer": "code=429"}
    assert mock.send("GET", "/rooms?__code=400", headers=prefer).status_code == 400
    assert mock.send("GET", "/rooms", headers=prefer).status_code == 429
    assert mock.send("GET", "/rooms").status_code == 503
    assert mock.data("GET", "/_mock/faults")["faults"][0]["calls"] == 1, "wishes are not counted"


def test_of_the_worlds_faults_the_first_that_answers_wins(mock, add, slept):
    add({"delay": {"fixed_ms": 250}}, "list_rooms")
    first = add({"status": 503}, "list_rooms", when={"nth": [2]})
    second = add({"status": 429, "retry_after": 3}, "*")
    answers = [mock.send("GET", "/rooms") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [429, 503]
    assert [each.headers["x-mock-fault"] for each in answers] == [
        f"fault-1, {second}",
        f"fault-1, {first}",
    ]
    assert slept == [0.25, 0.25]
    assert "must wait 3 s" in error(answers[0])


def test_a_fault_stands_before_credentials_and_bodies(mock, add):
    add({"status": 503}, "create_room")
    assert mock.send("POST", "/rooms", content=b"{").status_code == 503


def test_an_operation_that_is_refused_is_late_all_the_same(mock, add, slept):
    add({"delay": {"fixed_ms": 100}}, "*")
    assert mock.send("GET", "/auth/me").status_code == 401
    assert mock.send("POST", "/rooms", by="host", content=b"{").status_code == 415
    assert slept == [0.1, 0.1]
    said = mock.log.getvalue()
    assert "GET /v1/webinar/auth/me  401  no credentials" in said
    assert said.count("(delayed 100 ms by `fault-1`)") == 2


def test_a_state_is_asked_of_the_session_in_the_path(mock, add):
    add({"status": 429}, when={"state": "live"})
    session = mock.session()
    assert mock.send("GET", f"/sessions/{session}").status_code == 200
    mock.data("POST", f"/sessions/{session}/start", by="host")
    assert mock.send("GET", f"/sessions/{session.upper()}").status_code == 429
    assert mock.send("GET", f"/sessions/{mock.session()}").status_code == 200
    assert mock.send("GET", "/sessions/nonsense").status_code == 400
    assert mock.data("GET", "/_mock/faults")["faults"][0]["calls"] == 1


def test_time_changes_the_state_that_is_asked(mock, add):
    add({"status": 429}, when={"state": "expired"})
    session = mock.session(scheduled_start_time="2026-03-01T12:10:00Z")
    assert mock.send("GET", f"/sessions/{session}").status_code == 200
    mock.clock.advance(hours=25)
    assert mock.send("GET", f"/sessions/{session}").status_code == 429


def test_the_same_seed_meets_the_same_calls(mock, add):
    add({"status": 503}, "list_rooms", when={"percentage": 30})
    statuses = [mock.send("GET", "/rooms").status_code for _ in range(40)]
    assert 4 <= statuses.count(503) <= 20
    mock.data("DELETE", "/_mock/faults")
    add({"status": 503}, "list_rooms", when={"percentage": 30})
    assert [mock.send("GET", "/rooms").status_code for _ in range(40)] == statuses


def test_the_second_answer_is_not_the_first_one_kept(mock, add):
    assert mock.send("GET", "/rooms").status_code == 200
    add({"status": 503}, "list_rooms", count=1)
    assert [mock.send("GET", "/rooms").status_code for _ in range(2)] == [503, 200]


def test_a_dropped_request_is_not_performed(mock, add, closed):
    add({"drop": "request"}, "create_room", count=1)
    with pytest.raises(AssertionError):  # what httpx says when nothing was answered
        mock.send("POST", "/rooms", by="host", json={"title": "Launch room"})
    assert closed == [1]
    assert mock.data("GET", "/rooms")["total"] == 0
    assert "create_room (not performed, the connection dropped by `fault-1`)" in mock.log.getvalue()


def test_a_dropped_answer_is_performed(mock, add, closed):
    add({"drop": "answer"}, "create_room", count=1)
    with pytest.raises(AssertionError):  # what httpx says when nothing was answered
        mock.send("POST", "/rooms", by="host", json={"title": "Launch room"})
    assert closed == [1]
    assert mock.data("GET", "/rooms")["total"] == 1
    assert "201  create_room (lost by `fault-1`)" in mock.log.getvalue()


def test_where_connections_cannot_be_closed_it_is_said(mock, add):
    add({"drop": "answer"}, "create_room")
    answer = mock.send("POST", "/rooms", by="host", json={"title": "Launch room"})
    assert answer.status_code == 501
    assert mock.data("GET", "/rooms")["total"] == 0


def test_worlds_do_not_see_each_others_faults(mock_with):
    with mock_with(scenario="empty") as mock:
        inside = {"X-Mock-World": "worker-1"}
        body = {"operation": "list_rooms", "effect": {"status": 503}}
        assert mock.send("POST", "/_mock/faults", json=body, headers=inside).status_code == 201
        assert mock.send("GET", "/rooms", headers=inside).status_code == 503
        assert mock.send("GET", "/_mock/worlds/worker-1/v1/webinar/rooms").status_code == 503
        assert mock.send("GET", "/rooms").status_code == 200
        assert mock.data("GET", "/_mock/faults") == {"faults": []}


def test_a_rule_that_a_later_contract_has_no_room_for_does_nothing(mock):
    stale = {"id": "old", "operation": "list_rooms", "effect": {"status": 418}}
    with mock.env.store.write() as tx:
        world = tx.get(World, "world")
        tx.put(replace(world, faults={"rules": [stale]}))
    assert mock.send("GET", "/rooms").status_code == 200
    (shown,) = mock.data("GET", "/_mock/faults")["faults"]
    assert shown == {**stale, "calls": 0, "applied": 0, "over": True}

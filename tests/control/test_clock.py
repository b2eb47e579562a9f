from __future__ import annotations

from datetime import timedelta

import pytest

from mock_server.control.clock import MOST_FIRED


def scheduled(mock, **after):
    start = (mock.clock.now + timedelta(**after)).isoformat()
    return mock.session(scheduled_start_time=start)


def test_everything_follows_the_clock(mock):
    session = scheduled(mock, hours=1)
    shown = mock.data("POST", "/_mock/clock", json={"advance": "25h"})
    assert [each["session_id"] for each in shown["fired"]] == [session]
    assert shown["fired"][0]["at"] == shown["now"]
    assert mock.data("GET", f"/sessions/{session}", by="host")["status"] == "expired"
    answer = mock.send("GET", "/rooms").json()
    assert answer["timestamp"] == int(mock.clock.now.timestamp()) + 25 * 3600


def test_a_frozen_clock_stands_whatever_the_machine_does(mock):
    mock.data("POST", "/_mock/clock", json={"freeze": True})
    first = mock.send("GET", "/rooms").json()["timestamp"]
    mock.clock.advance(hours=5)
    assert mock.send("GET", "/rooms").json()["timestamp"] == first
    shown = mock.data("POST", "/_mock/clock", json={"freeze": False})
    mock.clock.advance(hours=1)
    assert mock.send("GET", "/rooms").json()["timestamp"] == first + 3600
    assert (shown["frozen"], shown["rate"], shown["follows_wall"]) == (False, 1, False)


def test_what_fired_is_told_in_the_order_it_happened(mock):
    later, sooner = scheduled(mock, hours=5), scheduled(mock, hours=2)
    beyond = scheduled(mock, days=30)
    shown = mock.data("POST", "/_mock/clock", json={"advance": "1w"})
    assert [each["session_id"] for each in shown["fired"]] == [sooner, later]
    assert shown["fired_total"] == 2
    assert mock.data("POST", "/_mock/clock", json={"advance": "1m"})["fired"] == []
    shown = mock.data("POST", "/_mock/clock", json={"advance": "5w"})
    assert [each["session_id"] for each in shown["fired"]] == [beyond]


def test_a_token_ends_when_the_clock_says_so(mock):
    body = {"email": "host@pinecove.test", "password": "let-me-in-host"}
    people = mock.data("GET", "/_mock/personas")["personas"]
    body = {"email": people[0]["email"], "password": people[0]["password"]}
    token = mock.data("POST", "/auth/login", json=body)["access_token"]
    signed = {"Authorization": f"Bearer {token}"}
    assert mock.send("GET", "/auth/me", headers=signed).status_code == 200
    mock.data("POST", "/_mock/clock", json={"advance": "59m59s"})
    assert mock.send("GET", "/auth/me", headers=signed).status_code == 200
    mock.data("POST", "/_mock/clock", json={"advance": "1s"})
    assert mock.send("GET", "/auth/me", headers=signed).status_code == 401


def test_several_wishes_are_done_in_the_documented_order(mock):
    body = {"freeze": True, "advance": "1h", "set": "2026-03-02T00:00:00+01:00"}
    shown = mock.data("POST", "/_mock/clock", json=body)
    assert (shown["now"], shown["frozen"]) == ("2026-03-02T00:00:00Z", True)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 422, "at least 1"),
        ({"advance": "-1h"}, 422, "must be a length such as"),
        ({"advance": 5}, 422, "must be a string"),
        ({"rate": -1}, 422, "must be at least 0"),
        ({"rate": 1e9}, 422, "must be at most"),
        ({"set": "2026-02-28T00:00:00Z"}, 409, "can't go back"),
        ({"set": "tomorrow"}, 422, "must be a `date-time`"),
        ({"set": "9999-12-31T23:59:59Z"}, 422, "year 9000"),
        ({"freeze": "yes"}, 422, "must be a boolean"),
        ({"speed": 2}, 422, "speed"),
    ],
)
def test_a_wish_that_can_not_be_is_refused_and_nothing_changes(mock, body, status, said):
    before = mock.data("GET", "/_mock/clock")
    refused = mock.send("POST", "/_mock/clock", json=body)
    assert (refused.status_code, said in refused.json()["error"]) == (status, True), refused.text
    assert mock.data("GET", "/_mock/clock") == before


def test_a_refused_wish_of_several_changes_nothing(mock):
    refused = mock.send("POST", "/_mock/clock", json={"rate": 5, "advance": "-1h"})
    assert refused.status_code == 422
    assert mock.data("GET", "/_mock/clock")["follows_wall"] is True


def test_a_week_is_told_within_bounds(mock):
    assert MOST_FIRED == 1000

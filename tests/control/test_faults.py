from __future__ import annotations

import pytest

from mock_server.control.faults import _require_contract_fault
from mock_server.domain.errors import Unprocessable

FULL = {
    "operation": "join_session",
    "when": {"state": "live"},
    "count": 1,
    "effect": {"status": 409, "example": "full"},
}


def add(mock, operation="get_session", effect=None, **more):
    body = {"operation": operation, "effect": effect or {"status": 429}, **more}
    return mock.send("POST", "/_mock/faults", json=body)


def added(mock, **body):
    answer = add(mock, **body)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def refused(mock, **body):
    answer = add(mock, **body)
    return answer.status_code, answer.json()["error"]


def test_a_fault_is_shown_with_what_it_did(mock):
    session = mock.session()
    mock.data("POST", f"/sessions/{session}/start", by="host")
    assert mock.data("GET", "/_mock/faults") == {"faults": []}
    fault = added(mock, **FULL)
    assert fault == {"id": "fault-1", **FULL, "calls": 0, "applied": 0, "over": False}
    refusal = mock.send("POST", f"/sessions/{session}/join", by="viewer")
    assert (refusal.status_code, refusal.headers["x-mock-fault"]) == (409, "fault-1")
    assert "places are taken, one must be free" in refusal.json()["error"]
    mock.data("POST", f"/sessions/{session}/join", by="viewer")
    shown = {**fault, "calls": 1, "applied": 1, "over": True}
    assert mock.data("GET", "/_mock/faults") == {"faults": [shown]}
    assert mock.data("DELETE", "/_mock/faults/fault-1") == shown
    assert mock.data("GET", "/_mock/faults") == {"faults": []}


def test_faults_are_named_by_number_or_as_one_wishes(mock):
    assert added(mock)["id"] == "fault-1"
    assert added(mock, id="slow-lists")["id"] == "slow-lists"
    assert added(mock)["id"] == "fault-2"
    mock.data("DELETE", "/_mock/faults/fault-1")
    assert added(mock)["id"] == "fault-1"
    listed = mock.data("GET", "/_mock/faults")["faults"]
    assert [each["id"] for each in listed] == ["slow-lists", "fault-2", "fault-1"]


def test_a_fault_of_a_used_id_counts_anew(mock):
    session = mock.session()
    added(mock, effect={"status": 429}, count=1)
    assert mock.send("GET", f"/sessions/{session}").status_code == 429
    mock.data("DELETE", "/_mock/faults/fault-1")
    added(mock, effect={"status": 503}, count=1)
    assert mock.send("GET", f"/sessions/{session}").status_code == 503


def test_clearing_removes_all_of_them(mock):
    session = mock.session()
    added(mock)
    added(mock, effect={"delay": {"fixed_ms": 0}})
    assert mock.data("DELETE", "/_mock/faults") == {"removed": 2}
    assert mock.data("DELETE", "/_mock/faults") == {"removed": 0}
    assert mock.send("GET", f"/sessions/{session}").status_code == 200


def test_a_reset_removes_faults(mock):
    added(mock, operation="list_rooms")
    mock.data("POST", "/_mock/reset")
    assert mock.data("GET", "/_mock/faults") == {"faults": []}
    assert mock.send("GET", "/rooms").status_code == 200


def test_a_fault_ends_at_a_time_of_the_worlds_clock(mock):
    fault = added(mock, operation="list_rooms", for_seconds=90)
    assert fault["until"] == "2026-03-01T12:01:30Z"
    assert "for_seconds" not in fault
    mock.clock.advance(seconds=89)
    assert mock.send("GET", "/rooms").status_code == 429
    mock.clock.advance(seconds=1)
    assert mock.send("GET", "/rooms").status_code == 200
    assert mock.data("GET", "/_mock/faults")["faults"][0]["over"] is True


def test_the_end_may_be_given_in_any_offset(mock):
    fault = added(mock, until="2026-03-01t14:30:00+02:00")
    assert fault["until"] == "2026-03-01T12:30:00Z"


def test_the_control_plane_has_no_faults(mock):
    added(mock, operation="*", effect={"drop": "request"})
    assert mock.send("GET", "/_mock/health").status_code == 200
    assert mock.send("DELETE", "/_mock/faults?__code=429").status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"id": "Slow"}, 422, "`add_fault`: `id` is `Slow`, must match"),
        ({"effect": {"status": 418}}, 422, "`add_fault`: the contract gives `get_session` no 418"),
        ({"operation": "get_sesion"}, 422, "did you mean `get_session`?"),
        ({"until": "2026-03-01T12:00:00Z"}, 422, "must be later than the world's clock"),
        (
            {"until": "2026-03-02T12:00:00Z", "for_seconds": 5},
            422,
            "`until` and `for_seconds` are both given, must be one of them",
        ),
        (
            {"operation": "*", "effect": {"contract_fault": "oldest-frist"}},
            422,
            "no deliberate mistake has the name `oldest-frist`, did you mean `oldest-first`?",
        ),
        (
            {"operation": "*", "effect": {"contract_fault": "playlist-never-ends"}},
            422,
            "must be another mistake (or a mock of its own: `greenroom serve --fault playlist-",
        ),
        (
            {"operation": "*", "effect": {"contract_fault": "zzz"}},
            422,
            "must be one of `list_contract_faults`",
        ),
        ({"effect": {"wait": 5}}, 422, "`add_fault`: `effect.wait` is no field here"),
        ({"percentage": 5}, 422, "`add_fault`: `percentage` is no field here"),
        ({"effect": {"delay": {}}}, 422, "`effect.delay` has 0 fields, must have at least 1"),
        (
            {"effect": {"delay": {"fixed_ms": 1, "uniform_ms": [1, 2]}}},
            422,
            "`effect.delay` has 2 fields, must have at most 1",
        ),
        (
            {"effect": {"delay": {"uniform_ms": [1]}}},
            422,
            "`effect.delay.uniform_ms` has 1 items, must have at least 2",
        ),
        (
            {"effect": {"delay": {"uniform_ms": [1, 2, 3]}}},
            422,
            "`effect.delay.uniform_ms` has 3 items, must have at most 2",
        ),
        ({"effect": {"delay": {"fixed_ms": 60_001}}}, 422, "must be at most 60000"),
        ({"when": {"percentage": 101}}, 422, "must be at most 100"),
        ({"when": {"state": "lively"}}, 422, "`when.state` is `lively`, must be `scheduled`"),
    ],
)
def test_a_mistake_is_told_in_a_sentence_and_adds_nothing(mock, body, status, sentence):
    code, said = refused(mock, **body)
    assert code == status
    assert sentence in said
    assert mock.data("GET", "/_mock/faults") == {"faults": []}


def test_an_id_that_is_taken_is_refused(mock):
    added(mock, id="slow")
    assert refused(mock, id="slow") == (
        409,
        (
            "`add_fault`: the world has a fault with the id `slow`, must be another id "
            "(or remove that one)"
        ),
    )


def test_a_world_has_a_hundred_faults_at_most(mock):
    for _ in range(100):
        added(mock)
    status, said = refused(mock)
    assert (status, "has 100 faults, must have fewer" in said) == (409, True)
    mock.data("DELETE", "/_mock/faults")
    added(mock)


def test_removing_what_is_not_there_is_refused(mock):
    missing = mock.send("DELETE", "/_mock/faults/fault-7")
    assert missing.status_code == 404
    assert "no fault with the id `fault-7`" in missing.json()["error"]
    assert mock.send("DELETE", "/_mock/faults/Slow%20Lists").status_code == 400


def test_the_deliberate_mistakes_are_listed_by_name(mock):
    listed = mock.data("GET", "/_mock/faults/contract")["contract_faults"]
    assert len(listed) > 100
    assert {
        "name": "oldest-first",
        "family": "lists",
        "breaks": "Lists give the newest row first",
    } in listed


def test_a_deliberate_mistake_is_made_on_every_store(mock):
    added(mock, operation="*", effect={"contract_fault": "room-title-of-256"})
    long = {"title": "x" * 256}
    assert mock.send("POST", "/rooms", by="host", json=long).status_code == 201
    assert mock.send("POST", "/rooms", by="host", content=b"{").status_code == 415
    assert mock.send("POST", "/rooms", by="viewer", json=long).status_code == 403
    mock.data("DELETE", "/_mock/faults")
    assert mock.send("POST", "/rooms", by="host", json=long).status_code == 422


def test_a_mistake_needs_a_contract_it_fits():
    with pytest.raises(Unprocessable, match="edits a part of the contract that the one served"):
        _require_contract_fault("room-title-of-256", {"components": {"schemas": {}}})

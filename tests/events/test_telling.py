"""Which changes are told, and with which ids; asked of every store."""

from __future__ import annotations

import pytest

from mock_server import operations
from mock_server.events.telling import _TELLING


def operations_of(events):
    return [each["operation"] for each in events]


def me(mock, by="host"):
    return mock.data("GET", "/auth/me", by=by)["id"]


def test_a_session_is_told_from_its_plan_to_its_removal(mock, told):
    room, preset = mock.room(), mock.preset()
    session = mock.session(room=room, preset_id=preset)
    for step in ("start", "go_live", "end"):
        mock.data("POST", f"/sessions/{session}/{step}", by="host")
    mock.data("DELETE", f"/sessions/{session}", by="host")
    events = told()
    assert operations_of(events) == [
        "create_room", "create_preset", "create_session", "start_session", "go_live",
        "end_session", "delete_session",
    ]  # fmt: skip
    ids = [each["id"] for each in events]
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    ours = {"room_id": room, "session_id": session, "preset_id": preset}
    assert [each for each in events[2:] if not each.items() >= ours.items()] == []
    assert {each["caller_id"] for each in events} == {me(mock)}
    moves = [(each.get("was"), each.get("status")) for each in events[2:]]
    assert moves == [
        (None, "scheduled"), ("scheduled", "live"), ("live", "live"), ("live", "ended"),
        ("ended", None),
    ]  # fmt: skip


def test_an_event_carries_the_time_of_the_world(mock, told):
    mock.data("POST", "/_mock/clock", json={"set": "2030-01-01T00:00:00Z", "freeze": True})
    mock.room()
    assert told()[-1]["at"] == "2030-01-01T00:00:00.000000Z"


def test_rooms_and_presets_are_told_by_their_ids(mock, told):
    room, preset = mock.room(), mock.preset()
    mock.data("PATCH", f"/rooms/{room}", by="host", json={"title": "Another"})
    mock.data("PATCH", f"/presets/{preset}", by="host", json={"name": "Another"})
    mock.data("DELETE", f"/presets/{preset}", by="host")
    mock.data("DELETE", f"/rooms/{room}", by="host")
    events = told()
    assert [each.get("room_id") for each in events] == [room, None, room, None, None, room]
    assert [each.get("preset_id") for each in events] == [None, preset, None, preset, preset, None]


def test_an_encoder_is_told_of_when_anything_changes(mock, told):
    session = mock.session()
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    before = len(told())
    path = f"/_mock/sessions/{session}/encoder"
    for action in ("connect", "drop", "drop", "connect", "connect"):
        mock.clock.advance(seconds=20)
        mock.data("POST", path, json={"action": action})
    refused = mock.send("POST", path, json={"action": "connect", "seconds": 4})
    assert refused.status_code == 422
    events = told()[before:]
    assert operations_of(events) == [*["set_encoder"] * 3, "encoder_changed"]
    assert {each["session_id"] for each in events} == {session}
    assert {(each["was"], each["status"]) for each in events} == {("live", "live")}
    assert all("caller_id" not in each for each in events)


@pytest.mark.parametrize("step", ["start", "go_live", "ensure_hls_egress"])
def test_what_changes_nothing_is_not_told(mock, told, step):
    session = mock.session()
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    before = told()
    mock.data("POST", f"/sessions/{session}/{step}", by="host")
    mock.data("PATCH", f"/sessions/{session}/settings", by="host", json={})
    assert told() == before


def test_a_refused_request_is_not_told(mock, told):
    session = mock.session()
    before = told()
    assert mock.send("POST", f"/sessions/{session}/end", by="host").status_code == 409
    assert mock.send("POST", "/rooms", by="viewer", json={"title": "Not mine"}).status_code == 403
    assert mock.send("POST", "/rooms", by="host", json={}).status_code == 422
    assert told() == before


def test_somebody_who_joins_is_told_each_time(mock, told):
    session = mock.session()
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    for _ in range(2):
        mock.data("POST", f"/sessions/{session}/join", by="viewer")
    joined = told()[-2:]
    assert operations_of(joined) == ["join_session"] * 2
    assert {each["caller_id"] for each in joined} == {me(mock, "viewer")}
    assert {(each["was"], each["status"]) for each in joined} == {("live", "live")}


def test_signing_in_is_not_told(mock, told):
    guest = mock.data("POST", "/auth/viewer/register", json={"display_name": "Guest"})
    mock.data("POST", "/auth/viewer/device-login", json={"device_token": guest["device_token"]})
    mock.data("POST", "/auth/refresh", json={"refresh_token": guest["refresh_token"]})
    assert told() == []


def test_every_writing_operation_was_thought_of():
    writing = {name for name in operations.HANDLERS if not name.startswith(("get_", "list_"))}
    assert writing - _TELLING.keys() == {"monitor_session", "stream_health"}


def test_a_reset_is_told_and_the_ids_go_on(mock, told):
    mock.room()
    mock.data("POST", "/_mock/reset", json={"now": "2031-01-01T00:00:00Z"})
    mock.room()
    events = told()
    assert operations_of(events) == ["create_room", "reset_world", "create_room"]
    assert [each["id"] - events[0]["id"] for each in events] == [0, 1, 2]
    assert events[1]["at"] == "2031-01-01T00:00:00.000000Z"


def test_the_clock_tells_of_itself_and_then_of_what_it_did(mock, told):
    late = mock.session(scheduled_start_time="2026-03-01T14:00:00Z")
    soon = mock.session(scheduled_start_time="2026-03-01T13:00:00.5Z")
    before = len(told())
    mock.data("POST", "/_mock/clock", json={"advance": "3d", "freeze": True})
    events = told()[before:]
    assert operations_of(events) == ["set_clock", "session_expired", "session_expired"]
    assert [each.get("session_id") for each in events] == [None, soon, late]
    assert [each["at"] for each in events] == [
        "2026-03-01T12:00:00.000000Z", "2026-03-02T13:00:00.000000Z", "2026-03-02T14:00:00.000000Z",
    ]  # fmt: skip
    assert {(each["was"], each["status"]) for each in events[1:]} == {("scheduled", "expired")}
    assert told()[before:] == events


def test_what_time_did_is_told_once_to_whoever_looks(mock, told):
    session = mock.session(scheduled_start_time="2026-03-01T13:00:00Z")
    before = len(told())
    mock.clock.advance(hours=24, minutes=59, seconds=59)
    assert told()[before:] == []
    mock.clock.advance(seconds=1)
    (event,) = told()[before:]
    assert (event["operation"], event["session_id"]) == ("session_expired", session)
    assert event["at"] == "2026-03-02T13:00:00.000000Z"
    mock.clock.advance(days=30)
    assert told()[before:] == [event]


def test_a_session_that_leaves_its_expiry_tells_of_it_first(mock, told):
    moved = mock.session(scheduled_start_time="2026-03-01T13:00:00Z")
    removed = mock.session(scheduled_start_time="2026-03-01T13:00:00Z")
    room = mock.room()
    with_room = mock.session(room=room, scheduled_start_time="2026-03-01T13:00:00Z")
    before = len(told())
    mock.clock.advance(days=2)
    later = {"scheduled_start_time": "2026-03-09T13:00:00Z"}
    mock.data("PATCH", f"/sessions/{moved}/reschedule", by="host", json=later)
    mock.data("DELETE", f"/sessions/{removed}", by="host")
    mock.data("DELETE", f"/rooms/{room}", by="host")
    events = told()[before:]
    assert [(each["operation"], each.get("session_id")) for each in events] == [
        ("session_expired", moved), ("reschedule_session", moved),
        ("session_expired", removed), ("delete_session", removed),
        ("session_expired", with_room), ("delete_room", None),
    ]  # fmt: skip
    assert events[1]["was"] == "expired"
    assert events[1]["status"] == "scheduled"


def test_an_expiry_that_was_told_is_not_told_again_when_its_session_moves(mock, told):
    session = mock.session(scheduled_start_time="2026-03-01T13:00:00Z")
    mock.clock.advance(days=2)
    assert operations_of(told())[-1] == "session_expired"
    later = {"scheduled_start_time": "2026-03-09T13:00:00Z"}
    mock.data("PATCH", f"/sessions/{session}/reschedule", by="host", json=later)
    mock.clock.advance(days=30)
    assert operations_of(told())[-3:] == [
        "session_expired", "reschedule_session", "session_expired",
    ]  # fmt: skip


def test_what_had_expired_when_the_world_was_planted_is_not_told(mock_with):
    with mock_with(scenario="demo") as demo:
        demo.clock.advance(seconds=5)
        assert demo.data("GET", "/_mock/events/past")["events"] == []
        demo.data("POST", "/_mock/clock", json={"advance": "5w"})
        events = demo.data("GET", "/_mock/events/past")["events"]
        assert operations_of(events)[:2] == ["set_clock", "session_expired"]

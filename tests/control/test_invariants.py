from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from conformance.invariants import INVARIANTS
from mock_server.control.always_true import OF_RESOURCES, OF_WORLDS
from mock_server.domain.entities import Encoder, Preset, Room, Session, User
from mock_server.storage.indexes import EVERYTHING, SESSIONS

# Those that are about one request and its answer, not about a world.
OF_ANSWERS = {
    "auth.claims",
    "resource.echo",
    "resource.id",
    "session.created",
    "session.health",
    "session.ingress",
    "session.room_name",
    "times.utc",
}
# A list of the wrong members shows as wrong numbers here.
OF_LISTS = {"list.members"}


def checked(mock, query: str = ""):
    return mock.data("GET", f"/_mock/invariants?{query}")


def broken(mock):
    found = checked(mock)
    assert found["hold"] is (not any(each["broken_total"] for each in found["invariants"]))
    return {each["name"]: each["broken"] for each in found["invariants"] if each["broken_total"]}


def change(mock, kind, entity_id, **how):
    with mock.env.store.write() as tx:
        tx.put(replace(tx.get(kind, entity_id), **how))


def test_they_are_those_of_the_conformance_suite():
    ours = {each.name for each in OF_RESOURCES} | set(OF_WORLDS)
    theirs = {name.removeprefix("invariant.") for name in INVARIANTS}
    assert ours == theirs - OF_ANSWERS - OF_LISTS


def test_the_demo_world_keeps_them_whatever_the_time(demo):
    found = checked(demo)
    assert (found["hold"], found["complete"]) == (True, True)
    assert found["checked"] == {"rooms": 8, "sessions": 34, "presets": 7}
    demo.data("POST", "/_mock/clock", json={"advance": "3w"})
    assert checked(demo)["hold"]


def test_a_world_that_was_used_keeps_them(mock):
    session = mock.session()
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    mock.data("POST", f"/sessions/{session}/join", by="viewer")
    assert broken(mock) == {}
    mock.clock.advance(minutes=5)
    mock.data("POST", f"/sessions/{session}/end", by="host")
    assert broken(mock) == {}


def test_encoders_keep_theirs_whatever_was_said_of_them_and_time_did(mock):
    session = mock.session()
    say = f"/_mock/sessions/{session}/encoder"
    mock.data("POST", say, json={"action": "drop", "seconds": 5})
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    for action in ("flap", "wrong_key", "silent_audio", "connect", "flap"):
        mock.data("POST", say, json={"action": action, "after": 7})
        for _ in range(12):
            assert broken(mock) == {}
            mock.clock.advance(milliseconds=1700)
    mock.data("POST", "/_mock/clock", json={"advance": "1h"})
    assert broken(mock) == {}
    mock.data("POST", f"/sessions/{session}/end", by="host")
    assert broken(mock) == {}


def test_an_encoder_that_breaks_its_own_is_found(mock):
    session = mock.session()
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    mock.data("POST", f"/_mock/sessions/{session}/encoder", json={"action": "drop"})
    later, sooner = {"action": "drop", "after": 9.0}, {"action": "connect", "after": 3.0}
    change(mock, Encoder, session, history={"changes": [later, sooner]})
    assert "encoder.history" in broken(mock)
    flap = {"action": "flap", "after": 1.0, "every": 8, "times": 3000}
    change(mock, Encoder, session, history={"changes": [flap]})
    assert {"encoder.history", "encoder.turns"} <= broken(mock).keys()
    early = {"action": "flap", "after": 5.0, "every": -8, "times": 2}
    change(mock, Encoder, session, history={"changes": [early]})
    assert "encoder.spans" in broken(mock)


def test_a_health_that_does_not_follow_the_encoder_is_found(mock, monkeypatch):
    session = mock.session()
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    mock.data("POST", f"/_mock/sessions/{session}/encoder", json={"action": "drop"})
    monkeypatch.setattr(
        "mock_server.control.encoders_true.stream_health",
        lambda *_, **__: {"status": "ENDPOINT_PUBLISHING"},
    )
    assert broken(mock).keys() == {"encoder.health"}


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("times.ordered", {"updated_at": timedelta(days=-1)}),
        ("times.ordered", {"started_at": timedelta(days=-1)}),
        ("times.past", {"updated_at": timedelta(minutes=1)}),
        ("session.presence", {"ended_at": timedelta()}),
    ],
)
def test_a_session_with_a_wrong_time_is_found(mock, name, how):
    session = mock.session()
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    times = {field: mock.clock.now + after for field, after in how.items()}
    change(mock, Session, session, **times)
    found = broken(mock)[name][0]
    assert (found["kind"], found["id"]) == ("session", session)
    assert "must" in found["wrong"]


def test_a_second_live_session_in_a_room_is_found(mock):
    room = mock.room()
    first, second = mock.session(room=room), mock.session(room=room)
    mock.data("POST", f"/sessions/{first}/start", by="host")
    change(mock, Session, second, state="live", started_at=mock.clock.now)
    found = broken(mock)
    assert found["session.one_live"] == [
        {"kind": "room", "id": room, "wrong": "2 of its sessions are live, must be one"}
    ]
    assert found["session.room"][0]["kind"] == "session"


def test_a_session_whose_room_is_lost_is_found(mock):
    session = mock.session()
    with mock.env.store.write() as tx:
        tx.delete(Room, tx.get(Session, session).room_id)
    assert broken(mock)["session.room"][0]["id"] == session


def test_a_room_whose_host_is_lost_is_found(mock):
    room = mock.room()
    with mock.env.store.write() as tx:
        tx.delete(User, tx.get(Room, room).host_id)
    assert broken(mock)["room.host"][0]["id"] == room


def test_a_preset_with_a_wrong_time_is_found(mock):
    preset = mock.preset()
    mock.session(preset_id=preset)
    change(mock, Preset, preset, updated_at=mock.clock.now - timedelta(days=1))
    assert broken(mock)["times.ordered"][0]["kind"] == "preset"


def test_lists_and_numbers_that_disagree_are_found(demo, monkeypatch):
    reading = type(demo.env.store.read())
    count, page = reading.count, reading.page
    monkeypatch.setattr(reading, "count", lambda *at, **how: count(*at, **how) + 1)
    found = broken(demo)
    assert {"list.page", "stats.sum"} <= found.keys()
    assert {each["id"] for each in found["stats.sum"]} == {"live_now", "ended"}
    monkeypatch.setattr(reading, "count", count)
    monkeypatch.setattr(reading, "page", lambda *at, **how: page(*at, **how)[::-1])
    assert "list.order" in broken(demo)
    monkeypatch.setattr(reading, "page", lambda *at, **how: page(*at, **how) * 2)
    assert "it is listed 2 times" in broken(demo)["list.page"][0]["wrong"]


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("session.viewers", "viewer_count", -1),
        ("session.viewers", "max_viewers", -1),
        ("session.viewers", "status", "ended"),
        ("session.duration", "duration", 1),
        ("session.effective", "effective_chat_enabled", None),
        ("session.recording", "recording_enabled", None),
        ("session.room", "room_id", "another"),
        ("session.room", "status", "ended"),
        ("session.presence", "status", "scheduled"),
        ("session.preset", "preset", {"user_id": "another", "library_id": "another"}),
        ("session.expiry", "status", "expired"),
    ],
)
def test_a_field_that_contradicts_another_is_found(mock, name, field, value):
    session = mock.session()
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    mock.clock.advance(minutes=9)
    if field == "duration":
        mock.data("POST", f"/sessions/{session}/end", by="host")
    shown = mock.data("GET", f"/sessions/{session}", by="host")
    (invariant,) = [each for each in OF_RESOURCES if each.name == name]
    assert list(invariant.wrong(shown, mock.clock.now)) == []
    assert list(invariant.wrong({**shown, field: value}, mock.clock.now)) != []


def test_a_part_of_a_world_is_checked_where_one_asks_for_a_part(demo):
    found = checked(demo, "limit=5")
    assert (found["hold"], found["complete"]) == (True, False)
    assert (found["checked"]["rooms"], found["checked"]["sessions"]) == (5, 5)
    with demo.env.store.read() as tx:
        oldest = tx.page(SESSIONS, EVERYTHING, offset=33, limit=1)[0]
    change(demo, Session, oldest.id, updated_at=oldest.created_at - timedelta(days=1))
    assert checked(demo, "limit=5")["hold"]
    assert not checked(demo)["hold"]

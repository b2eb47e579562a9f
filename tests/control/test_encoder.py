from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from mock_server.domain.encoder import change_encoder, stretches
from mock_server.domain.entities import Encoder, Session
from mock_server.operations import NEEDS


def say(mock, session, action, **options):
    path = f"/_mock/sessions/{session}/encoder"
    return mock.send("POST", path, json={"action": action, **options})


def said(mock, session, action, **options):
    answer = say(mock, session, action, **options)
    assert answer.is_success, answer.text
    return answer.json()["data"]


def seen(mock, session):
    return mock.data("GET", f"/_mock/sessions/{session}/encoder")


def health(mock, session):
    return mock.data("GET", f"/sessions/{session}/stream_health", by="viewer")


def live(mock, **body):
    session = mock.session(**body)
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    mock.clock.advance(seconds=30)
    return session


def test_a_drop_of_ten_seconds_ends_by_itself_however_the_time_passes(mock):
    session = live(mock)
    dropped = said(mock, session, "drop", seconds=10)
    assert (dropped["doing"], dropped["status"]) == ("dropped", "ENDPOINT_INACTIVE")
    assert dropped["planned"] == [
        {"doing": "buffering", "at": "2026-03-01T12:00:40Z"},
        {"doing": "publishing", "at": "2026-03-01T12:00:42Z"},
    ]
    assert health(mock, session)["video"]["average_bitrate"] == 0
    mock.clock.advance(seconds=10)
    assert seen(mock, session)["status"] == health(mock, session)["status"] == "ENDPOINT_BUFFERING"
    mock.clock.advance(seconds=2)
    assert health(mock, session)["status"] == "ENDPOINT_PUBLISHING"
    assert health(mock, session)["started_at"] == "2026-03-01T12:00:42Z"
    mock.clock.advance(days=7)
    assert seen(mock, session)["doing"] == "publishing"
    assert seen(mock, session)["planned"] == []


def test_the_session_stays_live_whatever_its_encoder_does(mock):
    session = live(mock)
    before = mock.data("GET", f"/sessions/{session}")
    for action in ("drop", "wrong_key", "flap", "bitrate_collapse", "silent_audio", "connect"):
        said(mock, session, action)
        after = mock.data("GET", f"/sessions/{session}")
        assert after["status"] == "live"
        assert after["updated_at"] == before["updated_at"]
        mock.clock.advance(seconds=1)


def test_a_change_within_a_second_is_seen_at_once(mock):
    session = live(mock)
    mock.clock.advance(milliseconds=640)
    assert said(mock, session, "wrong_key")["status"] == "ENDPOINT_ERROR"
    assert seen(mock, session)["since"] == "2026-03-01T12:00:30.640000Z"
    assert health(mock, session)["status"] == "ENDPOINT_ERROR"
    said(mock, session, "connect")
    assert health(mock, session)["status"] == "ENDPOINT_PUBLISHING", "it was gone for no time"


def test_a_plan_made_before_the_broadcast_begins_with_it(mock):
    session = mock.session()
    planned = said(mock, session, "wrong_key", seconds=45)
    assert (planned["doing"], planned["planned"]) == ("nothing", [])
    assert planned["changes"] == [{"action": "wrong_key", "after": 0, "seconds": 45}]
    assert "since" not in planned
    mock.clock.advance(minutes=10)
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    found = seen(mock, session)
    assert (found["doing"], found["since"]) == ("wrong_key", "2026-03-01T12:10:00Z")
    assert found["changes"][0]["at"] == "2026-03-01T12:10:00Z"
    assert "started_at" not in health(mock, session)
    mock.clock.advance(seconds=47)
    assert health(mock, session)["started_at"] == "2026-03-01T12:10:47Z"


def test_connecting_takes_back_what_is_planned(mock):
    session = live(mock)
    said(mock, session, "drop", after=60)
    assert said(mock, session, "flap", every=8, times=2)["planned_total"] == 6
    connected = said(mock, session, "connect")
    assert (connected["doing"], connected["planned"]) == ("publishing", [])
    mock.clock.advance(minutes=5)
    assert health(mock, session)["status"] == "ENDPOINT_PUBLISHING"


def test_what_is_over_is_told_and_can_not_be_changed(mock):
    session = live(mock)
    said(mock, session, "drop")
    mock.data("POST", f"/sessions/{session}/end", by="host")
    found = seen(mock, session)
    assert (found["doing"], found["status"]) == ("nothing", "ENDPOINT_COMPLETE")
    assert len(found["changes"]) == 1
    refused = say(mock, session, "connect")
    assert refused.status_code == 409
    assert "session is `ended`, must not be" in refused.json()["error"]


def test_an_encoder_goes_with_its_session(mock):
    session = mock.session()
    said(mock, session, "drop")
    mock.data("DELETE", f"/sessions/{session}", by="host")
    for answer in (
        say(mock, session, "connect"),
        mock.send("GET", f"/_mock/sessions/{session}/encoder"),
    ):
        assert answer.status_code == 404
    room = mock.room()
    said(mock, mock.session(room=room), "drop")
    mock.data("DELETE", f"/rooms/{room}", by="host")
    with mock.env.store.read() as tx:
        assert tx.get(Encoder, session) is None


def test_too_many_changes_are_refused_and_connecting_never_is(mock):
    session = live(mock)
    for number in range(10):
        said(mock, session, "flap", every=8, times=100, after=800 * number)
    assert seen(mock, session)["changes_left"] == 0
    refused = say(mock, session, "drop", after=9_000)
    assert refused.status_code == 409
    assert "must be 1,000 at most" in refused.json()["error"]
    found = seen(mock, session)
    assert (len(found["planned"]), found["changes_total"]) == (100, 1000)
    assert found["planned_total"] > 2_000
    mock.clock.advance(seconds=1)
    assert [each["doing"] for each in said(mock, session, "connect")["planned"]] == ["publishing"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"action": "explode"},
        {"action": None},
        {"action": ["drop"]},
        {"action": "drop", "seconds": 0},
        {"action": "drop", "seconds": -3},
        {"action": "drop", "seconds": 1.5},
        {"action": "drop", "seconds": 10**30},
        {"action": "drop", "after": -1},
        {"action": "drop", "every": 20},
        {"action": "connect", "seconds": 4},
        {"action": "flap", "seconds": 4},
        {"action": "flap", "every": 7},
        {"action": "flap", "times": 101},
        {"action": "silent_audio", "times": 2},
        {"action": "drop", "loudly": True},
    ],
)
def test_what_no_encoder_does_is_refused(mock, body):
    session = mock.session()
    answer = mock.send("POST", f"/_mock/sessions/{session}/encoder", json=body)
    assert answer.status_code == 422
    assert "`" in answer.json()["error"], "it names what is wrong"
    assert seen(mock, session)["changes"] == []


def test_the_session_must_be_there(mock):
    nobody = "00000000-0000-4000-8000-000000000000"
    for method in ("GET", "POST"):
        how = {"json": {"action": "drop"}} if method == "POST" else {}
        assert mock.send(method, f"/_mock/sessions/{nobody}/encoder", **how).status_code == 404
        assert mock.send(method, "/_mock/sessions/first/encoder", **how).status_code == 400
    malformed = mock.send(
        "POST",
        f"/_mock/sessions/{nobody}/encoder",
        content=b"{",
        headers={"Content-Type": "application/json"},
    )
    assert malformed.status_code == 400


def test_two_at_once_are_both_kept(mock):
    session = live(mock)
    env = mock.env

    def change(number):
        # As the app does it: one transaction, which locks what the operation needs.
        with env.store.write(NEEDS["set_encoder"](session, {}, "")) as tx:
            found = tx.get(Encoder, session)
            change = {"action": "drop", "after": number}
            tx.put(change_encoder(tx.get(Session, session), found, mock.clock.now, change))

    if env.store.blocking:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(change, range(1, 9)))
    else:
        for number in range(1, 9):
            change(number)
    assert len(seen(mock, session)["changes"]) == 8


def test_a_copy_of_a_world_and_a_snapshot_have_the_encoder_too(mock):
    session = live(mock)
    said(mock, session, "drop")
    mock.data("POST", "/_mock/worlds", json={"name": "copied", "from": "default"})
    mock.data("POST", "/_mock/worlds/default/snapshots", json={"label": "gone"})
    try:
        said(mock, session, "connect")
        copied = mock.data(
            "GET", f"/_mock/sessions/{session}/encoder", headers={"X-Mock-World": "copied"}
        )
        assert copied["doing"] == "dropped"
        mock.data("POST", "/_mock/worlds/default/restore", json={"label": "gone"})
        assert seen(mock, session)["doing"] == "dropped"
    finally:
        mock.data("DELETE", "/_mock/worlds/copied")
        mock.data("DELETE", "/_mock/worlds/default/snapshots")


def test_a_reading_works_out_once_what_an_encoder_does(mock, monkeypatch):
    session = live(mock)
    said(mock, session, "flap", every=20, times=100)
    worked_out = []

    def counting(session, encoder):
        worked_out.append(session.id)
        return stretches(session, encoder)

    monkeypatch.setattr("mock_server.env.stretches", counting)
    for _ in range(5):
        mock.clock.advance(seconds=10)
        seen(mock, session)
        health(mock, session)
    assert len(worked_out) <= 1
    said(mock, session, "drop")
    assert health(mock, session)["status"] == seen(mock, session)["status"] == "ENDPOINT_INACTIVE"

from __future__ import annotations

import threading

import pytest

from conformance.client import find_created, note, settle
from conformance.contract import bundled
from conformance.errors import Blocked
from conformance.ledger import Ledger

ROOM = "0b6f3c1e-8a4d-4f7b-9c52-3e1d7a60b4f8"
OTHER = "d4a1e7b2-56c3-4e0f-8b9d-2f7c61a0935e"
OPERATIONS = bundled().operations


def test_an_intention_is_written_down_before_there_is_an_id() -> None:
    lines: list[dict[str, object]] = []
    ledger = Ledger("run", lines.append)
    entry = ledger.intend("room", "host", name="run x")
    assert [(e.kind, e.id) for e in ledger.entries()] == [("room", None)]
    ledger.confirm(entry, ROOM)
    ledger.strike(ledger.entries()[0])
    assert lines == [
        {"asked": 1, "kind": "room", "owner": "host", "name": "run x", "room": None},
        {"made": 1, "id": ROOM},
        {"gone": 1},
    ]


def test_what_one_rule_created_is_told_apart_and_kept_things_are_nobodys() -> None:
    ledger = Ledger("run")
    for scope, id_ in ((1, "a"), (2, "b"), (2, "kept"), (2, "c")):
        ledger.confirm(ledger.intend("room", "host", scope=scope), id_)
    ledger.keep("kept")
    assert [entry.id for entry in ledger.of(2)] == ["c", "b"]
    assert [entry.id for entry in ledger.entries()] == ["c", "kept", "b", "a"]


def test_a_room_that_is_gone_took_its_sessions_along() -> None:
    ledger = Ledger("run")
    ledger.confirm(ledger.intend("room", "host"), ROOM)
    ledger.confirm(ledger.intend("session", "host", room=ROOM), OTHER)
    ledger.gone(ROOM.upper())
    assert ledger.entries() == []


def test_no_more_of_a_kind_are_there_than_may_be() -> None:
    ledger = Ledger("run", most={"room": 1, "preset": 1}, wait=0.01)
    first = ledger.intend("room", "host")
    ledger.intend("preset", "host")
    with pytest.raises(Blocked, match="1 of a run are there"):
        ledger.intend("room", "host")
    ledger.strike(first)
    ledger.intend("room", "host")


def test_nobody_waits_again_for_what_does_not_go() -> None:
    ledger = Ledger("run", most={"room": 1}, wait=0.01)
    first = ledger.intend("room", "host")
    with pytest.raises(Blocked):
        ledger.intend("room", "host")
    ledger.wait = 3600
    with pytest.raises(Blocked):
        ledger.intend("room", "host")
    ledger.strike(first)
    ledger.intend("room", "host")


def test_a_creation_waits_until_something_goes() -> None:
    ledger = Ledger("run", most={"room": 1}, wait=10)
    first = ledger.intend("room", "host")
    second = threading.Thread(target=ledger.intend, args=("room", "host"))
    second.start()
    ledger.strike(first)
    second.join(10)
    assert [entry.number for entry in ledger.entries()] == [2]


def test_a_refusal_strikes_an_intention_and_a_lost_answer_does_not(reply) -> None:
    ledger = Ledger("run")
    settle(ledger, ledger.intend("room", "host"), reply("create_room", 422, {"success": False}))
    assert ledger.entries() == []
    settle(ledger, ledger.intend("room", "host"), reply("create_room", 500, None))
    assert [entry.id for entry in ledger.entries()] == [None]


def test_what_was_deleted_by_a_rule_is_struck() -> None:
    ledger = Ledger("run")
    ledger.confirm(ledger.intend("room", "host"), ROOM)
    note(ledger, OPERATIONS["delete_room"], f"http://h/rooms/{ROOM.upper()}?x=/", 403)
    assert len(ledger.entries()) == 1
    note(ledger, OPERATIONS["delete_room"], f"http://h/rooms/{ROOM.upper()}?x=/", 200)
    assert ledger.entries() == []


def test_a_started_session_is_known_to_be_live_until_it_is_ended() -> None:
    ledger = Ledger("run")
    ledger.confirm(ledger.intend("session", "host"), OTHER)
    for operation, live in (("start_session", True), ("end_session", False), ("go_live", True)):
        note(ledger, OPERATIONS[operation], f"http://h/sessions/{OTHER}/x", 200)
        assert [entry.live for entry in ledger.entries()] == [live]


def test_the_id_of_what_was_created_is_found_wherever_the_answer_says_it() -> None:
    assert find_created("room", {"data": {"room": {"id": ROOM}}}) == ROOM
    assert find_created("preset", {"data": {"id": ROOM}}) == ROOM
    assert find_created("viewer", {"data": {"user": {"id": ROOM}}}) == ROOM
    for body in (None, [], {"data": []}, {"data": {"room": {"id": "1"}}}):
        assert find_created("room", body) is None

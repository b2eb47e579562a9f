from __future__ import annotations

from conformance.client import find_created, settle
from conformance.ledger import Ledger, clean

ROOM = "0b6f3c1e-8a4d-4f7b-9c52-3e1d7a60b4f8"
OTHER = "d4a1e7b2-56c3-4e0f-8b9d-2f7c61a0935e"


def test_an_intention_is_written_down_before_there_is_an_id() -> None:
    ledger = Ledger("run")
    entry = ledger.intend("room", "host")
    assert [(e.kind, e.id) for e in ledger.since()] == [("room", None)]
    ledger.confirm(entry, ROOM)
    assert [e.id for e in ledger.since()] == [ROOM]


def test_things_go_in_the_reverse_order() -> None:
    ledger = Ledger("run")
    for kind, id_ in (("preset", "p"), ("room", "r"), ("session", "s")):
        ledger.confirm(ledger.intend(kind, "host"), id_)
    removed: list[str | None] = []
    left = list(clean(ledger, lambda entry: removed.append(entry.id) is None))
    assert (removed, left) == (["s", "r", "p"], [])
    assert ledger.since() == []


def test_what_will_not_go_is_reported_and_stays_in_the_book() -> None:
    ledger = Ledger("run")
    ledger.confirm(ledger.intend("room", "host"), "r")
    assert [entry.id for entry in clean(ledger, lambda _: False)] == ["r"]
    assert [entry.id for entry in ledger.since()] == ["r"]


def test_only_what_came_after_the_mark_goes_and_kept_things_stay() -> None:
    ledger = Ledger("run")
    ledger.confirm(ledger.intend("room", "host"), "before")
    mark = ledger.mark()
    ledger.confirm(ledger.intend("preset", "host"), "kept")
    ledger.keep("kept")
    ledger.confirm(ledger.intend("room", "host"), "after")
    list(clean(ledger, lambda _: True, mark=mark))
    assert [entry.id for entry in ledger.since()] == ["kept", "before"]


def test_a_mark_taken_first_still_spares_kept_things() -> None:
    ledger = Ledger("run")
    mark = ledger.mark()
    ledger.confirm(ledger.intend("preset", "host"), "kept")
    ledger.keep("kept")
    list(clean(ledger, lambda _: True, mark=mark))
    assert [entry.id for entry in ledger.since()] == ["kept"]


def test_viewers_cannot_be_removed_and_are_not_tried() -> None:
    ledger = Ledger("run")
    ledger.confirm(ledger.intend("viewer", "nobody"), "v")
    assert list(clean(ledger, lambda _: False)) == []
    assert [entry.kind for entry in ledger.since()] == ["viewer"]


def test_a_refusal_strikes_an_intention_and_a_lost_answer_does_not(reply) -> None:
    ledger = Ledger("run")
    settle(ledger, ledger.intend("room", "host"), reply("create_room", 422, {"success": False}))
    assert ledger.since() == []
    settle(ledger, ledger.intend("room", "host"), reply("create_room", 500, None))
    assert [entry.id for entry in ledger.since()] == [None]


def test_what_was_deleted_by_a_rule_is_struck() -> None:
    ledger = Ledger("run")
    ledger.confirm(ledger.intend("room", "host"), ROOM)
    ledger.gone(ROOM)
    assert ledger.since() == []


def test_created_things_are_found_wherever_they_are_told() -> None:
    assert find_created("room", {"data": {"room": {"id": ROOM}}}) == ROOM
    assert find_created("session", {"data": {"session": {"id": OTHER}}}) == OTHER
    assert find_created("preset", {"data": {"id": ROOM}}) == ROOM
    assert find_created("viewer", {"data": {"user": {"id": ROOM}}}) == ROOM
    for nothing in (None, [], {"data": None}, {"data": {"room": {"id": "x"}}}):
        assert find_created("room", nothing) is None

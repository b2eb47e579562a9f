from __future__ import annotations

from datetime import UTC, datetime

from mock_server.domain.entities import Session
from mock_server.storage.known import Known

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_count_is_forgotten_when_it_may_have_changed(make):
    known = Known()
    known.counts = {("sessions", ""): 3, ("rooms", ""): 2}
    known.put(make("s"))
    # Whether the session was there before is not known, so neither is their number.
    assert known.counts == {("rooms", ""): 2}


def test_a_count_follows_what_is_known_of_the_entity(make):
    known = Known()
    known.entities[Session, "s"] = None
    known.counts = {("sessions", ""): 3, ("sessions_by_state", "live"): 1}
    known.put(make("s", state="live"))
    assert known.counts == {("sessions", ""): 4, ("sessions_by_state", "live"): 2}
    known.delete(Session, "s")
    assert known.counts == {("sessions", ""): 3, ("sessions_by_state", "live"): 1}


def test_a_whole_group_follows_changes(make):
    known = Known()
    known.groups = {("live_session_of_room", "room"): []}
    known.put(make("t", state="live", minute=1))
    known.put(make("s", state="live"))
    group = known.groups["live_session_of_room", "room"]
    assert [entity_id for _, entity_id in group] == ["s", "t"]
    known.put(make("t", state="ended", minute=1))
    known.delete(Session, "s")
    assert group == []

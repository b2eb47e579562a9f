"""Every question and change that `storage/protocol.py` promises, asked of every store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mock_server.domain.entities import AuthCode, Participant, Preset, Room, Session
from mock_server.storage.indexes import (
    EVERYTHING,
    LIVE_SESSION_OF_ROOM,
    OPEN_SESSIONS_OF_PRESET,
    PRESETS_OF_USER,
    SESSION_BY_STREAM_KEY,
    SESSIONS,
    SESSIONS_BY_START,
    SESSIONS_BY_STATE,
    SESSIONS_OF_ROOM,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ODD = ["", "'", '"; DROP TABLE entities; --', "\0", "a\0b", "🎥", "%", "é\n", "x" * 100_000]


def put(store, *entities: object):
    with store.write() as tx:
        for entity in entities:
            tx.put(entity)


def ids(entities):
    return [entity.id for entity in entities]


def test_an_entity_comes_back_as_it_was_put(store, make):
    session = make("s", description=None, started_at=NOON.replace(microsecond=123_456), seats=7)
    put(store, session)
    with store.read() as tx:
        assert tx.get(Session, "s") == session


def test_an_unknown_id_gives_none(store, make):
    put(store, make("s"))
    with store.read() as tx:
        assert tx.get(Session, "t") is None
        assert tx.get(Room, "s") is None


def test_free_form_values_come_back_as_they_were_put(store):
    settings = {"a": [1, {"b": None}], "é": "🎥", "n": -(2**63), "f": 0.1, "t": True, "": ""}
    preset = Preset(
        id="p", user_id="u", library_id="l", name="n", type="rtmp", settings=settings,
        created_at=NOON, updated_at=NOON,
    )  # fmt: skip
    put(store, preset)
    with store.read() as tx:
        assert tx.get(Preset, "p") == preset


def test_times_of_any_offset_are_the_same_moments_afterwards(store, make):
    east = timezone(timedelta(hours=5, minutes=30))
    put(store, make("s", scheduled_start_time=NOON.astimezone(east)), make("t", minute=1))
    with store.read() as tx:
        found = tx.get(Session, "s")
        assert found is not None
        assert found.scheduled_start_time == NOON
        assert tx.count(SESSIONS_BY_START, EVERYTHING, until=NOON.astimezone(east)) == 1


def test_a_second_put_takes_the_place_of_the_first(store, make):
    put(store, make("s"))
    put(store, make("s", title="Another"))
    with store.read() as tx:
        assert tx.count(SESSIONS, EVERYTHING) == 1
        assert [each.title for each in tx.page(SESSIONS, EVERYTHING, offset=0, limit=9)] == [
            "Another"
        ]


def test_the_newest_comes_first_and_ties_go_by_id_downwards(store, make):
    put(store, make("b"), make("a", minute=1), make("c"), make("d", minute=-1))
    with store.read() as tx:
        assert ids(tx.page(SESSIONS, EVERYTHING, offset=0, limit=10)) == ["a", "c", "b", "d"]
        assert tx.first(SESSIONS, EVERYTHING) == make("a", minute=1)


def test_ids_are_ordered_by_code_point(store, make):
    names = ["a", "B", "é", "z", "😀", "\uffff", "ab", "a\0"]
    put(store, *map(make, names))
    with store.read() as tx:
        found = ids(tx.page(SESSIONS, EVERYTHING, offset=0, limit=10))
    assert found == sorted(names, reverse=True)


def test_times_a_microsecond_apart_are_apart(store, make):
    near = NOON + timedelta(microseconds=1)
    put(store, make("z"), make("a", created_at=near), make("y", created_at=NOON))
    with store.read() as tx:
        assert ids(tx.page(SESSIONS, EVERYTHING, offset=0, limit=3)) == ["a", "z", "y"]
        assert tx.count(SESSIONS, EVERYTHING, until=NOON) == 2
        assert tx.count(SESSIONS, EVERYTHING, until=near) == 3


def test_times_before_1970_and_far_away_are_in_order(store, make):
    years = [1, 1900, 1969, 1970, 2026, 9999]
    put(store, *(make(str(year), created_at=datetime(year, 1, 1, tzinfo=UTC)) for year in years))
    with store.read() as tx:
        assert ids(tx.page(SESSIONS, EVERYTHING, offset=0, limit=9)) == [
            str(year) for year in reversed(years)
        ]


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_pages_give_every_row_once_and_in_order(store, make, limit):
    put(store, *(make(f"{number:02}", minute=number // 3) for number in range(25)))
    seen = []
    with store.read() as tx:
        for offset in range(0, 25, limit):
            seen += ids(tx.page(SESSIONS, EVERYTHING, offset=offset, limit=limit))
    assert seen == [f"{number:02}" for number in reversed(range(25))]


@pytest.mark.parametrize("offset", [2, 3, 2**31, 2**63 - 1, 2**63, 10**40])
def test_a_page_past_the_end_is_empty(store, make, offset):
    put(store, make("s"), make("t"))
    with store.read() as tx:
        assert tx.page(SESSIONS, EVERYTHING, offset=offset, limit=10) == []
        assert tx.page(SESSIONS_OF_ROOM, "nobody's", offset=offset, limit=10) == []


def test_a_page_can_be_larger_than_any_group(store, make):
    put(store, make("s"), make("t"))
    with store.read() as tx:
        assert ids(tx.page(SESSIONS, EVERYTHING, offset=1, limit=10**40)) == ["s"]
        assert tx.page(SESSIONS, EVERYTHING, offset=0, limit=0) == []


def test_an_empty_group_has_no_first_and_counts_nothing(store):
    with store.read() as tx:
        assert tx.first(SESSIONS_BY_STATE, "live") is None
        assert tx.count(SESSIONS_BY_STATE, "live") == 0
        assert tx.count(SESSIONS_BY_STATE, "live", until=NOON) == 0


def test_a_change_of_state_moves_a_session_from_group_to_group(store, make):
    put(store, make("s", scheduled_start_time=NOON), make("t"))
    put(store, make("s", scheduled_start_time=NOON, state="live"))
    with store.read() as tx:
        assert ids(tx.page(SESSIONS_BY_STATE, "scheduled", offset=0, limit=9)) == ["t"]
        assert ids(tx.page(SESSIONS_BY_STATE, "live", offset=0, limit=9)) == ["s"]
        assert tx.count(SESSIONS_BY_STATE, "scheduled") == 1
        assert tx.count(SESSIONS_BY_STATE, "live") == 1
        assert tx.count(LIVE_SESSION_OF_ROOM, "room") == 1
        assert tx.count(SESSIONS_BY_START, EVERYTHING) == 0
        assert tx.count(SESSIONS, EVERYTHING) == 2


def test_a_change_of_order_moves_an_entity_inside_its_group(store, make):
    put(
        store,
        make("s", scheduled_start_time=NOON),
        make("t", scheduled_start_time=NOON + timedelta(hours=1)),
    )
    put(store, make("s", scheduled_start_time=NOON + timedelta(hours=2)))
    with store.read() as tx:
        assert ids(tx.page(SESSIONS_BY_START, EVERYTHING, offset=0, limit=9)) == ["s", "t"]
        assert tx.count(SESSIONS_BY_START, EVERYTHING, until=NOON + timedelta(hours=1)) == 1
        assert tx.count(SESSIONS_BY_START, EVERYTHING) == 2


def test_an_entity_can_leave_an_index_and_stay_readable(store):
    preset = Preset(
        id="p", user_id="u", library_id="l", name="n", type="whip", created_at=NOON, updated_at=NOON
    )
    put(store, preset)
    put(store, replace(preset, deleted_at=NOON))
    with store.read() as tx:
        assert tx.count(PRESETS_OF_USER, "u") == 0
        assert tx.get(Preset, "p") == replace(preset, deleted_at=NOON)


def test_entities_of_two_kinds_with_one_id_are_two(store, make):
    participant = Participant(id="s", session_id="s", user_id="u", created_at=NOON)
    put(store, make("s"), participant)
    with store.write() as tx:
        tx.delete(Session, "s")
    with store.read() as tx:
        assert tx.get(Session, "s") is None
        assert tx.get(Participant, "s") == participant


def test_a_kind_without_an_index_is_kept_too(store):
    code = AuthCode(id="c", user_id="u", session_id="s", expires_at=NOON, created_at=NOON)
    put(store, code)
    with store.read() as tx:
        assert tx.get(AuthCode, "c") == code


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd[:9]))
def test_odd_strings_are_ids_and_keys_like_any_other(store, make, odd):
    put(store, make("s"), make(odd, room_id=odd, preset_id=odd, stream_key=odd, title=odd))
    with store.write() as tx:
        assert ids(tx.page(SESSIONS_OF_ROOM, odd, offset=0, limit=9)) == [odd]
        tx.put(make(odd, room_id=odd, preset_id=odd, stream_key=odd, state="live"))
    with store.read() as tx:
        assert tx.get(Session, odd) == tx.first(SESSION_BY_STREAM_KEY, odd)
        assert tx.count(SESSIONS_OF_ROOM, odd) == 1
        assert tx.count(OPEN_SESSIONS_OF_PRESET, odd) == 1
        assert tx.count(SESSION_BY_STREAM_KEY, odd) == 1
        assert tx.get(Session, odd + "\0") is None


def test_half_a_surrogate_pair_is_found_nowhere(store, make):
    put(store, make("s"))
    with store.write() as tx:
        tx.delete(Session, "\ud800")
        assert tx.get(Session, "\ud800") is None
        assert tx.first(SESSIONS_OF_ROOM, "\ud800") is None
        assert tx.page(SESSIONS_OF_ROOM, "room\udfff", offset=0, limit=9) == []
        assert tx.count(SESSIONS_OF_ROOM, "\ud800") == 0
        assert tx.count(SESSIONS_OF_ROOM, "\ud800", until=NOON) == 0


def test_a_store_says_what_it_is(store):
    assert store.description
    assert store.blocking is store.description.startswith("PostgreSQL")


def test_a_store_can_be_closed_twice(store):
    store.close()
    store.close()

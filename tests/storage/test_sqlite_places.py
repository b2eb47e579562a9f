from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mock_server.storage.protocol import StorageError
from mock_server.storage.sqlite_places import END, START, entry_at, id_at, place_after, place_of

TIMES = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2026, 3, 1, 12, tzinfo=UTC),
    datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]
IDS = ["", "\0", "a", "a\0", "ab", "b", "g", "é", "\uffff", "🎥"]


def test_places_are_in_the_order_of_times_and_then_of_ids():
    entries = [(time, entity_id) for time in TIMES for entity_id in IDS]
    places = [place_of(*each) for each in entries]
    assert places == sorted(places)
    assert [entry_at(each) for each in places] == entries
    assert [id_at(each) for each in places] == [entity_id for _, entity_id in entries]
    assert all(START < each < END for each in places)


@pytest.mark.parametrize("time", TIMES)
def test_what_comes_after_a_time_is_before_the_next_microsecond(time):
    assert all(place_of(time, each) < place_after(time) < END for each in IDS)
    if time.year < 9999:
        assert place_after(time) <= place_of(time + timedelta(microseconds=1), "")


def test_a_moment_has_one_place_in_every_offset():
    east = TIMES[3].astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert place_of(east, "a") == place_of(TIMES[3], "a")


def test_a_time_without_an_offset_has_no_place():
    with pytest.raises(StorageError, match="no offset"):
        place_of(datetime(2026, 3, 1), "a")  # noqa: DTZ001

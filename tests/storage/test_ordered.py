from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.storage import ordered
from mock_server.storage.ordered import Ordered

START = datetime(2026, 3, 1, tzinfo=UTC)


def entry(minute, name):
    return (START + timedelta(minutes=minute), name)


@pytest.fixture(autouse=True, scope="module")
def _short_runs():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordered, "RUN", 4)
        yield


def grow(entries):
    first, *rest = entries
    group = Ordered([[first]], 1)
    for each in rest:
        group.add(each)
    return group


ENTRIES = st.lists(
    st.builds(entry, st.integers(0, 20), st.sampled_from("abcdef")),
    min_size=1,
    max_size=60,
    unique=True,
)


@settings(derandomize=True, database=None, deadline=None)
@given(ENTRIES, st.randoms(use_true_random=False), st.integers(0, 80), st.integers(0, 30))
def test_a_group_answers_like_a_sorted_list(entries, random, offset, limit):
    group = grow(entries)
    left = sorted(entries)
    for gone in random.sample(entries, len(entries) // 2):
        group.remove(gone)
        left.remove(gone)
    assert group.size == len(left)
    assert group.newest() == left[-1]
    assert group.page(offset, limit) == left[::-1][offset : offset + limit]
    for minute in (-1, 7, 20):
        until = START + timedelta(minutes=minute)
        assert group.count_until(until) == sum(order <= until for order, _ in left)


def test_a_group_that_only_grows_at_its_end_fills_its_runs():
    group = grow([entry(minute, "a") for minute in range(12)])
    assert [len(run) for run in group._runs] == [4, 4, 4]


def test_a_page_goes_on_from_run_to_run():
    group = grow([entry(minute, "a") for minute in range(12)])
    newest_first = [entry(minute, "a") for minute in reversed(range(12))]
    for offset in range(13):
        for limit in range(13):
            assert group.page(offset, limit) == newest_first[offset : offset + limit]


def test_no_run_is_longer_than_allowed():
    group = grow([entry(minute * 7 % 101, "a") for minute in range(101)])
    assert max(len(run) for run in group._runs) <= 4
    assert group.page(0, 101) == sorted(group.page(0, 101), reverse=True)


def test_an_emptied_run_is_dropped():
    group = grow([entry(minute, "a") for minute in range(12)])
    for minute in range(4, 8):
        group.remove(entry(minute, "a"))
    assert [len(run) for run in group._runs] == [4, 4]

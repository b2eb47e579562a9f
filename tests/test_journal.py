from __future__ import annotations

import gc

import pytest

from mock_server import journal
from mock_server.http.answer import Answer
from mock_server.journal import BODY, CUT, Journals


def scope(method: str = "GET", path: str = "/v1/webinar/rooms", **more: object):
    return {
        "scheme": "http",
        "method": method,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
        **more,
    }


def note(journals, kept, body=b"{}", answer=b"{}", **how):
    asked = scope(**how, **{BODY: body})
    journals.note(kept, asked, asked["raw_path"].decode(), Answer(200, answer), 0.0)


def ids(kept):
    return [each.id for each in kept.exchanges()]


def test_the_last_exchanges_are_kept_newest_first():
    journals = Journals(3)
    kept = journals.begin()
    for _ in range(5):
        note(journals, kept)
    assert ids(kept) == [5, 4, 3]
    assert kept.find(2) is None
    assert kept.find(4).id == 4


def test_ids_go_on_after_clearing():
    journals = Journals(3)
    kept = journals.begin()
    note(journals, kept)
    assert (kept.clear(), kept.weight) == (1, 0)
    note(journals, kept)
    assert ids(kept) == [2]


def test_bodies_are_cut_and_their_sizes_told():
    journals = Journals(3)
    kept = journals.begin()
    note(journals, kept, body=b"a" * (CUT + 1), answer=b"b" * CUT)
    found = kept.find(1)
    assert (len(found.body), found.body_size) == (CUT, CUT + 1)
    assert (len(found.answer), found.answer_size) == (CUT, CUT)


def test_a_journal_of_none_keeps_none():
    journals = Journals(0)
    kept = journals.begin()
    note(journals, kept)
    assert (ids(kept), kept.last) == ([], 0)


@pytest.mark.parametrize(
    ("method", "path", "noted"),
    [
        ("GET", "/_mock/health", False),
        ("HEAD", "/_mock/health", False),
        ("DELETE", "/_mock/exchanges", False),
        ("POST", "/_mock/clock", True),
        ("GET", "/v1/webinar/rooms", True),
    ],
)
def test_looking_at_the_control_plane_leaves_no_trace(method, path, noted):
    journals = Journals(3)
    kept = journals.begin()
    note(journals, kept, method=method, path=path)
    assert bool(ids(kept)) is noted


def test_the_fullest_journal_makes_room_for_all(monkeypatch):
    monkeypatch.setattr(journal, "MOST_BYTES", 40_000)
    journals = Journals(1000)
    quiet, busy = journals.begin(), journals.begin()
    note(journals, quiet)
    for _ in range(100):
        note(journals, busy, answer=b"c" * 2000)
        assert quiet.weight + busy.weight <= 40_000
    assert ids(quiet) == [1]
    assert ids(busy)[0] == 100


def test_weights_are_those_of_what_is_kept():
    journals = Journals(2)
    kept = journals.begin()
    for size in (10, 20, 30):
        note(journals, kept, body=b"", answer=b"d" * size)
    beside = kept.weight - 50
    kept.forget_older_half()
    assert kept.weight == beside / 2 + 30


def test_a_journal_ends_with_its_world(monkeypatch):
    monkeypatch.setattr(journal, "MOST_BYTES", 40_000)
    journals = Journals(1000)
    gone = journals.begin()
    note(journals, gone, answer=b"e" * CUT)
    del gone
    gc.collect()
    kept = journals.begin()
    for _ in range(9):
        note(journals, kept, answer=b"f" * 2000)
    assert len(ids(kept)) >= 4

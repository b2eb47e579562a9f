from __future__ import annotations

import pytest

from mock_server.http.answer import Answer
from mock_server.journal import BODY, CUT, Journals, Log


def scope(method: str = "GET", path: str = "/v1/webinar/rooms", **more: object):
    return {
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"mock")],
        **more,
    }


def note(journals, kept, body=b"{}", answer=b"{}", at=None, **how):
    asked = scope(**how, **{BODY: body})
    told = answer if isinstance(answer, Answer) else Answer(200, answer)
    # By itself, each is a second after the one before.
    began = float(kept.last) if at is None else at
    journals.note(kept, asked, asked["path"], told, began)


def ids(kept):
    return [each.id for each in kept.exchanges()]


def test_the_last_exchanges_are_kept_newest_first():
    journals = Journals(3)
    kept = journals.begin()
    for _ in range(5):
        note(journals, kept)
    assert ids(kept) == [5, 4, 3]
    assert [kept.find(number) is None for number in (0, 2, 3, 6)] == [True, True, False, True]


def test_an_exchange_is_what_was_noted():
    journals = Journals(3)
    kept = journals.begin()
    note(journals, kept, method="POST", path="/x", query_string=b"a=b")
    found = kept.find(1)
    assert (found.method, found.path, found.query) == ("POST", b"/x", b"a=b")
    assert (found.headers, found.body, found.answer) == ([(b"host", b"mock")], b"{}", b"{}")
    assert (found.status, found.operation, found.reason, found.at) == (200, None, None, 0.0)


def test_a_server_that_tells_no_raw_path_is_noted_too():
    journals = Journals(3)
    kept = journals.begin()
    note(journals, kept, raw_path=None)
    assert kept.find(1).path == b"/v1/webinar/rooms"


def test_in_a_rush_readings_that_were_answered_are_left_out():
    journals = Journals(10)
    kept = journals.begin()
    for number in range(100):
        note(journals, kept, at=100 + number / 100)
    assert (ids(kept)[0], kept.left_out) == (20, 80)
    refused = Answer(404, b"{}", reason="no room has this id")
    faulty = Answer(200, b"{}", headers=((b"x-mock-fault", b"slow"),))
    for how in ({"method": "POST"}, {"answer": refused}, {"answer": faulty}):
        note(journals, kept, at=101.0, **how)
    assert (ids(kept)[0], kept.left_out) == (23, 80)
    note(journals, kept, at=101.2)
    assert (ids(kept)[0], kept.left_out) == (24, 80), "a second later they are noted again"


def test_without_a_rush_none_is_left_out():
    journals = Journals(10)
    kept = journals.begin()
    for number in range(100):
        note(journals, kept, at=100 + number / 9)
    assert (ids(kept)[0], kept.left_out) == (100, 0)


def test_ids_go_on_after_clearing():
    journals = Journals(3)
    kept = journals.begin()
    note(journals, kept)
    assert (kept.clear(), kept.clear()) == (1, 0)
    note(journals, kept)
    assert ids(kept) == [2]
    assert kept.find(1) is None


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
    assert (ids(kept), kept.last, kept.clear()) == ([], 0, 0)


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


def test_journals_together_keep_the_newest_that_there_is_room_for():
    journals = Journals(1000, size=100_000)
    quiet, busy = journals.begin(), journals.begin()
    note(journals, quiet)
    for _ in range(40):
        note(journals, busy, answer=b"c" * 1000)
    assert (ids(quiet), len(ids(busy))) == ([1], 40)
    for _ in range(100):
        note(journals, busy, answer=b"c" * 1000)
    assert ids(quiet) == []
    assert 80 < len(ids(busy)) < 100
    assert ids(busy)[0] == 140
    assert {len(each.answer) for each in busy.exchanges()} == {1000}


def test_what_is_longer_than_the_log_is_not_noted():
    journals = Journals(10, size=10_000)
    kept = journals.begin()
    for path in ("/a", "/" + "x" * 10_000, "/b"):
        note(journals, kept, path=path)
    assert ids(kept) == [3, 1]


def test_a_place_in_the_log_is_read_until_it_is_written_over():
    log = Log(1000)
    places = [log.append(b"N") for _ in range(1000)]
    assert places == list(range(1, 1001))
    assert log.read(1000) is None, "marshal's None is nothing"
    assert not log._holds(0)
    assert log._holds(1)
    log.append(b"NNNNNNNNNN")
    assert [log._holds(place) for place in (10, 11, 1001)] == [False, True, True]


def test_bytes_that_are_being_written_over_are_nothing():
    log = Log(1000)
    place = log.append(b"no marshalled bytes")
    assert log.read(place) is None

"""A WHIP session as the other processes of a server see it: known to all, received by one."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from whip import FRAGMENT, FRAGMENT_OF_OFFER, bent, newest, on_air, publish, refused, until

from mock_server.media import publications


@pytest.fixture
def pair(mock_with, answered, tmp_path, monkeypatch):
    """Two processes with one store, as far as the store can tell."""
    monkeypatch.setattr(publications, "LOOK_SECONDS", 0.01)
    how = {"scenario": "empty", "store": f"sqlite:///{tmp_path / 'world.db'}"}
    with ExitStack() as open_:
        both = [open_.enter_context(mock_with(**how)) for _ in range(2)]
        yield both
        for each in both:
            each.loop.run_until_complete(each.env.common.publications.close())
            until(each, lambda each=each: len(each.env.common.publishers) == 0)


def send(mock, where):
    """Let media arrive, and be heard of; returns who sends it."""
    held = mock.env.common.publications.find(where.rpartition("/")[2])
    before = newest(mock)
    held.arrived.set()
    until(mock, lambda: newest(mock) > before)
    return held


def told(mock):
    found = mock.env.store.events(0, 1000).events
    return [each.operation for each in found if each.operation.startswith("publisher_")]


def doing(mock, session):
    return mock.data("GET", f"/_mock/sessions/{session}/encoder")["doing"]


def test_it_can_be_left_by_any_process_and_is_over_at_once(pair, answered):
    here, there = pair
    path, session = on_air(here)
    where = publish(here, path).headers["location"]
    send(here, where)
    assert there.send("DELETE", where).status_code == 200
    assert doing(there, session) == doing(here, session) == "dropped"
    for each in (there, here):
        assert "no WHIP session has the id" in refused(each.send("DELETE", where), 404)
    until(here, lambda: len(answered) == 1)
    assert len(here.env.common.publications) == 0
    assert told(here) == ["publisher_connected", "publisher_left"]


def test_of_two_processes_that_are_asked_to_end_it_one_does(pair):
    here, there = pair
    where = publish(here, on_air(here)[0]).headers["location"]
    said = [each.send("DELETE", where).status_code for each in (there, here)]
    assert said == [200, 404]


def test_who_hung_up_elsewhere_may_come_back_at_once(pair, monkeypatch):
    monkeypatch.setattr(publications, "LOOK_SECONDS", 60)
    here, there = pair
    path, _ = on_air(here)
    where = publish(here, path).headers["location"]
    assert there.send("DELETE", where).status_code == 200
    assert publish(here, path).status_code == 201


def test_its_tag_and_candidates_are_checked_by_any_process(pair):
    here, there = pair
    posted = publish(here, on_air(here)[0])
    where, etag = posted.headers["location"], posted.headers["etag"]

    def patched(fragment=FRAGMENT_OF_OFFER, **headers):
        return there.send("PATCH", where, content=fragment.encode(), headers=FRAGMENT | headers)

    assert patched(**{"If-Match": etag}).status_code == 204
    refused(patched(), 428)
    refused(patched(**{"If-Match": '"another"'}), 412)
    other = bent("a=ice-ufrag:EsAw", "a=ice-ufrag:Othr", FRAGMENT_OF_OFFER)
    refused(patched(other, **{"If-Match": etag}), 422)
    assert there.send("GET", where).status_code == 204


def test_a_publisher_in_another_process_takes_the_place_of_the_first(pair):
    here, there = pair
    path, session = on_air(here)
    first = publish(here, path).headers["location"]
    send(here, first)
    second = publish(there, path).headers["location"]
    assert doing(here, session) == "dropped"
    send(there, second)
    until(here, lambda: len(here.env.common.publications) == 0)
    until(here, lambda: len(here.env.common.publishers) == 0)
    assert doing(here, session) in {"buffering", "publishing"}
    assert told(here) == ["publisher_connected", "publisher_left", "publisher_connected"]
    refused(here.send("DELETE", first), 404)
    assert here.send("DELETE", second).status_code == 200


def test_one_whose_process_died_can_be_left_and_followed(pair, monkeypatch):
    monkeypatch.setattr(publications, "LOOK_SECONDS", 60)
    here, there = pair
    path, session = on_air(here)
    where = publish(here, path).headers["location"]
    send(here, where)
    assert there.send("DELETE", where).status_code == 200
    assert doing(there, session) == "dropped"
    assert publish(there, path).status_code == 201


def test_the_end_of_its_session_is_told_by_any_process(pair):
    here, there = pair
    path, session = on_air(here)
    where = publish(here, path).headers["location"]
    there.data("POST", f"/sessions/{session}/end", by="host")
    assert "has ended with session" in refused(there.send("DELETE", where), 404)
    until(here, lambda: len(here.env.common.publications) == 0)

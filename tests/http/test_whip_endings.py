"""When a publisher is let go: the session's end, the world's, silence, and no more room."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from whip import live, publish, refused, until

from mock_server.domain.entities import Session
from mock_server.media import publications
from mock_server.storage.indexes import SESSION_BY_STREAM_KEY

pytestmark = pytest.mark.usefixtures("ended")


def test_the_end_of_a_session_ends_what_is_published_to_it(mock, answered, monkeypatch):
    monkeypatch.setattr(publications, "LOOK_SECONDS", 0.01)
    path, made = live(mock)
    where = publish(mock, path).headers["location"]
    mock.data("POST", f"/sessions/{made}/end", by="host")
    assert "has ended with session" in refused(mock.send("DELETE", where), 404)
    path, made = live(mock)
    publish(mock, path)
    mock.data("POST", f"/sessions/{made}/end", by="host")
    assert until(mock, lambda: len(answered) == 2)
    assert len(mock.env.common.publications) == 0


def test_the_end_of_a_world_ends_what_is_published_to_it(mock, answered, monkeypatch):
    monkeypatch.setattr(publications, "LOOK_SECONDS", 0.01)
    path, _ = live(mock)
    publish(mock, path)
    with mock.env.store.write() as tx:
        session = tx.first(SESSION_BY_STREAM_KEY, path.removeprefix("/whip/"))
        tx.delete(Session, session.id)
    assert until(mock, lambda: len(mock.env.common.publications) == 0)


def test_who_sends_nothing_is_let_go(mock, answered, monkeypatch):
    monkeypatch.setattr(publications, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(publications, "IDLE_SECONDS", 0.05)
    publish(mock, live(mock)[0])
    assert until(mock, lambda: len(mock.env.common.publications) == 0)


def test_a_process_receives_so_many_and_asks_the_next_to_wait(mock_with, answered):
    with mock_with(scenario="empty", publishers=2) as mock:
        paths = [live(mock)[0] for _ in range(3)]
        posted = [publish(mock, path) for path in paths]
        assert [each.status_code for each in posted] == [201, 201, 503]
        assert posted[2].headers["retry-after"] == "5"
        assert "2 publishers are received here" in refused(posted[2], 503)
        mock.send("DELETE", posted[0].headers["location"])
        assert publish(mock, paths[2]).status_code == 201
        mock.loop.run_until_complete(mock.env.common.publications.close())
        assert len(mock.env.common.publications) == 0
        refused(publish(mock, paths[0]), 503)

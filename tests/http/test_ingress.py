"""A publisher's coming and going, as a viewer and a back end see it; asked of every store."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from whip import OFFER, SDP, newest, until

from mock_server.domain.encoder import MOST_CHANGES
from mock_server.domain.entities import Encoder, Session
from mock_server.media import publications
from mock_server.storage.protocol import StorageError

pytestmark = pytest.mark.usefixtures("answered", "ended")


class Publisher:
    """One whose connection is none: its media arrives, and it is lost, when a test says so."""

    def __init__(self, mock, session) -> None:
        self.mock, self.session = mock, session
        with mock.env.store.read() as tx:
            key = tx.get(Session, session).stream_key
        answer = mock.send("POST", f"/whip/{key}", content=OFFER.encode(), headers=SDP)
        assert answer.status_code == 201, answer.text
        self.where = answer.headers["location"]
        self.held = mock.env.common.publications.find(self.where.rpartition("/")[2])

    def send(self):
        """Let media arrive, and be heard of."""
        before = newest(self.mock)
        self.held.peer._started_at = self.mock.clock.now
        self.held.arrived.set()
        until(self.mock, lambda: newest(self.mock) > before)
        return self

    def leave(self):
        assert self.mock.send("DELETE", self.where).status_code == 200

    def get_lost(self):
        self.held.ended.set()
        self.gone()

    def gone(self):
        until(self.mock, lambda: not self.mock.env.common.publications.find(self.held.id))
        until(self.mock, lambda: len(self.mock.env.common.publishers) == 0)


@pytest.fixture
def events(mock):
    """What was told of publishers and encoders since the test began."""
    begun = newest(mock)

    def told():
        found = mock.env.store.events(begun, 1000).events
        return [each for each in found if each.operation in {"set_encoder", *FOLLOWED}]

    return told


FOLLOWED = ("publisher_connected", "publisher_left")


def words(events):
    return [each.operation for each in events()]


def live(mock):
    session = mock.session()
    go_live(mock, session)
    mock.clock.advance(seconds=30)
    return session


def go_live(mock, session):
    mock.data("POST", f"/sessions/{session}/go_live", by="host")


def seen(mock, session):
    return mock.data("GET", f"/_mock/sessions/{session}/encoder")


def say(mock, session, action, **options):
    path = f"/_mock/sessions/{session}/encoder"
    return mock.data("POST", path, json={"action": action, **options})


def health(mock, session):
    return mock.data("GET", f"/sessions/{session}/stream_health", by="viewer")["status"]


def playlist(mock, session):
    return mock.send("GET", f"/hls/{session}/360p/index.m3u8").text


def test_a_stream_stalls_when_its_publisher_leaves_and_goes_on_after_a_seam(mock):
    session = live(mock)
    publisher = Publisher(mock, session).send()
    mock.clock.advance(seconds=20)
    publisher.leave()
    assert health(mock, session) == "ENDPOINT_INACTIVE"
    mock.clock.advance(seconds=10)
    stalled = playlist(mock, session)
    mock.clock.advance(seconds=60)
    assert playlist(mock, session) == stalled
    Publisher(mock, session).send()
    mock.clock.advance(seconds=10)
    after = playlist(mock, session)
    assert stalled.count("#EXT-X-DISCONTINUITY\n") == 0
    assert after.count("#EXT-X-DISCONTINUITY\n") == 1
    assert "#EXT-X-ENDLIST" not in after
    assert mock.data("GET", f"/sessions/{session}")["status"] == "live"
    changes = seen(mock, session)["changes"]
    assert [(each["action"], each["after"]) for each in changes] == [("drop", 50), ("connect", 120)]


@pytest.mark.parametrize("how", ["leave", "get_lost"])
def test_coming_and_going_are_told_once_each(mock, events, how):
    session = live(mock)
    publisher = Publisher(mock, session).send()
    assert "publisher" in seen(mock, session)
    mock.clock.advance(seconds=20)
    getattr(publisher, how)()
    assert "publisher" not in seen(mock, session)
    assert seen(mock, session)["doing"] == "dropped"
    told = events()
    assert [each.operation for each in told] == list(FOLLOWED)
    assert {(each.session_id, each.caller_id, each.status) for each in told} == {
        (session, None, "live")
    }
    assert told[1].at == mock.clock.now


def test_who_sends_nothing_any_more_is_dropped_when_let_go(mock, events, monkeypatch):
    monkeypatch.setattr(publications, "LOOK_SECONDS", 0.01)
    session = live(mock)
    publisher = Publisher(mock, session).send()
    monkeypatch.setattr(publications, "IDLE_SECONDS", 0.0)
    publisher.gone()
    assert words(events) == list(FOLLOWED)
    assert seen(mock, session)["doing"] == "dropped"


def test_who_never_sends_anything_changes_nothing(mock, events):
    session = live(mock)
    Publisher(mock, session).leave()
    Publisher(mock, session).get_lost()
    assert events() == []
    assert (seen(mock, session)["doing"], seen(mock, session)["changes"]) == ("publishing", [])


def test_a_publisher_connects_what_was_said_to_be_gone(mock):
    session = live(mock)
    for action in ("drop", "wrong_key", "flap", "bitrate_collapse"):
        say(mock, session, action)
        mock.clock.advance(seconds=1)
        publisher = Publisher(mock, session).send()
        assert seen(mock, session)["doing"] in {"buffering", "publishing"}
        mock.clock.advance(seconds=5)
        assert (seen(mock, session)["doing"], seen(mock, session)["planned"]) == ("publishing", [])
        publisher.leave()
        mock.clock.advance(hours=1)
        assert seen(mock, session)["doing"] == "dropped"


def test_what_is_planned_stays_where_a_publisher_meets_a_stream_that_is_well(mock):
    session = live(mock)
    say(mock, session, "drop", after=60, seconds=5)
    Publisher(mock, session).send()
    assert seen(mock, session)["planned"][0]["doing"] == "dropped"


def test_a_drop_that_would_end_by_itself_does_not_without_its_publisher(mock):
    session = live(mock)
    publisher = Publisher(mock, session).send()
    say(mock, session, "drop", seconds=10)
    mock.clock.advance(seconds=2)
    publisher.leave()
    mock.clock.advance(minutes=5)
    assert seen(mock, session)["doing"] == "dropped"


def test_a_broadcast_begins_with_who_is_there_already(mock):
    session = mock.session()
    say(mock, session, "wrong_key")
    Publisher(mock, session).send()
    mock.clock.advance(seconds=40)
    go_live(mock, session)
    assert seen(mock, session)["doing"] == "publishing"


def test_a_broadcast_begins_without_who_has_left_before_it_and_with_who_never_came(mock, events):
    left, never = mock.session(), mock.session()
    Publisher(mock, left).send().leave()
    Publisher(mock, never).leave()
    for session in (left, never):
        go_live(mock, session)
    mock.clock.advance(seconds=30)
    assert (seen(mock, left)["doing"], seen(mock, never)["doing"]) == ("dropped", "publishing")
    assert words(events) == list(FOLLOWED)
    Publisher(mock, left).send()
    mock.clock.advance(seconds=2)
    assert seen(mock, left)["doing"] == "publishing"


def test_who_comes_back_before_the_broadcast_leaves_no_trace(mock):
    session = mock.session()
    Publisher(mock, session).send().leave()
    Publisher(mock, session).send()
    assert seen(mock, session)["changes"] == []


def test_a_session_that_has_ended_is_told_nothing_of(mock, events):
    session = live(mock)
    publisher = Publisher(mock, session).send()
    mock.data("POST", f"/sessions/{session}/end", by="host")
    publisher.get_lost()
    assert words(events) == ["publisher_connected"]
    assert seen(mock, session)["changes"] == []
    assert "publisher" not in seen(mock, session)


def test_a_session_that_is_gone_is_told_nothing_of(mock, events):
    session = mock.session()
    publisher = Publisher(mock, session).send()
    mock.data("DELETE", f"/sessions/{session}", by="host")
    publisher.get_lost()
    assert words(events) == ["publisher_connected"]
    with mock.env.store.read() as tx:
        assert tx.get(Encoder, session) is None


def test_a_world_that_is_gone_is_not_made_anew_for_who_leaves_it(mock):
    headers = {"X-Mock-World": "left-behind"}
    mock.data("POST", "/_mock/worlds", json={"name": "left-behind", "from": "default"})
    made = mock.data("POST", "/rooms", by="host", json={"title": "A room"}, headers=headers)
    preset = mock.data("GET", "/presets", by="host", headers=headers)["presets"][0]["id"]
    session = mock.data(
        "POST",
        f"/rooms/{made['room']['id']}/sessions",
        by="host",
        json={"title": "A show", "preset_id": preset},
        headers=headers,
    )["session"]["id"]
    opened = mock.data("POST", f"/sessions/{session}/go_live", by="host", headers=headers)
    path = opened["whip_url"].removeprefix("http://mock:4010")
    where = mock.send("POST", path, content=OFFER.encode(), headers=SDP).headers["location"]
    held = mock.env.common.publications.find(where.rpartition("/")[2])
    held.arrived.set()
    mock.data("DELETE", "/_mock/worlds/left-behind")
    mock.loop.run_until_complete(mock.env.common.publications.end(held))
    assert "left-behind" not in mock.env.store.worlds()


def test_one_that_flaps_for_ever_is_not_followed_for_ever(mock, events):
    session = live(mock)
    for number in range(10):
        say(mock, session, "flap", every=8, times=100, after=10_000 + 800 * number)
    for _ in range(2):
        publisher = Publisher(mock, session).send()
        mock.clock.advance(seconds=1)
        publisher.leave()
        found = seen(mock, session)
        assert (found["doing"], found["changes_left"]) == ("publishing", 0)
        assert found["changes_total"] == MOST_CHANGES
    assert words(events)[10:] == [*FOLLOWED, *FOLLOWED]


def test_a_store_that_is_away_costs_no_publisher_anything(mock, events, monkeypatch):
    session = live(mock)
    publisher = Publisher(mock, session)

    def away(_, needs=None):
        raise StorageError("the database is away")

    with monkeypatch.context() as context:
        context.setattr(type(mock.env.store), "write", away)
        publisher.held.arrived.set()
        publisher.get_lost()
    assert events() == []
    assert seen(mock, session)["doing"] == "publishing"
    Publisher(mock, session).send().leave()
    assert seen(mock, session)["doing"] == "dropped"


def test_a_server_that_stops_drops_who_publishes(mock_with, answered):
    with mock_with(scenario="empty") as mock:
        session = live(mock)
        Publisher(mock, session).send()
        mock.clock.advance(seconds=1)
        mock.loop.run_until_complete(mock.env.common.publications.close())
        assert seen(mock, session)["doing"] == "dropped"


def test_webhooks_tell_what_it_did_to_the_ingress(mock_with, answered):
    def named(found):
        return [(each.operation, [json.loads(x)["event"] for x in each.notices]) for each in found]

    with mock_with(scenario="empty", webhooks=("http://127.0.0.1:9/livekit",)) as mock:
        session = live(mock)
        begun = newest(mock)
        for _ in range(2):
            publisher = Publisher(mock, session).send()
            mock.clock.advance(seconds=5)
            publisher.leave()
            mock.clock.advance(seconds=5)
        assert named(mock.env.store.events(begun, 10).events) == [
            ("publisher_connected", []),
            ("publisher_left", ["ingress_ended"]),
            ("publisher_connected", ["ingress_started"]),
            # It has buffered by now.
            ("encoder_changed", []),
            ("publisher_left", ["ingress_ended"]),
        ]
        early = mock.session()
        begun = newest(mock)
        Publisher(mock, early).send().leave()
        assert named(mock.env.store.events(begun, 10).events) == [(each, []) for each in FOLLOWED]


def test_a_publishers_going_is_heard_of_after_its_coming_however_quickly_it_goes(mock, events):
    session = live(mock)
    publisher = Publisher(mock, session)
    publisher.held.arrived.set()
    publisher.leave()
    assert words(events) == list(FOLLOWED)
    assert seen(mock, session)["doing"] == "dropped"
    Publisher(mock, session).send()
    assert seen(mock, session)["doing"] in {"buffering", "publishing"}

from __future__ import annotations

import httpx
import pytest

from mock_server.client import EventsLost, Mock, Refused, Unreachable


@pytest.fixture
def world(greenroom_world):
    return greenroom_world.reset(scenario="empty", now="2030-01-01T09:00:00Z", freeze=True)


def room(world, title="Launch"):
    made = world.api.as_("host").post("/rooms", json={"title": title}).json()["data"]
    return made["room"]["id"]


def test_what_is_done_while_somebody_listens_is_told(world):
    with world.events() as events:
        first, second = room(world), room(world)
        told = [next(events), next(events)]
    assert [each.room_id for each in told] == [first, second]
    assert told[0].operation == "create_room"
    assert told[0].at.isoformat() == "2030-01-01T09:00:00+00:00"
    assert told[0].caller_id == world.personas["host"].user_id
    assert (told[0].session_id, told[0].status) == (None, None)


def test_one_goes_on_after_what_one_has_seen(world):
    rooms = [room(world) for _ in range(3)]
    before = [each for each in world.past_events() if each.operation == "create_room"]
    assert [each.room_id for each in before] == rooms
    for after in (before[0].id, before[0].place):
        with world.events(after=after) as events:
            assert [next(events), next(events)] == before[1:]
    assert world.past_events(after=before[1].id) == (before[2],)
    assert world.past_events(after=before[0].id, limit=1) == (before[1],)


def test_a_stream_ends_after_a_silence(world):
    room(world)
    events = world.events(after=0, timeout=0.2)
    assert [each.operation for each in events][-1] == "create_room"
    assert list(events) == []


def test_a_place_in_another_feed_is_told(world):
    room(world)
    with (
        world.events(after="deadbeef-1") as events,
        pytest.raises(EventsLost, match="listen again"),
    ):
        next(events)


def test_a_place_that_is_none_is_refused(world):
    with pytest.raises(Refused, match="stream_events was refused with 400"):
        world.events(after="yesterday")


def streaming(text, error=None):
    def body():
        yield text.encode()
        if error is not None:
            raise error

    answer = httpx.Response(200, content=body())
    return Mock("http://mock:1", transport=httpx.MockTransport(lambda _: answer)).world("w")


def test_a_gap_says_from_where_to_listen():
    gap = 'id: f-40\nevent: gap\ndata: {"reason":"backlog","first":13,"last":40}\n\n'
    events = streaming(f"retry: 1000\n\n:\n\n{gap}").events()
    with pytest.raises(EventsLost, match=r"13 to 40 are no longer kept, .*`after=40`"):
        next(events)


def test_a_mock_that_ends_ends_the_stream():
    assert list(streaming("retry: 1000\n\n:\n\n").events()) == []
    broken = streaming("retry: 1000\n\n", httpx.RemoteProtocolError("cut")).events()
    with pytest.raises(Unreachable, match="ended while it was listened to: cut"):
        next(broken)


def test_only_signs_of_life_are_a_silence():
    events = streaming("retry: 1000\n\n" + ":\n\n" * 10).events(timeout=0)
    assert list(events) == []

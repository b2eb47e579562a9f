"""The stream of a world's events, as a client sees it; asked of every store."""

from __future__ import annotations

import pytest

from mock_server.control import events as control
from mock_server.domain.events import BACKLOG, Event
from mock_server.events import stream


def newest(mock, **how):
    page = mock.data("GET", "/_mock/events/past?limit=1", **how)
    return page["feed"], page["newest"]


def rooms(mock, count, **how):
    return [
        mock.data("POST", "/rooms", by="host", json={"title": f"Room {number}"}, **how)["room"][
            "id"
        ]
        for number in range(count)
    ]


def tell(mock, count):
    """Write events without the requests that would make them."""
    with mock.env.store.write() as tx:
        for _ in range(count):
            tx.emit(Event("update_room", mock.clock.now))


def test_a_change_comes_as_it_is_made(mock, listen):
    listener = listen(mock).opened()
    made = rooms(mock, 3)
    told = listener.read(3)
    assert [name for name, _ in told] == ["change"] * 3
    assert [data["room_id"] for _, data in told] == made
    assert listener.status == 200
    assert listener.headers["content-type"].startswith("text/event-stream")
    assert listener.headers["cache-control"] == "no-store"


def test_nothing_from_before_comes_unless_it_is_asked_for(mock, listen):
    rooms(mock, 2)
    listener = listen(mock).opened()
    (made,) = rooms(mock, 1)
    assert listener.read(1)[0][1]["room_id"] == made


def test_a_client_that_comes_back_gets_what_it_missed_and_nothing_twice(mock, listen):
    first = listen(mock).opened()
    made = rooms(mock, 2)
    first.read(2)
    seen = first.messages[-1]["id"]
    first.leave()
    made += rooms(mock, 3)
    second = listen(mock, Last_Event_ID=seen)
    made += rooms(mock, 1)
    told = [data["room_id"] for _, data in (*first.told, *second.read(4))]
    assert told == made


def test_who_leaves_before_the_first_event_comes_back_to_it(mock, listen):
    first = listen(mock).opened()
    place = first.messages[0]["id"]
    first.leave()
    made = rooms(mock, 2)
    told = listen(mock, Last_Event_ID=place).read(2)
    assert [data["room_id"] for _, data in told] == made


def test_the_header_goes_before_the_query(mock, listen):
    feed_name, at = newest(mock)
    rooms(mock, 3)
    listener = listen(mock, f"?after={at}", Last_Event_ID=f"{feed_name}-{at + 2}")
    assert [data["id"] for _, data in listener.read(1)] == [at + 3]


def test_a_number_alone_is_a_place(mock, listen):
    _, at = newest(mock)
    rooms(mock, 2)
    assert [data["id"] for _, data in listen(mock, f"?after={at}").read(2)] == [at + 1, at + 2]


@pytest.mark.parametrize("place", ["x", "-1", "1.5", "5f0c2a91-", "5F0C2A91-1", "9" * 19, "é"])
def test_what_is_no_place_is_refused(mock, place):
    answer = mock.send("GET", "/_mock/events", params={"after": place})
    assert answer.status_code == 400
    headers = [(b"Last-Event-ID", place.encode())]
    with_header = mock.send("GET", "/_mock/events", headers=headers)
    assert with_header.status_code == 400
    assert "Last-Event-ID" in with_header.json()["error"]


def test_what_the_backlog_lost_is_told_as_a_gap(mock, listen):
    rooms(mock, 1)
    feed_name, at = newest(mock)
    tell(mock, BACKLOG + 5)
    listener = listen(mock, Last_Event_ID=f"{feed_name}-{at}")
    told = listener.read(BACKLOG + 1)
    assert told[0] == ("gap", {"reason": "backlog", "first": at + 1, "last": at + 5})
    assert [data["id"] for _, data in told[1:]] == list(range(at + 6, at + 6 + BACKLOG))
    gap = next(each for each in listener.messages if each.get("event") == "gap")
    assert gap["id"] == f"{feed_name}-{at + 5}"


def test_a_place_in_another_feed_is_a_gap_and_all_of_this_one(mock, listen):
    rooms(mock, 2)
    feed_name, at = newest(mock)
    other = "00000000" if feed_name != "00000000" else "11111111"
    told = listen(mock, Last_Event_ID=f"{other}-{at}").read(3)
    assert told[0] == ("gap", {"reason": "another_feed"})
    first = next(data["id"] for name, data in told if name == "change")
    assert first == mock.data("GET", "/_mock/events/past?limit=1")["oldest"]


def test_an_id_that_was_not_given_yet_is_of_another_feed(mock, listen):
    rooms(mock, 1)
    _, at = newest(mock)
    assert listen(mock, f"?after={at + 1}").read(1)[0] == ("gap", {"reason": "another_feed"})


def test_a_slow_client_has_missed_nothing_while_the_backlog_has_it(mock, listen):
    listener = listen(mock).opened()
    _, at = newest(mock)
    listener.takes.clear()
    for _ in range(8):
        tell(mock, 500)
        rooms(mock, 1)
    listener.takes.set()
    ids = [data["id"] for _, data in listener.read(8 * 501)]
    assert ids == list(range(at + 1, at + 1 + 8 * 501))


def test_a_client_that_is_too_slow_is_told_what_it_missed(mock, listen):
    listener = listen(mock).opened()
    _, at = newest(mock)
    rooms(mock, 1)
    listener.read(1)
    listener.takes.clear()
    rooms(mock, 1)
    tell(mock, BACKLOG)
    rooms(mock, 1)
    listener.takes.set()
    told = listener.read(BACKLOG + 2)
    assert [name for name, _ in told].count("gap") == 1
    ids, missing = [], set()
    for name, data in told:
        if name == "gap":
            missing |= set(range(data["first"], data["last"] + 1))
        else:
            ids.append(data["id"])
    assert sorted({*ids, *missing}) == list(range(at + 1, ids[-1] + 1))
    assert ids == sorted(ids)
    assert not missing & set(ids)


def test_silence_is_broken_by_a_comment(mock, listen, monkeypatch):
    monkeypatch.setattr(stream, "HEARTBEAT", 0.01)
    listener = listen(mock).opened()
    listener.until(lambda: listener.text.count("\n:\n\n") >= 3)
    assert listener.told == []


def test_each_world_has_a_stream_of_its_own(mock, listen):
    by_path = listen(mock, "/_mock/worlds/path/_mock/events").opened()
    by_header = listen(mock, X_Mock_World="header").opened()
    by_cookie = listen(mock, Cookie="mock_world=cookie").opened()
    default = listen(mock).opened()
    made = {}
    for world in ("default", "path", "header", "cookie"):
        (made[world],) = rooms(mock, 1, headers={"X-Mock-World": world})
    for world, listener in (
        ("default", default), ("path", by_path), ("header", by_header), ("cookie", by_cookie)
    ):  # fmt: skip
        assert [data["room_id"] for _, data in listener.read(1)] == [made[world]]
    for listener in (by_path, by_header, by_cookie):
        listener.leave()
    for world in ("path", "header", "cookie"):
        mock.data("DELETE", f"/_mock/worlds/{world}")


def test_a_world_that_is_put_back_is_another_feed(mock, listen):
    rooms(mock, 1)
    mock.data("POST", "/_mock/worlds/default/snapshots", json={"label": "kept"})
    listener = listen(mock).opened()
    rooms(mock, 1)
    listener.read(1)
    mock.data("POST", "/_mock/worlds/default/restore", json={"label": "kept"})
    (made,) = rooms(mock, 1)
    told = listener.read(3)
    assert told[1] == ("gap", {"reason": "another_feed"})
    assert (told[2][1]["id"], told[2][1]["room_id"]) == (1, made)
    mock.data("DELETE", "/_mock/worlds/default/snapshots")


def test_a_deleted_world_ends_its_feed_and_not_its_stream(mock, listen):
    here = {"headers": {"X-Mock-World": "short"}}
    listener = listen(mock, X_Mock_World="short").opened()
    rooms(mock, 1, **here)
    listener.read(1)
    mock.data("DELETE", "/_mock/worlds/short")
    (made,) = rooms(mock, 1, **here)
    told = listener.read(3)
    assert told[1][0] == "gap"
    assert told[2][1]["room_id"] == made
    listener.leave()
    mock.data("DELETE", "/_mock/worlds/short")


def test_a_copy_begins_a_feed_of_its_own(mock, listen):
    rooms(mock, 2)
    mock.data("POST", "/_mock/worlds", json={"name": "copy", "from": "default"})
    page = mock.data("GET", "/_mock/worlds/copy/_mock/events/past")
    assert (page["newest"], page["events"]) == (0, [])
    assert page["feed"] != newest(mock)[0] or page["feed"] == ""
    mock.data("DELETE", "/_mock/worlds/copy")


def test_what_time_does_comes_without_a_request(mock, listen):
    session = mock.session(scheduled_start_time="2026-03-01T13:00:00Z")
    listener = listen(mock).opened()
    mock.clock.advance(hours=26)
    (told,) = listener.read(1)
    assert (told[1]["operation"], told[1]["session_id"]) == ("session_expired", session)


def test_more_than_can_be_told_at_once_is_told_in_order(mock, listen, monkeypatch):
    monkeypatch.setattr("mock_server.events.settling.AT_A_TIME", 2)
    starts = [f"2026-03-01T13:00:0{n}Z" for n in (0, 1, 1, 1, 2, 3)]
    sessions = [mock.session(scheduled_start_time=start) for start in starts]
    listener = listen(mock).opened()
    mock.data("POST", "/_mock/clock", json={"advance": "1w"})
    told = [data for _, data in listener.read(7)]
    assert told[0]["operation"] == "set_clock"
    assert [each["at"] for each in told[1:]] == sorted(each["at"] for each in told[1:])
    assert sorted(each["session_id"] for each in told[1:]) == sorted(sessions)


def test_head_has_the_headers_and_ends(mock, listen):
    listener = listen(mock, method="HEAD")
    listener.until(lambda: listener.complete)
    assert (listener.status, listener.text) == (200, "")
    assert listener.headers["content-type"].startswith("text/event-stream")
    assert mock.env.common.feeds.listeners == 0


def test_nothing_remains_of_those_who_left(mock, listen):
    feeds = mock.env.common.feeds
    listeners = [listen(mock).opened() for _ in range(20)]
    assert feeds.listeners == 20
    for listener in listeners:
        listener.leave()
    listeners[0].until(lambda: feeds._watching is None)
    assert (feeds.listeners, feeds._feeds, feeds._settled_at) == (0, {}, {})


def test_one_listener_too_many_is_refused_with_what_to_do(mock, listen, monkeypatch):
    monkeypatch.setattr(control, "MOST_LISTENERS", 2)
    for _ in range(2):
        listen(mock).opened()
    refused = mock.send("GET", "/_mock/events")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "2 at most" in refused.json()["error"]


def test_a_stream_ends_when_the_server_does(mock_with, listen):
    with mock_with(scenario="empty") as own:
        listener = listen(own).opened()
        own.loop.run_until_complete(own.env.common.feeds.close())
        listener.until(lambda: listener.complete)
        late = listen(own)
        late.until(lambda: late.complete)


def test_a_mistake_in_the_watcher_ends_the_streams_it_served(mock, listen, monkeypatch, caplog):
    listener = listen(mock).opened()

    def fail():
        raise LookupError

    monkeypatch.setattr(mock.env.store, "feeds", fail, raising=False)
    listener.until(lambda: listener.complete)
    monkeypatch.undo()
    again = listen(mock).opened()
    rooms(mock, 1)
    again.read(1)


def test_five_hundred_listeners_see_every_event_in_order(mock, listen):
    listeners = [listen(mock).opened() for _ in range(500)]
    _, at = newest(mock)
    rooms(mock, 40)
    tell(mock, 300)
    rooms(mock, 10)
    count = 350
    last = f"id: {newest(mock)[0]}-{at + count}\n"
    listeners[0].until(lambda: all(last in each.chunks[-1] for each in listeners))
    wanted = list(range(at + 1, at + 1 + count))
    texts = {each.text.partition("\n\n")[2] for each in listeners}
    assert len(texts) == 1
    assert [data["id"] for _, data in listeners[0].told] == wanted

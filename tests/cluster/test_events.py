"""Four replicas have one feed: each event once, in one order, whichever replica made it."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from cluster import cluster
from receiver import Receiver
from serving import PATIENCE

WRITERS = 8
EACH = 25


@pytest.fixture(scope="module")
def whole(database, tmp_path_factory):
    with cluster(database, tmp_path_factory.mktemp("proxy"), "--scenario", "empty") as whole:
        yield whole


def control(url, path):
    return url.replace("/v1/webinar", f"/_mock{path}")


def follow(url, after, count):
    """Read so many events from a stream."""
    found = []
    with httpx.stream("GET", control(url, f"/events?after={after}"), timeout=60) as stream:
        assert stream.status_code == 200
        name = ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            if line.startswith("data: "):
                assert name == "change", line
                found.append(json.loads(line.removeprefix("data: ")))
                if len(found) == count:
                    return found
    raise AssertionError(f"the stream ended after {len(found)} of {count}")


def newest(url):
    page = httpx.get(control(url, "/events/past"), params={"limit": 1}, timeout=30).json()
    return page["data"]["newest"]


def test_every_replica_tells_every_event_once_and_in_one_order(whole):
    at = newest(whole.url)
    count = WRITERS * EACH

    def write(number):
        with whole.client() as client:
            made = []
            for step in range(EACH):
                answer = client.post("/rooms", json={"title": f"Room {number}/{step}"})
                assert answer.status_code == 201, answer.text
                made.append(answer.json()["data"]["room"]["id"])
            return made

    urls = [replica.url for replica in whole.replicas] * 2
    with ThreadPoolExecutor(WRITERS + len(urls)) as pool:
        reading = [pool.submit(follow, url, at, count) for url in urls]
        made = list(pool.map(write, range(WRITERS)))
        told = [each.result(60) for each in reading]
    assert all(each == told[0] for each in told)
    assert [each["id"] for each in told[0]] == list(range(at + 1, at + 1 + count))
    rooms = [each["room_id"] for each in told[0]]
    # What somebody did one after the other, over whatever replicas, is told one after the other.
    for own in made:
        assert [each for each in rooms if each in own] == own
    assert sorted(rooms) == sorted(room for own in made for room in own)


def test_eight_who_go_live_at_once_are_one_event(whole):
    with whole.client() as client, ThreadPoolExecutor(WRITERS) as pool:
        preset = client.get("/presets").json()["data"]["presets"][0]["id"]
        at = newest(whole.url)
        sessions = []
        for number in range(10):
            room = client.post("/rooms", json={"title": f"Rush {number}"}).json()["data"]["room"]
            body = {"title": "Rush", "preset_id": preset}
            made = client.post(f"/rooms/{room['id']}/sessions", json=body).json()["data"]
            sessions.append(made["session"]["id"])
            path = f"/sessions/{made['session']['id']}/go_live"
            assert {each.status_code for each in pool.map(client.post, [path] * WRITERS)} == {200}
        told = follow(whole.url, at, 30)
    lives = [each["session_id"] for each in told if each["operation"] == "go_live"]
    assert lives == sessions


def test_what_time_did_is_told_once_however_many_look(whole):
    with whole.client() as client, ThreadPoolExecutor(WRITERS) as pool:
        preset = client.get("/presets").json()["data"]["presets"][0]["id"]
        room = client.post("/rooms", json={"title": "Late"}).json()["data"]["room"]["id"]
        start = "2099-01-01T00:00:00Z"
        sessions = []
        for _ in range(20):
            body = {"title": "Late", "preset_id": preset, "scheduled_start_time": start}
            made = client.post(f"/rooms/{room}/sessions", json=body).json()["data"]
            sessions.append(made["session"]["id"])
        at = newest(whole.url)
        urls = [replica.url for replica in whole.replicas]
        # In the year 2099 the clock goes on: who looks first tells what has expired by then.
        httpx.post(control(whole.url, "/clock"), json={"set": "2099-01-01T23:59:58Z"}, timeout=30)
        told = list(pool.map(lambda url: follow(url, at, 21), urls))
        again = newest(whole.url)
        httpx.post(control(whole.url, "/reset"), timeout=30)
    assert all(each == told[0] for each in told)
    expired = [each["session_id"] for each in told[0] if each["operation"] == "session_expired"]
    assert sorted(expired) == sorted(sessions)
    assert again == at + 21


def test_what_time_did_to_encoders_is_told_once_however_many_look(whole):
    with whole.client() as client, ThreadPoolExecutor(WRITERS) as pool:
        preset = client.get("/presets").json()["data"]["presets"][0]["id"]
        httpx.post(control(whole.url, "/clock"), json={"freeze": True}, timeout=30)
        sessions = []
        for number in range(5):
            room = client.post("/rooms", json={"title": f"On air {number}"}).json()["data"]["room"]
            body = {"title": "On air", "preset_id": preset}
            made = client.post(f"/rooms/{room['id']}/sessions", json=body).json()["data"]
            sessions.append(made["session"]["id"])
            client.post(f"/sessions/{sessions[-1]}/go_live")
            flap = {"action": "flap", "every": 8, "times": 10, "after": 1}
            path = control(whole.url, f"/sessions/{sessions[-1]}/encoder")
            assert httpx.post(path, json=flap, timeout=30).is_success
        at = newest(whole.url)
        urls = [replica.url for replica in whole.replicas]
        # A minute and a half in some hundredths of a second: who looks first tells what was.
        httpx.post(control(whole.url, "/clock"), json={"rate": 1000}, timeout=30)
        count = 1 + 5 * 10 * 3
        told = list(pool.map(lambda url: follow(url, at, count), urls))
        again = newest(whole.url)
        httpx.post(control(whole.url, "/reset"), timeout=30)
    assert all(each == told[0] for each in told)
    assert again == at + count
    for session in sessions:
        own = [each["encoder"] for each in told[0] if each.get("session_id") == session]
        assert own == ["dropped", "buffering", "publishing"] * 10


def test_a_clock_set_on_one_replica_holds_on_all(whole):
    first, *others = [replica.url for replica in whole.replicas]
    body = {"set": "2090-01-01T00:00:00Z", "freeze": True}
    assert httpx.post(control(first, "/clock"), json=body, timeout=30).status_code == 200
    for url in others:
        answer = httpx.get(f"{url}/rooms", timeout=30).json()
        assert answer["timestamp"] == 3786912000
    httpx.post(control(first, "/reset"), timeout=30)


def test_of_four_replicas_one_delivers_and_another_takes_its_place(database, tmp_path):
    opened = ["room_started", "ingress_started", "egress_started"]
    with (
        Receiver() as receiver,
        cluster(database, tmp_path, "--scenario", "empty", "--webhook", receiver.url) as whole,
        whole.client() as client,
    ):
        preset = client.get("/presets").json()["data"]["presets"][0]["id"]

        def live(number):
            room = client.post("/rooms", json={"title": f"Live {number}"}).json()["data"]["room"]
            body = {"title": "Live", "preset_id": preset}
            made = client.post(f"/rooms/{room['id']}/sessions", json=body).json()["data"]
            assert client.post(f"/sessions/{made['session']['id']}/go_live").is_success

        for number in range(10):
            live(number)
        wait_for(lambda: len(receiver.got) == 30)
        assert receiver.names == opened * 10
        # Whoever it is that delivers, it is killed at last, and one that is left goes on.
        for gone, replica in enumerate(whole.replicas[:3], 1):
            replica.process.kill()
            replica.process.wait(PATIENCE)
            wait_for(lambda: client.get("/sessions/live").is_success)
            live(10 + gone)
            wait_for(lambda gone=gone: len(set(ids(receiver))) == 30 + 3 * gone)
        assert [name for name, _ in dict.fromkeys(ids(receiver))] == opened * 13
        # Only what was under way in one that was killed may have come twice.
        assert len(receiver.got) <= 39 + 3


def ids(receiver):
    return [(each.name, each.event["id"]) for each in receiver.got]


def wait_for(reached):
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)

"""The stream of events over a real socket: it comes at once, and ends with the server."""

from __future__ import annotations

import json
import signal
import time

import httpx
import pytest
from livekit.api import TokenVerifier, WebhookReceiver
from receiver import Receiver
from serving import PATIENCE, command, serve


def control(served, path):
    return served.url.replace("/v1/webinar", f"/_mock{path}")


def told(lines, count):
    """Read so many events' data from a stream's lines."""
    found = []
    for line in lines:
        if line.startswith("data: "):
            found.append(json.loads(line.removeprefix("data: ")))
        if len(found) == count:
            break
    return found


@pytest.fixture(scope="module")
def usual():
    with serve("--scenario", "empty") as usual:
        yield usual


def test_an_event_comes_while_the_stream_is_open(usual):
    with (
        usual.client() as client,
        client.stream("GET", control(usual, "/events")) as stream,
    ):
        lines = stream.iter_lines()
        assert stream.status_code == 200
        assert next(lines).startswith("retry: ")
        made = client.post("/rooms", json={"title": "Told"}).json()["data"]["room"]["id"]
        assert [each["room_id"] for each in told(lines, 1)] == [made]


def test_a_page_of_this_machine_may_listen(usual):
    headers = {"Origin": "http://localhost:3000"}
    with httpx.stream("GET", control(usual, "/events"), headers=headers) as stream:
        assert stream.headers["access-control-allow-origin"] == "http://localhost:3000"
        assert stream.headers["content-type"].startswith("text/event-stream")


def test_head_is_answered_and_the_connection_goes_on(usual):
    with usual.client() as client:
        for _ in range(2):
            answer = client.head(control(usual, "/events"))
            assert (answer.status_code, answer.content) == (200, b"")


def test_a_stop_ends_streams_at_once_and_without_a_word():
    with (
        serve("--scenario", "empty") as served,
        httpx.stream("GET", control(served, "/events"), timeout=PATIENCE) as stream,
    ):
        lines = stream.iter_lines()
        next(lines)
        begun = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        # An end of the answer, not of the connection amid it.
        assert [line for line in lines if line.startswith("data")] == []
        assert served.process.wait(PATIENCE) == 0
        assert time.monotonic() - begun < 2.5
        assert served.process.stderr.read() == ""


# The verifier warns about LiveKit's own development secret, which is short.
@pytest.mark.filterwarnings("ignore:The HMAC key")
def test_livekits_receiver_takes_what_the_operators_address_gets():
    with Receiver() as receiver, serve("--webhook", f"{receiver.url}/livekit") as served:
        with served.client() as client:
            live = client.get("/sessions/live").json()["data"]["sessions"][0]["id"]
            assert client.post(f"/sessions/{live}/join").is_success
            wait_for(lambda: receiver.got)
        taken = WebhookReceiver(TokenVerifier("devkey", "secret")).receive(
            receiver.got[0].body, receiver.got[0].headers["Authorization"]
        )
        assert (taken.event, taken.room.name) == ("participant_joined", live)
        begun = time.monotonic()
        assert served.stop()[0] == 0
        assert time.monotonic() - begun < 2.5


def test_webhooks_that_nobody_takes_hold_up_no_stop():
    with (
        Receiver(answer=lambda _: 500) as receiver,
        serve("--webhook", receiver.url) as served,
    ):
        with served.client() as client:
            live = client.get("/sessions/live").json()["data"]["sessions"][0]["id"]
            assert client.post(f"/sessions/{live}/join").is_success
        wait_for(lambda: receiver.got)
        begun = time.monotonic()
        code, _, said = served.stop()
        assert (code, said) == (0, "")
        assert time.monotonic() - begun < 2.5


@pytest.mark.parametrize(
    "url", ["here", "ftp://x.test", "http://", "http://me:geheim@x.test", "http://x.test/#a"]
)
def test_what_is_no_address_is_refused(url):
    process = command("serve", "--webhook", url)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert "--webhook" in said
    assert "geheim" not in said.partition("argument --webhook")[2]


def wait_for(reached):
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)

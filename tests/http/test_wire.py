from __future__ import annotations

import asyncio

import pytest

from mock_server.http import wire
from mock_server.http.answer import Answer, Wire
from mock_server.http.errors import Refusal
from mock_server.http.wire import ABORT, aborter, send_on, wait

ANSWER = Answer(200, b"0123456789", operation="get_session")


@pytest.fixture
def sent(loop, monkeypatch):
    """A function that sends on a wire, and returns all that happened in its order."""

    def send_all(wire_, *, answer=ANSWER, gone=False):
        happened = []

        async def send(message):
            happened.append(message.get("body", message["type"]))
            if message.get("more_body"):
                happened.append("more to come")

        async def wait(seconds, receive):
            happened.append(seconds)
            return not gone

        monkeypatch.setattr(wire, "wait", wait)
        scope = {"method": "GET", "extensions": {ABORT: lambda: happened.append("closed")}}
        loop.run_until_complete(send_on(wire_, scope, None, send, answer))
        return happened

    return send_all


def test_an_answer_may_be_late(sent):
    assert sent(Wire(delay=1.5)) == [1.5, "http.response.start", b"0123456789"]


def test_no_answer_is_later_than_a_minute(sent):
    assert sent(Wire(delay=1e9))[0] == 60


def test_who_has_gone_is_sent_nothing(sent):
    assert sent(Wire(delay=1.5), gone=True) == [1.5]
    assert sent(Wire(delay=1.5, lost=True), gone=True) == [1.5]


def test_waiting_ends_with_its_time_or_with_the_client(loop):
    never = asyncio.Event()

    async def silence():
        await never.wait()

    async def leaving():
        return messages.pop(0)

    messages = [{"type": "http.request"}, {"type": "http.disconnect"}]
    assert loop.run_until_complete(wait(0.001, silence)) is True
    assert loop.run_until_complete(wait(60, leaving)) is False
    assert messages == []


def test_an_answer_may_be_lost(sent):
    assert sent(Wire(lost=True)) == ["closed"]
    assert sent(Wire(delay=2, lost=True)) == [2, "closed"]


def test_an_answer_may_be_cut_off(sent):
    start = "http.response.start"
    assert sent(Wire(truncate=4)) == [start, b"0123", "more to come", "closed"]
    assert sent(Wire(truncate=0)) == [start, b"", "more to come", "closed"]


def test_at_least_a_byte_is_missing(sent):
    assert b"012345678" in sent(Wire(truncate=10))
    assert b"012345678" in sent(Wire(truncate=1000))
    assert sent(Wire(truncate=5), answer=Answer(204, b""))[1] == b""


def test_what_cannot_close_connections_says_so():
    with pytest.raises(Refusal, match="can't close connections, `greenroom serve` can") as caught:
        aborter({"method": "GET"})
    assert caught.value.status == 501

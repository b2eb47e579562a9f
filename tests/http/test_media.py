from __future__ import annotations

import asyncio
import io

import pytest

from mock_server.domain.errors import Conflict
from mock_server.http.log import RequestLog
from mock_server.http.media import Content, Media, late, method_refused
from mock_server.http.refusing import Refusals
from mock_server.journal import WORLD

PLAIN = ((b"content-type", b"video/mp4"),)


def asked_for(demo, path, handler, method="GET"):
    """Return status, headers and body of an answer, and the log's lines."""
    log = io.StringIO()
    sent = []

    async def send(message):
        sent.append(message)

    async def beyond(scope, receive, send):
        await send({"type": "http.response.start", "status": 418, "headers": []})

    lines = RequestLog(log, errors=log)
    media = Media(
        beyond,
        handlers={"/tape/": handler},
        worlds=demo.env.worlds,
        refusals=Refusals(demo.env.counters, lines),
        log=lines,
    )
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        WORLD: "default",
        "query_string": b"",
        "headers": [],
    }
    asyncio.run(media(scope, None, send))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), body, log.getvalue()


def answering(content):
    async def handler(asked):
        if isinstance(content, Exception):
            raise content
        return content

    return handler


def test_a_handler_is_found_by_the_first_segment_of_a_path(demo):
    there = answering(Content(200, PLAIN, (b"ab", memoryview(b"cd"))))
    assert asked_for(demo, "/tape/1/a", there)[:3] == (
        200,
        {b"content-type": b"video/mp4", b"content-length": b"4"},
        b"abcd",
    )
    for path in ("/tape", "/tapes/1", "/", "/other/tape/", ""):
        assert asked_for(demo, path, there)[0] == 418, path


def test_the_head_of_media_has_no_bytes(demo):
    there = answering(Content(200, PLAIN, (b"ab", b"cd")))
    status, headers, body, _ = asked_for(demo, "/tape/1", there, "HEAD")
    assert (status, headers[b"content-length"], body) == (200, b"4", b"")


def test_an_answer_without_content_has_no_length(demo):
    assert asked_for(demo, "/tape/1", answering(Content(204, ())))[1] == {}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Conflict("it is taken"), 409),
        (method_refused("PUT", ("GET", "HEAD")), 405),
        (ValueError("not foreseen"), 500),
    ],
)
def test_what_a_handler_raises_is_a_refusal_in_log_and_journal(demo, error, status):
    before = demo.env.journal.last
    found, _, body, log = asked_for(demo, "/tape/1", answering(error))
    assert found == status
    assert body.startswith(b'{"success":false,"error":')
    assert f"GET /tape/1  {status}" in log
    assert demo.env.journal.last == before + 1


def test_a_method_that_is_refused_comes_with_those_there_are(demo):
    refusal = method_refused("PUT", ("GET", "HEAD"))
    assert asked_for(demo, "/tape/1", answering(refusal), "PUT")[1][b"allow"] == b"GET, HEAD"


def test_a_late_handler_is_made_once_by_the_first_who_asks(demo):
    made = []

    def make():
        made.append(answering(Content(200, PLAIN, (b"ab",))))
        return made[-1]

    handler = late(make)
    assert made == []
    for _ in range(2):
        assert asked_for(demo, "/tape/1", handler)[2] == b"ab"
    assert len(made) == 1

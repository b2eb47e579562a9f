"""Each limit of a connection, broken on a real socket."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from limited import limited, until
from serving import PATIENCE

from mock_server.http import body

# Long enough for what is meant to come sooner, short enough to be waited for.
SOON = 0.3
LONG = 20.0


@pytest.fixture(scope="module")
def usual():
    with limited() as running:
        yield running


def is_cut_off(wire, data):
    """Send more, and tell whether the connection is there no longer."""
    try:
        wire.send(data)
    except ConnectionError:
        return True
    return False


def test_headers_of_exactly_the_limit_are_read(usual):
    rest = 16 * 1024 - len("Host: mock\r\n") - len("X: \r\n")
    wire = usual.connect()
    assert wire.get(headers=b"X: " + b"x" * rest + b"\r\n").reply().status == 200
    refusal = wire.get(headers=b"X: " + b"x" * (rest + 1) + b"\r\n").reply()
    assert refusal.status == 431
    assert refusal.sentence == (
        "the request's headers are larger than 16,384 bytes in all, must be smaller"
    )
    assert refusal.headers["content-type"] == "application/json"
    assert refusal.headers["connection"] == "close"
    assert wire.ended()
    assert ("GET", "/", 431) in usual.app.refused


@pytest.mark.parametrize(
    "headers",
    [
        b"".join(b"X-%d: 1\r\n" % number for number in range(20_000)),
        b"X: " + b"x" * 1_000_000 + b"\r\n",
        b"X" * 1_000_000,
    ],
    ids=["many", "one value", "one name without an end"],
)
def test_headers_without_measure_are_refused_however_they_are_cut(usual, headers):
    wire = usual.connect()
    wire.send(b"GET /never?key=secret HTTP/1.1\r\n")
    for start in range(0, len(headers), 5000):
        try:
            wire.send(headers[start : start + 5000])
        except ConnectionError:
            break
    refusal = wire.reply()
    assert refusal.status == 431
    assert "/never" not in usual.app.done
    assert ("GET", "/never", 431) in usual.app.refused


def test_a_target_of_exactly_the_limit_is_read(usual):
    wire = usual.connect()
    assert wire.get("/" + "x" * (8 * 1024 - 1)).reply().status == 200
    refusal = wire.get("/" + "x" * 8 * 1024).reply()
    assert refusal.status == 414
    assert refusal.sentence == "the request's target is longer than 8,192 bytes, must be shorter"
    assert wire.ended()


def test_a_target_without_an_end_is_refused(usual):
    wire = usual.connect().send(b"GET /")
    for _ in range(3):
        wire.send(b"x" * 5000)
        time.sleep(0.01)
    assert wire.reply().status == 414


def test_a_head_in_many_small_parts_is_read_and_so_is_the_next(usual):
    wire = usual.connect()
    head = b"GET /parts HTTP/1.1\r\nHost: mock\r\n\r\n" * 2
    for byte in head:
        wire.send(bytes([byte]))
    assert wire.reply().status == 200
    assert wire.reply().status == 200


def test_requests_that_are_cut_anywhere_are_no_larger_for_it(usual):
    # More bytes than a head may have, always in the middle of one.
    request = b"GET / HTTP/1.1\r\nHost: mock\r\nX: " + b"x" * 1000 + b"\r\n\r\n"
    wire = usual.connect().send(request[:500])
    for _ in range(60):
        wire.send(request[500:] + request[:500])
        assert wire.reply().status == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost mock\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: a\x00b\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: mock\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"CONNECT mock:80 HTTP/1.1\r\nHost: mock\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused_in_the_envelope(usual, sent):
    wire = usual.connect().send(sent)
    refusal = wire.reply()
    assert refusal.status == 400
    assert refusal.sentence == "the request is not HTTP/1.1, or a part of it is malformed"
    assert wire.ended()


def test_a_body_that_is_malformed_is_refused_and_its_reader_told(usual):
    wire = usual.connect().send(b"POST /body HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n")
    assert wire.reply().status == 400
    assert wire.ended()
    until(lambda: "gone" in usual.app.done)
    assert ("POST", "/body", 400) in usual.app.refused


def test_a_good_request_before_a_bad_one_is_answered():
    with limited() as running:
        wire = running.connect().send(b"GET /wait HTTP/1.1\r\n\r\nnonsense\r\n\r\n")
        running.release()
        reply = wire.reply()
        assert (reply.status, reply.headers["connection"]) == (200, "close")
        assert wire.ended()


def test_requests_sent_ahead_are_answered_in_order_up_to_a_number():
    with limited(pipelined=4) as running:
        wire = running.connect()
        wire.send(b"".join(b"GET /%d HTTP/1.1\r\n\r\n" % number for number in range(100)))
        replies = 0
        while wire.reply() is not None:
            replies += 1
        assert running.app.done == [f"/{number}" for number in range(replies)]
        # The one being answered, and those that may wait for it.
        assert replies == 5


def test_an_offer_of_another_protocol_is_passed_over_and_ends_the_connection(usual):
    wire = usual.connect().get(headers=b"Connection: Upgrade\r\nUpgrade: h2c\r\n")
    reply = wire.reply()
    assert (reply.status, reply.headers["connection"]) == (200, "close")
    assert wire.ended()


@pytest.mark.parametrize("begun", [b"G", b"GET / HTTP/1.1\r\nHost: mo", b"GET / HTTP/1.1\r\n"])
def test_a_head_that_does_not_become_whole_in_time_is_refused(begun):
    with limited(head_seconds=SOON) as running:
        new, used = running.connect(), running.connect()
        assert used.get().reply().status == 200
        for wire in (new, used):
            wire.send(begun)
        for wire in (new, used):
            refusal = wire.reply()
            assert refusal.status == 408
            assert refusal.sentence == (
                "the request's head was not complete after 0.3 s, must arrive sooner"
            )
            assert wire.ended()


def test_a_head_that_comes_drop_by_drop_gains_no_time():
    with limited(head_seconds=SOON, leave_seconds=SOON) as running:
        wire = running.connect().send(b"GET / HTTP/1.1\r\n")
        until(lambda: is_cut_off(wire, b"X: 1\r\n"))


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
def test_who_connects_and_asks_nothing_is_let_go_without_a_word(sent):
    with limited(head_seconds=SOON) as running:
        assert running.connect().send(sent).ended()
        assert running.app.refused == []


@pytest.mark.parametrize("more", [b"", b"\r\n"])
def test_a_connection_is_not_kept_for_ever_for_a_next_request(more):
    with limited(idle_seconds=SOON) as running:
        wire = running.connect().get()
        assert wire.reply().status == 200
        assert wire.send(more).ended()


def test_a_body_nobody_reads_does_not_keep_a_connection():
    with limited(idle_seconds=SOON) as running:
        wire = running.connect().send(b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n")
        assert wire.reply().status == 200
        until(lambda: is_cut_off(wire, b"x"))


def test_an_answer_may_take_longer_than_any_of_the_clients_times():
    with limited(head_seconds=SOON, idle_seconds=SOON, unread_seconds=SOON) as running:
        wire = running.connect().get("/wait")
        time.sleep(3 * SOON)
        running.release()
        assert wire.reply().status == 200


def test_a_body_that_does_not_come_in_time_is_refused(usual, monkeypatch):
    monkeypatch.setattr(body, "BODY_TIMEOUT", SOON)
    wire = usual.connect().send(b"POST /body HTTP/1.1\r\nContent-Length: 9\r\n\r\nx")
    refusal = wire.reply()
    assert refusal.status == 400
    assert "the body was not complete after" in refusal.sentence


def test_who_does_not_read_an_answer_is_let_go():
    with limited(unread_seconds=SOON, idle_seconds=LONG) as running:
        wire = running.connect().get("/large")
        until(lambda: "/large" in running.app.done)
        until(lambda: running.open() == 0)
        assert len(wire.stream.read()) < 50_000_000


def test_who_reads_slowly_is_not():
    with limited(unread_seconds=1.0) as running:
        wire = running.connect().get("/large", headers=b"Connection: close\r\n")
        read = 0
        while part := wire.stream.read(2_000_000):
            read += len(part)
            time.sleep(0.07)
        assert read > 50_000_000


def test_the_connection_too_many_is_told_and_closed():
    with limited(connections=2) as running:
        inside = [running.connect().get("/wait") for _ in range(2)]
        refusal = running.connect().get().reply()
        assert refusal.status == 503
        assert refusal.headers["retry-after"] == "1"
        assert refusal.sentence == (
            "2 connections are open, which is all there may be: close some, "
            "or start with more (`--connections`)"
        )
        running.release()
        assert [wire.reply().status for wire in inside] == [200, 200]


def test_connections_without_a_request_lock_nobody_out_for_long():
    with limited(connections=20, spare_seconds=1.0) as running:
        for _ in range(10):
            running.connect()
            running.connect().send(b"GET / HT")
        assert running.connect().reply().status == 503
        until(lambda: running.connect().get().reply().status == 200)


def test_those_that_are_told_no_are_few_at_a_time():
    with limited(connections=1, leaving=2, spare_seconds=LONG, leave_seconds=LONG) as running:
        running.connect().get("/wait")
        assert [running.connect().reply().status for _ in range(2)] == [503, 503]
        assert running.connect().ended()


def test_who_does_not_leave_after_a_refusal_is_made_to():
    with limited(connections=1, leave_seconds=SOON) as running:
        running.connect().get("/wait")
        refused = running.connect()
        assert refused.reply().status == 503
        until(lambda: running.open() == 1)


def test_an_application_can_drop_the_connection_without_an_answer(usual, capfd):
    assert usual.connect().get("/abort").ended()
    ahead = usual.connect().get("/first").get("/abort").get("/after")
    assert ahead.reply().status == 200
    assert ahead.ended()
    assert "/after" not in usual.app.done
    cut = usual.connect().get("/part")
    said = cut.stream.read()
    assert said.endswith(b"\r\n\r\nxxxxxxxxxx")
    assert b"content-length: 100" in said
    assert capfd.readouterr().err == ""


def test_a_client_that_leaves_before_its_answers_come_leaves_no_trace(capfd):
    with limited() as running:
        wire = running.connect().get("/wait").get("/body")
        until(lambda: running.open() == 1)
        wire.close()
        running.release()
        until(lambda: running.open() == 0)
    assert capfd.readouterr().err == ""


def served_with_files(soft: int, hard: int, *options: str) -> subprocess.Popen[str]:
    limited = f'ulimit -S -n {soft}; ulimit -H -n {hard}; exec "$@"'
    command = [sys.executable, "-m", "mock_server", "serve", "--port", "0", "--quiet", *options]
    return subprocess.Popen(
        ["bash", "-c", limited, "bash", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="Linux tells it there")
def test_as_many_files_may_be_open_as_there_may_be_connections():
    with served_with_files(256, 2000) as process:
        try:
            assert process.stdout.readline().startswith("Ready")
            allowed = Path(f"/proc/{process.pid}/limits").read_text()
            assert re.search(r"Max open files +1200 ", allowed)
        finally:
            process.terminate()


def test_more_connections_than_the_system_has_files_are_refused():
    with served_with_files(256, 400, "--connections", "300") as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (1, "")
    assert err == (
        "greenroom: `--connections 300` needs 500 open files, the system allows 400: "
        "choose fewer, or allow more (`ulimit -n`)\n"
    )

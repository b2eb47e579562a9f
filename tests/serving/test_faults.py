"""Faults as a client sees them on a real socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from serving import PATIENCE, Served, serve

KEY = {"X-API-Key": "greenroom-host-key"}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serve("--scenario", "empty") as served:
        yield served
        _, _, err = served.stop()
        assert err == "", "neither the mock nor its server takes a fault for a bug"


@pytest.fixture
def add(served):
    control = served.url.replace("/v1/webinar", "/_mock")

    def add(effect, operation="create_room", **more):
        body = {"operation": operation, "effect": effect, **more}
        httpx.post(f"{control}/faults", json=body).raise_for_status()

    yield add
    httpx.delete(f"{control}/faults").raise_for_status()


def post_room(served) -> bytes:
    """Post a room and return every byte that comes back before the connection is closed."""
    where = urlsplit(served.url)
    body = b'{"title": "Launch room"}'
    head = (
        "POST /v1/webinar/rooms HTTP/1.1\r\nHost: mock\r\nX-API-Key: greenroom-host-key\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((where.hostname, where.port), timeout=PATIENCE) as wire:
        wire.sendall(head.encode() + body)
        said = b""
        while chunk := wire.recv(65536):
            said += chunk
    return said


def rooms(served) -> int:
    return int(httpx.get(f"{served.url}/rooms").json()["data"]["total"])


def test_a_dropped_request_gets_not_a_byte_and_is_not_performed(served, add):
    before = rooms(served)
    add({"drop": "request"}, count=1)
    assert post_room(served) == b""
    assert rooms(served) == before


def test_a_dropped_answer_gets_not_a_byte_and_is_performed(served, add):
    before = rooms(served)
    add({"drop": "answer"}, count=1)
    assert post_room(served) == b""
    assert rooms(served) == before + 1


@pytest.mark.parametrize("size", [0, 17])
def test_a_truncated_answer_says_more_than_it_has(served, add, size):
    add({"truncate": size}, count=1)
    head, _, body = post_room(served).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 201 ")
    assert len(body) == size
    length = next(
        int(line.partition(b":")[2])
        for line in head.splitlines()
        if line.lower().startswith(b"content-length:")
    )
    assert length > 100


def test_a_client_sees_a_truncated_answer_as_broken(served, add):
    add({"truncate": 40}, "list_rooms", count=1)
    with httpx.Client(base_url=served.url) as client:
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
            client.get("/rooms")
        assert client.get("/rooms").status_code == 200


def test_nobody_waits_for_an_answer_that_is_late(served, add):
    add({"delay": {"fixed_ms": 60_000}}, count=1)
    where = urlsplit(served.url)
    head = (
        "POST /v1/webinar/rooms HTTP/1.1\r\nHost: mock\r\nX-API-Key: greenroom-host-key\r\n"
        'Content-Type: application/json\r\nContent-Length: 15\r\n\r\n{"title":"abc"}'
    )
    before = rooms(served)
    with socket.create_connection((where.hostname, where.port), timeout=PATIENCE) as late:
        late.sendall(head.encode())
        while rooms(served) == before:
            pass
        late.setblocking(False)
        with pytest.raises(BlockingIOError):
            late.recv(1)
    assert httpx.get(f"{served.url}/auth/me", headers=KEY).status_code == 200


def test_a_mock_that_stops_takes_nobody_who_waits_for_a_bug():
    with serve("--scenario", "empty") as served:
        control = served.url.replace("/v1/webinar", "/_mock")
        body = {"operation": "create_room", "effect": {"delay": {"fixed_ms": 60_000}}}
        httpx.post(f"{control}/faults", json=body).raise_for_status()
        where = urlsplit(served.url)
        with socket.create_connection((where.hostname, where.port), timeout=PATIENCE) as late:
            late.sendall(b"POST /v1/webinar/rooms HTTP/1.1\r\nHost: mock\r\n\r\n")
            while httpx.get(f"{control}/faults").json()["data"]["faults"][0]["calls"] == 0:
                pass
            code, _, err = served.stop()
            assert late.recv(100) == b""
        assert code == 0
        assert "Traceback" not in err
        assert "ASGI" not in err

"""What no client library would send, on a real socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from serving import Served, serve

KEY = "X-API-Key: greenroom-host-key\r\n"
JSON = "Content-Type: application/json\r\n"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serve("--scenario", "empty") as served:
        yield served


def exchange(served: Served, *parts: str | bytes) -> tuple[int, bytes]:
    """Send bytes as they are, close our side, and return status and everything after it."""
    where = urlsplit(served.url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as wire:
        for part in parts:
            wire.sendall(part.encode() if isinstance(part, str) else part)
        said = b""
        while chunk := wire.recv(65536):
            said += chunk
    return int(said.split(b" ", 2)[1]), said


def post_room(headers: str, body: str | bytes = b"") -> tuple[str, str | bytes]:
    lines = "POST /v1/webinar/rooms HTTP/1.1\r\nHost: mock\r\nConnection: close\r\n"
    return f"{lines}{KEY}{headers}\r\n", body


def test_a_chunked_body_is_read(served):
    body = '5\r\n{"tit\r\nb\r\nle":"abcd"}\r\n0\r\n\r\n'
    status, _ = exchange(served, *post_room(f"{JSON}Transfer-Encoding: chunked\r\n", body))
    assert status == 201


def test_a_chunked_body_over_the_limit_is_refused_in_the_envelope(served):
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    status, said = exchange(
        served, *post_room(f"{JSON}Transfer-Encoding: chunked\r\n", chunk * 20 + b"0\r\n\r\n")
    )
    assert status == 413
    assert b'"success":false' in said


def test_two_megabytes_are_refused_and_the_connection_goes_on(served):
    with served.client() as client:
        refusal = client.post("/rooms", content=b"x" * 2_000_000)
        assert refusal.status_code == 413
        assert client.get("/rooms").status_code == 200


def test_two_authorization_headers_are_not_usable(served):
    lines = "GET /v1/webinar/auth/me HTTP/1.1\r\nHost: mock\r\nConnection: close\r\n"
    status, said = exchange(
        served, f"{lines}Authorization: Bearer x\r\nAuthorization: Bearer y\r\n\r\n"
    )
    assert status == 401
    assert b"2 Authorization headers, must be one" in said


def test_dots_and_nulls_in_a_path_lead_nowhere(served):
    for path in (
        "/v1/webinar/rooms/../rooms",
        "/v1/webinar/rooms/%00",
        "/%2e%2e/etc/passwd",
        "/v1/webinar/ui/../../../../etc/passwd",
        "/v1/webinar/ui/%2e%2e/%2e%2e/x",
    ):
        status, said = exchange(
            served, f"GET {path} HTTP/1.1\r\nHost: mock\r\nConnection: close\r\n\r\n"
        )
        assert status in (400, 404), path
        assert b'"success":false' in said, path


def test_bytes_that_are_not_http_are_refused_and_others_are_served(served):
    status, _ = exchange(served, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
    assert status == 400
    assert httpx.get(f"{served.url}/rooms").status_code == 200


def test_a_client_that_leaves_in_the_middle_of_its_body_harms_nobody(served):
    where = urlsplit(served.url)
    with socket.create_connection((where.hostname, where.port)) as wire:
        head, _ = post_room(f"{JSON}Content-Length: 50\r\n")
        wire.sendall(f'{head}{{"title"'.encode())
    assert httpx.get(f"{served.url}/rooms").status_code == 200


def test_a_browser_may_call_from_any_origin_with_credentials(served):
    origin = {"Origin": "http://localhost:3000"}
    asked = {
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,x-api-key,content-type",
    }
    preflight = httpx.options(f"{served.url}/rooms/x", headers=origin | asked)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "PATCH" in preflight.headers["access-control-allow-methods"]
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    refusal = httpx.get(f"{served.url}/auth/me", headers=origin)
    assert refusal.status_code == 401
    assert refusal.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "WWW-Authenticate" in refusal.headers["access-control-expose-headers"]
    missing = httpx.get(f"{served.url}/nothing", headers=origin)
    assert missing.headers["access-control-allow-origin"] == "http://localhost:3000"


def test_origins_can_be_limited():
    with serve("--cors-origin", "https://studio.test", "--scenario", "empty") as served:
        for origin, allowed in (("https://studio.test", True), ("https://evil.test", False)):
            answer = httpx.get(f"{served.url}/rooms", headers={"Origin": origin})
            assert ("access-control-allow-origin" in answer.headers) is allowed


def test_a_public_url_stands_in_every_address():
    with serve("--public-url", "https://studio.test/mock/", "--scenario", "empty") as served:
        with served.client() as client:
            room = client.post("/rooms", json={"title": "Launch"}).json()["data"]["room"]["id"]
            preset = client.get("/presets").json()["data"]["presets"][0]["id"]
            body = {"title": "Launch", "preset_id": preset}
            made = client.post(f"/rooms/{room}/sessions", json=body).json()["data"]
            live = client.post(f"/sessions/{made['session']['id']}/go_live").json()["data"]
        assert live["whip_url"].startswith("https://studio.test/mock/whip/")
        assert live["session"]["hls_url"].startswith("https://studio.test/mock/hls/")
        assert live["rtmp"]["url"] == made["rtmp_url"] == "rtmp://studio.test:1935/live"

"""A tiny server that answers like the API, or not, and what the tests of the suite share."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from conformance.reply import Reply, Request

Json = Any
Answer = tuple[int, Json] | tuple[int, Json, dict[str, str]]
BASE = "/v1/webinar"
TOKENS = {"Bearer host-token": "host", "Bearer viewer-token": "viewer"}


def envelope(data: Json) -> Json:
    return {"success": True, "data": data, "timestamp": int(time.time())}


def refusal(sentence: str) -> Json:
    return {"success": False, "error": sentence, "timestamp": int(time.time())}


@dataclass
class Stub:
    """Answers requests from a table; what is not in it is 404."""

    url: str = ""
    answers: dict[str, Callable[[str], Answer] | Answer] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, method: str, path: str, caller: str) -> Answer:
        self.seen.append((method, path))
        found = self.answers.get(f"{method} {path}")
        if found is None:
            return 404, refusal("there is no such path, it must be one of the contract's")
        return found(caller) if callable(found) else found


def handler_for(stub: Stub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            caller = TOKENS.get(self.headers.get("Authorization", ""), "nobody")
            status, body, *more = stub.answer(self.command, urlsplit(self.path).path, caller)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            headers = {"Content-Type": "application/json"} | (more[0] if more else {})
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = reply  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    return Handler


def signed_in(data: Json) -> Callable[[str], Answer]:
    def answer(caller: str) -> Answer:
        if caller == "nobody":
            return 401, refusal("no usable credentials"), {"WWW-Authenticate": "Bearer"}
        return 200, envelope(data)

    return answer


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A server that is this API as far as the preflight and the rule `time.clock` can tell."""
    rooms = {"rooms": [], "total": 0, "page": 1, "limit": 10}
    found = Stub()
    found.answers = {
        f"GET {BASE}/rooms": lambda _: (200, envelope(rooms)),
        f"GET {BASE}/rooms/my": signed_in(rooms),
        f"GET {BASE}/auth/me": signed_in({}),
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(found))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}"
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def reply_to(
    operation: str | None,
    status: int = 200,
    body: Json = None,
    *,
    method: str = "GET",
    path: str = "/rooms",
    sent: Json = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    """Make a reply without a server."""
    content = json.dumps(sent).encode() if sent is not None else None
    request = Request(operation, method, f"http://host.test{BASE}{path}", (), content)
    given = {"content-type": "application/json"} if headers is None else headers
    return Reply(request, status, given, json.dumps(body).encode(), body)


@pytest.fixture
def reply() -> Callable[..., Reply]:
    return reply_to


@pytest.fixture(autouse=True)
def _no_identities_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST_TOKEN", "OTHER_HOST_TOKEN", "VIEWER_TOKEN", "API_KEY", "PRESET_ID"):
        monkeypatch.delenv(f"GREENROOM_{name}", raising=False)
    monkeypatch.delenv("PYTEST_BASE_URL", raising=False)


@pytest.fixture(autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which ledgers are kept while a test runs."""
    home = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    return home / "greenroom" / "ledger"

"""The four requests that are measured, and what our own server answers to them."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.servers import Running, Server


@dataclass(frozen=True, slots=True)
class Request:
    """Hold a request that is measured; `path` has `{id}` for the id of a live session."""

    method: str
    path: str
    body: str = ""

    @property
    def name(self) -> str:
        """Return what the tables call it."""
        return f"{self.method} {self.path}"


GET_SESSION = Request("GET", "/sessions/{id}")
LIST_ROOMS = Request("GET", "/rooms?limit=10")
START_SESSION = Request("POST", "/sessions/{id}/start")
CREATE_ROOM = Request("POST", "/rooms", '{"title": "Launch week"}')
# Rooms are created last: they come first in the list of rooms, and are smaller than the others.
REQUESTS = (GET_SESSION, LIST_ROOMS, START_SESSION, CREATE_ROOM)
# What can be asked without end: creating rooms would grow the store, and memory with it.
READS_AND_MOVES = REQUESTS[:3]
KEY = {"X-API-Key": "greenroom-host-key"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """Hold what our server answered: the id of a live session of the host's, and the answers."""

    session_id: str
    answers: Mapping[Request, bytes]

    def url(self, running: Running, server: Server, request: Request) -> str:
        """Return where a server answers a request; raw bytes are asked for by their number."""
        if server.name.startswith("raw"):
            return f"{running.url}/{len(self.answers[request])}"
        return running.url + request.path.replace("{id}", self.session_id)


def record(running: Running) -> Recorded:
    """Ask our own server each of the requests once."""
    session_id = live_session(running.url)
    paths = {request: request.path.replace("{id}", session_id) for request in REQUESTS}
    answers = {r: ask(running.url + path, r.method, r.body) for r, path in paths.items()}
    return Recorded(session_id, answers)


def live_session(url: str) -> str:
    """Return the id of a session of the host's that is live."""
    host = data_of(ask(f"{url}/auth/me"))["id"]
    sessions = data_of(ask(f"{url}/sessions/live?limit=100"))["sessions"]
    return next(str(each["id"]) for each in sessions if each["room"]["host_id"] == host)


def ask(url: str, method: str = "GET", body: str = "") -> bytes:
    """Return the bytes of an answer."""
    request = urllib.request.Request(
        url, data=body.encode() or None, headers=headers_of(body), method=method
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        content: bytes = answer.read()
        return content


def headers_of(body: str) -> dict[str, str]:
    """Return the headers of a request with this body, the host's key among them."""
    return KEY | ({"Content-Type": "application/json"} if body else {})


def data_of(answer: bytes) -> Any:
    """Return the `data` of an answer."""
    return json.loads(answer)["data"]

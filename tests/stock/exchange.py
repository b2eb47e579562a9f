"""One request, sent to an ASGI application without a socket, and its answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote_to_bytes

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as it stands on the wire; `body` is the parts it arrives in.

    `operation` names the operation whose path and method it has, None where there is none.
    """

    operation: str | None
    method: str
    path: str
    query: bytes = b""
    headers: Headers = ()
    body: tuple[bytes, ...] = ()

    @cached_property
    def content(self) -> bytes:
        return b"".join(self.body)

    def header(self, name: bytes) -> bytes | None:
        """Return the last value of a header, as sent."""
        values = self.all(name)
        return values[-1] if values else None

    def all(self, name: bytes) -> list[bytes]:
        return [value for each, value in self.headers if each == name]

    def json(self) -> Any:
        """Return the parsed body; raises ValueError where it is not JSON in UTF-8."""
        return json.loads(self.content.decode())

    def __str__(self) -> str:
        query = f"?{self.query.decode('latin-1')}" if self.query else ""
        said = [f"{self.method} {self.path}{query} ({self.operation})"]
        said += [f"  {name.decode()}: {value.decode('latin-1')}" for name, value in self.headers]
        if self.body:
            said.append(f"  {self.content[:400]!r} in {len(self.body)}")
        return "\n".join(said)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Headers
    content: bytes

    def header(self, name: bytes) -> bytes | None:
        return next((value for each, value in self.headers if each.lower() == name), None)

    @cached_property
    def media_type(self) -> bytes | None:
        return self.header(b"content-type")

    @cached_property
    def json(self) -> Any:
        """The parsed body, None where there is none; what is no JSON stays bytes."""
        try:
            return json.loads(self.content) if self.content else None
        except ValueError:
            return self.content

    @cached_property
    def refuses_in_envelope(self) -> bool:
        """Whether this is the contract's ErrorResponse, to the letter."""
        said = self.json
        return (
            self.status >= 400
            and isinstance(said, dict)
            and {"success", "error", "timestamp"} <= said.keys()
            and said.keys() <= {"success", "error", "message", "timestamp"}
            and said["success"] is False
            and isinstance(said["error"], str)
            and type(said["timestamp"]) is int
        )

    @cached_property
    def refuses_as_connexion(self) -> bool:
        """Whether this is the problem document connexion refuses with."""
        return self.status >= 400 and self.media_type == b"application/problem+json"

    def __str__(self) -> str:
        return f"{self.status} {self.media_type!r} {self.content[:400]!r}"


async def send(app: Any, request: Request) -> Reply:
    """Send a request and return the answer."""
    said: list[Any] = []
    parts = [*request.body[:-1]]
    events = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    last = request.body[-1] if request.body else b""
    events.append({"type": "http.request", "body": last, "more_body": False})
    events.reverse()

    async def receive() -> Any:
        return events.pop() if events else {"type": "http.disconnect"}

    async def answer(message: Any) -> None:
        said.append(message)

    await app(_scope(request), receive, answer)
    return _reply(said)


def _scope(request: Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote_to_bytes(request.path).decode("utf-8", "surrogateescape"),
        "raw_path": request.path.encode(),
        "query_string": request.query,
        "root_path": "",
        "headers": [*request.headers],
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 4010),
    }


def _reply(said: Sequence[Any]) -> Reply:
    start, *parts = said
    assert start["type"] == "http.response.start", said
    return Reply(
        status=start["status"],
        headers=tuple((bytes(name), bytes(value)) for name, value in start["headers"]),
        content=b"".join(part.get("body", b"") for part in parts),
    )

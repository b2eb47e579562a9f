"""Change requests before the mock sees them, and answers after its own checks have passed them.

Only the API is touched: the control plane, the UI and the served document stay true.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_server.domain.entities import Preset, Room, Session
from mock_server.env import Env
from mock_server.faults.fault import Wrap

_API = "/v1/webinar/"
_PAGES = ("/v1/webinar/ui", "/v1/webinar/openapi.json")
_KINDS: Mapping[str, type[Room | Session | Preset]] = {
    "rooms": Room,
    "sessions": Session,
    "presets": Preset,
}
Json = dict[str, Any]
Headers = tuple[tuple[bytes, bytes], ...]
Resource = Literal["room", "session", "preset"]
_MARKS: Mapping[Resource, frozenset[str]] = {
    "room": frozenset({"host_id", "title"}),
    "session": frozenset({"room_id", "status"}),
    "preset": frozenset({"user_id", "primary_color"}),
}


@dataclass(frozen=True, slots=True)
class Request:
    """Hold a request as the client sent it, body included."""

    env: Env
    scope: Scope
    body: bytes

    @property
    def method(self) -> str:
        """Return the method, in capitals."""
        return str(self.scope["method"])

    @property
    def id(self) -> str:
        """Return the segment of the path that should be an id, empty where there is none."""
        segments = self.scope["path"].removeprefix(_API).split("/")
        known = segments[0] in _KINDS and len(segments) > 1
        return segments[1] if known and segments[1] not in ("my", "live", "stats") else ""

    @property
    def kind(self) -> type[Room | Session | Preset] | None:
        """Return what the path's id is an id of."""
        return _KINDS.get(self.scope["path"].removeprefix(_API).split("/")[0])

    def header(self, name: bytes) -> bytes | None:
        """Return the first value of a header, its name in lower case."""
        return next((value for key, value in self.scope["headers"] if key == name), None)


@dataclass(frozen=True, slots=True)
class Reply:
    """Hold an answer of the mock."""

    status: int
    headers: Headers
    body: bytes

    @property
    def operation(self) -> str | None:
        """Return the operation that answered, None where the path has none."""
        name = self.header(b"x-mock-operation")
        return None if name is None else name.decode()

    @property
    def succeeded(self) -> bool:
        """Tell whether the status is 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004

    @property
    def json(self) -> Json:
        """Return the body, an envelope; empty where there is no body."""
        document: Json = json.loads(self.body) if self.body else {}
        return document

    def header(self, name: bytes) -> bytes | None:
        """Return the first value of a header, its name in lower case."""
        return next((value for key, value in self.headers if key == name), None)

    def with_header(self, name: bytes, value: bytes | None) -> Reply:
        """Return the answer with one value of a header, or with none."""
        kept = tuple(pair for pair in self.headers if pair[0] != name)
        return replace(self, headers=kept if value is None else (*kept, (name, value)))

    def with_json(self, document: Any) -> Reply:
        """Return the answer with another body."""
        return replace(self, body=json.dumps(document, ensure_ascii=False).encode())


Change = Callable[[Request, Reply], Reply]


def is_of_api(scope: Scope) -> bool:
    """Tell whether a request is for the API and not for what the mock has beside it."""
    if scope["type"] != "http" or scope["method"] in ("HEAD", "OPTIONS"):
        return False
    path: str = scope["path"]
    return path.startswith(_API) and not path.startswith(_PAGES)


def answers(change: Change) -> Wrap:
    """Change every answer of the API."""
    return remembering(lambda: change)


def remembering(begin: Callable[[], Change]) -> Wrap:
    """Change every answer; `begin` is called once a mock, so that what it remembers is its own."""

    def wrap(app: ASGIApp, env: Env) -> ASGIApp:
        change = begin()

        async def changed(scope: Scope, receive: Receive, send: Send) -> None:
            if not is_of_api(scope):
                await app(scope, receive, send)
                return
            body, reply = await _exchange(app, scope, receive)
            if reply is not None:
                await _send(send, change(Request(env, scope, body), reply))

        return changed

    return wrap


def requests(change: Callable[[Env, Scope], Scope]) -> Wrap:
    """Change every request of the API before the mock reads it."""

    def wrap(app: ASGIApp, env: Env) -> ASGIApp:
        async def changed(scope: Scope, receive: Receive, send: Send) -> None:
            await app(change(env, scope) if is_of_api(scope) else scope, receive, send)

        return changed

    return wrap


def data_of(operations: Collection[str], change: Callable[[Any], Any]) -> Wrap:
    """Change `data` in the successes of some operations."""

    def rewritten(_: Request, reply: Reply) -> Reply:
        if not reply.succeeded or reply.operation not in operations:
            return reply
        document = reply.json
        return reply.with_json({**document, "data": change(document["data"])})

    return answers(rewritten)


def refusals(change: Callable[[Json], Json]) -> Wrap:
    """Change the envelope of every refusal."""
    return answers(
        lambda _, reply: reply if reply.succeeded else reply.with_json(change(reply.json))
    )


def every(resource: Resource, change: Callable[[Json], Json]) -> Wrap:
    """Change a resource wherever it is in a success, inside others too."""

    def rewritten(_: Request, reply: Reply) -> Reply:
        if not reply.succeeded or not reply.body:
            return reply
        return reply.with_json(changed_within(reply.json, resource, change))

    return answers(rewritten)


def changed_within(value: Any, resource: Resource, change: Callable[[Json], Json]) -> Any:
    """Return a JSON value with every resource of a kind in it changed, the innermost first."""
    if isinstance(value, list):
        return [changed_within(item, resource, change) for item in value]
    if not isinstance(value, dict):
        return value
    inside = {key: changed_within(item, resource, change) for key, item in value.items()}
    return change(inside) if inside.keys() >= _MARKS[resource] else inside


def refusal(reply: Reply, status: int, sentence: str) -> Reply:
    """Return a refusal of the envelope in place of an answer."""
    document = {"success": False, "error": sentence, "timestamp": reply.json["timestamp"]}
    return replace(reply, status=status).with_json(document)


async def _exchange(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[bytes, Reply | None]:
    taken: list[bytes] = []
    given: list[Message] = []

    async def listen() -> Message:
        message = await receive()
        taken.append(message.get("body", b""))
        return message

    async def keep(message: Message) -> None:
        given.append(message)

    await app(scope, listen, keep)
    if not given:
        return b"".join(taken), None
    headers = tuple((name.lower(), value) for name, value in given[0]["headers"])
    body = b"".join(message.get("body", b"") for message in given[1:])
    return b"".join(taken), Reply(given[0]["status"], headers, body)


async def _send(send: Send, reply: Reply) -> None:
    sized = reply.with_header(b"content-length", b"%d" % len(reply.body))
    headers = sized.headers if reply.body else reply.with_header(b"content-length", None).headers
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})

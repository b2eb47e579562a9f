"""The addresses of media, which no contract describes: one table from their prefix to who answers.

Players and encoders are no clients of the API: they send no credentials of it and read no JSON.
What is refused is refused in the API's envelope all the same, and is in the log and the journal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from time import time
from typing import NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.http.answer import refused, send_answer
from mock_server.http.body import ClientGone
from mock_server.http.errors import Headers, Refusal
from mock_server.http.log import RequestLog
from mock_server.http.refusing import Refusals
from mock_server.journal import WORLD
from mock_server.worlds import Worlds


class Asked(NamedTuple):
    """Hold a request for media: `path` without the prefix of its world, which is `world`."""

    method: str
    path: str
    world: str
    scope: Scope
    receive: Receive


class Content(NamedTuple):
    """Hold an answer that is media: its bytes in parts, none of which is copied on its way.

    `headers` are all it has but the length.
    """

    status: int
    headers: Headers
    parts: tuple[bytes | memoryview, ...] = ()
    # What log and journal ask of every answer; no media is kept there.
    body: bytes = b""
    operation: str | None = None
    reason: str | None = None


Handler = Callable[[Asked], Awaitable[Content]]


class Media:
    """Hand requests to the handler of their path's prefix, such as `/hls/`; others go on.

    A handler returns what is sent, or raises what refuses it (`http.refusing`). It answers HEAD as
    GET: the bytes stay here.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        handlers: Mapping[str, Handler],
        worlds: Worlds,
        refusals: Refusals,
        log: RequestLog,
    ) -> None:
        self._app = app
        self._handlers = handlers
        self._worlds = worlds
        self._refusals = refusals
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an HTTP request."""
        handler = self._handler(scope["path"]) if scope["type"] == "http" else None
        if handler is None:
            await self._app(scope, receive, send)
            return
        began = time()
        asked = Asked(scope["method"], scope["path"], scope[WORLD], scope, receive)
        try:
            content = await handler(asked)
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - a bug of the mock must get an answer too
            refusal = self._refusals.of(scope, error)
            answer = refused(refusal, self._worlds.known().clock())
            self._log.request(scope, answer)
            self._worlds.note(scope, asked.path, answer, began)
            await send_answer(scope, send, answer)
        else:
            self._log.request(scope, content)
            await send_content(scope, send, content)

    def _handler(self, path: str) -> Handler | None:
        end = path.find("/", 1) + 1
        return self._handlers.get(path[:end] if end else path)


def late(make: Callable[[], Handler]) -> Handler:
    """Return a handler that is made, with all it imports, when it is first asked."""
    made: list[Handler] = []

    async def answer(asked: Asked) -> Content:
        if not made:
            made.append(make())
        return await made[0](asked)

    return answer


def method_refused(method: str, allowed: tuple[str, ...]) -> Refusal:
    """Return the refusal of a method that an address of media has not, 405 with `Allow`."""
    wanted = ", ".join(allowed)
    sentence = f"{method} is not an operation of this path, must be one of {wanted}"
    return Refusal(405, sentence, headers=((b"allow", wanted.encode()),))


async def send_content(scope: Scope, send: Send, content: Content) -> None:
    """Send media or a file; HEAD gets the headers of GET and no body."""
    length = sum(map(len, content.parts))
    headers = [*content.headers, (b"content-length", b"%d" % length)]
    if content.status in _WITHOUT_LENGTH:
        headers.pop()
    await send({"type": "http.response.start", "status": content.status, "headers": headers})
    if scope["method"] != "HEAD":
        for part in content.parts[:-1]:
            await send({"type": "http.response.body", "body": part, "more_body": True})
    last = content.parts[-1] if content.parts and scope["method"] != "HEAD" else b""
    await send({"type": "http.response.body", "body": last})


# RFC 9110, 8.6 and 15.4.5: none in 204, and in 304 that of the whole.
_WITHOUT_LENGTH = frozenset({204, 304})

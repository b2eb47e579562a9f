"""HTTP/1.1 on one connection: uvicorn's protocol, within limits, refusing in our envelope.

What costs time is done where something is unusual (a head that is not whole, a full house) or ten
times a second for all connections at once, never for each request.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import Server, ServerState

from mock_server.http.answer import Answer, headers_of, refused
from mock_server.http.errors import Refusal
from mock_server.http.gathered import GatheredTransport
from mock_server.http.limits import Limits
from mock_server.http.wire import ABORT

# Told what was refused before it was a request: method, path (both `-` if unknown) and answer.
OnRefusal = Callable[[str, str, Answer], None]
_SHOWN = 200
# The colon, the space and the end of a header's line.
_BETWEEN = 4
_CLOSE = (b"connection", b"close")
_RETRY = ((b"retry-after", b"1"),)
_NOT_HTTP = Refusal(400, "the request is not HTTP/1.1, or a part of it is malformed")


class Door(ServerState):
    """Know every connection of the process, and who may come in."""

    def __init__(self, limits: Limits, on_refusal: OnRefusal) -> None:
        super().__init__()
        self.limits = limits
        self.on_refusal = on_refusal

    def admits(self, comer: Connection) -> bool:
        """Tell whether there is a place for a new connection; one long without use makes room."""
        there: list[Connection] = [
            each
            for each in self.connections
            if isinstance(each, Connection) and each is not comer and each.leaves_since is None
        ]
        if len(there) < self.limits.connections:
            return True
        unused = [each for each in there if each.waits_since is not None]
        oldest = min(unused, key=lambda each: each.waits_since or 0.0, default=None)
        if oldest is None or oldest.waited() < self.limits.spare_seconds:
            return False
        self.connections.discard(oldest)
        oldest.transport.abort()
        return True

    def has_room_to_leave(self) -> bool:
        """Tell whether one more may be told why it is not let in."""
        return len(self.connections) <= self.limits.connections + self.limits.leaving

    def look_after_connections(self) -> None:
        """End those that have used up their time."""
        for connection in tuple(self.connections):
            if isinstance(connection, Connection):
                connection.keep_time()


class LimitedServer(Server):
    """uvicorn's server, with a door.

    `beside` is what runs beside the requests: it ends before their ends are waited for.
    """

    def __init__(self, config: Config, limits: Limits, on_refusal: OnRefusal) -> None:
        super().__init__(config)
        self.server_state: Door = Door(limits, on_refusal)
        self.beside = AsyncExitStack()

    async def on_tick(self, counter: int) -> bool:
        """Do what is done ten times a second."""
        self.server_state.look_after_connections()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: streams without an end would be waited for in vain."""
        await self.beside.aclose()
        await super().shutdown(sockets)


class Connection(HttpToolsProtocol):
    """Read requests from one connection and start the application on each.

    Times in the loop's seconds, None where it is not so: `waits_since` no request is being
    answered, `head_since` there is a first part of a head (or the connection is new),
    `leaves_since` it was refused.
    """

    server_state: Door

    def __init__(
        self,
        config: Config,
        server_state: Door,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits = server_state.limits
        self.waits_since: float | None = self.loop.time()
        self.head_since: float | None = self.waits_since
        self.leaves_since: float | None = None
        # Nothing more is read: the connection ends with the answers that are on their way.
        self._deaf = False
        # Bytes that came since the first part of a head that is not whole yet; 0: no such head.
        self._held = 0
        self._heavy = False
        self._unsent = 0
        self._unread_since = 0.0
        # Where requests were sent before the answer to the last one: all that are not answered.
        self._earlier: list[RequestResponseCycle] = []
        # One for all requests of the connection: one each would be a circle for the collector.
        self._extensions: dict[str, Any] = {ABORT: self._abort}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place, or tell that there is none."""
        super().connection_made(GatheredTransport(transport, self.loop))  # type: ignore[arg-type]
        if len(self.connections) > self.limits.connections and not self.server_state.admits(self):
            if self.server_state.has_room_to_leave():
                self._refuse(_full(self.limits))
            else:
                transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let every application on this connection know."""
        self._let_go()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, as long as the head of a request is not too large."""
        if self._deaf:
            return
        # What came whole in a piece as small as this needs no weighing.
        self._heavy = self._held > 0 or len(data) > self.limits.target
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade:
            # The parser reads no further, so the answer, in our own protocol, is the last one.
            self._end_with(self.cycle)
        except HttpParserError as error:
            known = error.__context__
            self._refuse(known if isinstance(known, Refusal) else _NOT_HTTP)
        else:
            if self._is_amid_head():
                self._hold(len(data))

    def on_headers_complete(self) -> None:
        """Start on a request; raises Refusal, which the parser wraps."""
        if self._heavy:
            self._weigh()
        if len(self.pipeline) >= self.limits.pipelined:
            raise Refusal(503, "too many requests were sent ahead of their answers")
        before = self.cycle
        self.waits_since = self.head_since = None
        self._held = 0
        super().on_headers_complete()
        self.scope["extensions"] = self._extensions
        if self.pipeline:
            self._earlier = [each for each in self._earlier if not each.response_complete]
            self._earlier.append(before)

    def on_response_complete(self) -> None:
        """Go on to the next request; the door keeps the time until it comes."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self.waits_since = self.loop.time()

    def waited(self) -> float:
        """Return for how many seconds the connection has been without a request."""
        return 0.0 if self.waits_since is None else self.loop.time() - self.waits_since

    def keep_time(self) -> None:
        """End the connection if its client has used up the time it has."""
        now, limits = self.loop.time(), self.limits
        if self.leaves_since is not None:
            if now - self.leaves_since > limits.leave_seconds:
                self.transport.abort()
        elif self._leaves_unread(now):
            self.transport.abort()
        elif self.waits_since is None:
            return
        elif self.head_since is None:
            if now - self.waits_since > limits.idle_seconds:
                self.transport.close()
        elif now - self.head_since > limits.head_seconds:
            if self._is_amid_head():
                self._refuse(_slow_head(limits))
            else:
                self.transport.close()

    def _leaves_unread(self, now: float) -> bool:
        unsent = self.transport.get_write_buffer_size()
        if not self._unsent or unsent < self._unsent:
            self._unread_since = now
        self._unsent = unsent
        return bool(unsent) and now - self._unread_since > self.limits.unread_seconds

    def _is_amid_head(self) -> bool:
        return self.scope is not None and "path" not in self.scope

    def _hold(self, came: int) -> None:
        # The first part may have come together with other things, so only what follows is counted.
        self._held = self._held + came if self._held else 1
        if self.head_since is None:
            self.head_since = self.loop.time()
        try:
            self._weigh()
        except Refusal as refusal:
            self._refuse(refusal)

    def _weigh(self) -> None:
        limits = self.limits
        if len(self.url) > limits.target:
            raise Refusal(
                414, f"the request's target is longer than {limits.target:,} bytes, must be shorter"
            )
        whole = sum(len(name) + len(value) + _BETWEEN for name, value in self.headers)
        if whole > limits.headers or self._held > limits.target + limits.headers:
            raise Refusal(
                431,
                f"the request's headers are larger than {limits.headers:,} bytes in all, "
                "must be smaller",
            )

    def _refuse(self, refusal: Refusal) -> None:
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if cycle.response_started or not cycle.more_body:
                # There is a whole request before what is refused: its answer comes, and ends it.
                self._end_with(cycle)
                return
            self._let_go()
        answer = refused(refusal, datetime.now(UTC))
        self.server_state.on_refusal(*self._asked(), answer)
        self._deaf = True
        self.leaves_since = self.loop.time()
        # The client may be sending still: closing now could take the answer away from it.
        self.transport.write(self._written(answer))
        self.transport.write_eof()

    def _end_with(self, cycle: RequestResponseCycle) -> None:
        self._deaf = True
        cycle.keep_alive = False

    def _unanswered(self) -> list[RequestResponseCycle]:
        known = (*self._earlier, self.cycle)
        return [each for each in known if each is not None and not each.response_complete]

    def _let_go(self) -> None:
        for cycle in self._unanswered():
            cycle.disconnected = True
            cycle.message_event.set()
        self.pipeline.clear()

    def _abort(self) -> None:
        unanswered = self._unanswered()
        self._let_go()
        self._deaf = True
        if unanswered and not unanswered[0].response_started:
            self.transport.abort()
        else:
            # What is written already is sent first.
            self.transport.close()

    def _asked(self) -> tuple[str, str]:
        """Return method and path as far as they came, for the log."""
        if self._is_amid_head() and self.url:
            path, _, _ = self.url.partition(b"?")
            return self.parser.get_method().decode(), path[:_SHOWN].decode("latin-1")
        if self.waits_since is None:
            return self.scope["method"], self.scope["path"][:_SHOWN]
        return "-", "-"

    def _written(self, answer: Answer) -> bytes:
        headers = (*self.server_state.default_headers, *headers_of(answer), _CLOSE)
        lines = [b"%s: %s\r\n" % header for header in headers]
        return b"".join([STATUS_LINE[answer.status], *lines, b"\r\n", answer.body])


def _full(limits: Limits) -> Refusal:
    return Refusal(
        503,
        f"{limits.connections:,} connections are open, which is all there may be: "
        "close some, or start with more (`--connections`)",
        headers=_RETRY,
    )


def _slow_head(limits: Limits) -> Refusal:
    return Refusal(
        408,
        f"the request's head was not complete after {limits.head_seconds:g} s, must arrive sooner",
    )

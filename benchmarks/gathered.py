"""uvicorn with its writes gathered: what one turn of the event loop answers is sent at its end.

Usage: python -m benchmarks.gathered APP PORT. A response written at once wakes its reader at
once; on a machine that the clients share, that costs a third of a small answer's processor time.
Gathered, the answers of a turn leave together, and the readers are woken once.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from typing import Any

import uvicorn
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class GatheredTransport:
    """Hold what is written until the end of the loop's turn; anything else is the transport's."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []
        self.is_closing = transport.is_closing

    def write(self, content: bytes) -> None:
        """Keep bytes; all that a turn has written is sent in one call."""
        if not self._held:
            self._loop.call_soon(self._send)
        self._held.append(content)

    def close(self) -> None:
        """Send what is held, then close."""
        self._send()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _send(self) -> None:
        if self._held:
            held, self._held = self._held, []
            self._transport.writelines(held)


class GatheredProtocol(HttpToolsProtocol):
    """uvicorn's protocol on a transport that gathers."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        super().connection_made(GatheredTransport(transport, self.loop))  # type: ignore[arg-type]


def main(app: str, port: int) -> None:
    """Serve an application, named as `module:name`, until a signal."""
    module, _, name = app.partition(":")
    config = uvicorn.Config(
        getattr(importlib.import_module(module), name),
        http=GatheredProtocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
        port=port,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

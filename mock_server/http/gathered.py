"""A connection's writes, gathered: what one turn of the event loop answers is sent at its end.

A client that gets its answer at once is woken at once, and on a machine that clients share the
waking costs more than a small answer does. Gathered, the answers of a turn leave together; nothing
waits where nothing else is due. `docs/decisions/asgi-server.md` has the figures.
"""

from __future__ import annotations

import asyncio
from typing import Any

# Bytes of a write, and a number of writes, that are not held.
_LARGE = 16 * 1024
_MANY = 64


class GatheredTransport:
    """Hold what is written until the end of the loop's turn; anything else is the transport's."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []
        self.is_closing = transport.is_closing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, content: bytes) -> None:
        """Hold bytes until what is due in this turn has been done."""
        if not self._held:
            self._loop.call_soon(self._send)
        self._held.append(content)
        # A long stream must meet the transport's own limit, which makes it wait for its reader.
        if len(content) > _LARGE or len(self._held) > _MANY:
            self._send()

    def write_eof(self) -> None:
        """Send what is held, and that it was all."""
        self._send()
        self._transport.write_eof()

    def close(self) -> None:
        """Send what is held, then close."""
        self._send()
        self._transport.close()

    def abort(self) -> None:
        """Send what is held as far as it goes at once, then end the connection."""
        self._send()
        self._transport.abort()

    def get_write_buffer_size(self) -> int:
        """Return how many bytes are not sent yet."""
        return int(self._transport.get_write_buffer_size()) + sum(map(len, self._held))

    def _send(self) -> None:
        if self._held:
            held, self._held = self._held, []
            if not self._transport.is_closing():
                self._transport.writelines(held)

"""A wire in the middle: passes bytes on and counts how often an answered side asks again."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class Relay:
    """Listen on `port` and pass every connection on to another port of loopback."""

    def __init__(self, target: int) -> None:
        self.round_trips = 0
        self._target = target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open = [self._listening]
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    @contextlib.contextmanager
    def counted(self) -> Iterator[list[int]]:
        """Give a list that holds the number of round trips once the block is done."""
        before, found = self.round_trips, []
        yield found
        found.append(self.round_trips - before)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                self._open += [client, server]
                for each in (client, server):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                answered = threading.Event()
                answered.set()
                for ends in ((client, server, answered, True), (server, client, answered, False)):
                    threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(
        self, source: socket.socket, to: socket.socket, answered: threading.Event, asks: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(1 << 20):
                if not asks:
                    answered.set()
                elif answered.is_set():
                    answered.clear()
                    self.round_trips += 1
                to.sendall(chunk)
        for each in (source, to):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

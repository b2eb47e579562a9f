"""Schemathesis' requests, sent with the suite's manners."""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from schemathesis.core.transport import is_event_stream
from schemathesis.engine import context
from schemathesis.transport.requests import REQUESTS_TRANSPORT, RequestsTransport

from conformance.errors import ReadOnly
from conformance.manners import MOST_BYTES, SAFE, TOO_MANY_REQUESTS, Gate

# Two threads that parse at once break the interpreter before these (python/cpython#106905).
PARSES_IN_THREADS = (3, 11, 8), (3, 12, 1)
PARSED = 256
PART = 64 * 1024


class PoliteTransport(RequestsTransport):
    """Sends a generated request when the gate lets it, and again when the target was busy."""

    def __init__(self, gate: Gate, busy: Callable[[Any, Any], None]) -> None:
        super().__init__()
        self._copy_serializers_from(REQUESTS_TRANSPORT)
        self.gate = gate
        self.busy = busy

    def send(self, case: Any, *, session: Any = None, **more: Any) -> Any:
        """Send a request and return the answer; `busy` is shown each 429, which is none.

        Raises Busy, ReadOnly and Stopped.
        """
        if self.gate.manners.read_only and case.method.upper() not in SAFE:
            raise ReadOnly(f"needs `{case.method}`, and a run of `--profile read-only` only reads")
        if session is None:
            with blind(requests.Session()) as own:
                return self.send(case, session=own, **more)
        gated(session, self.gate)
        waited, attempt = 0.0, 0
        while True:
            response = super().send(case, session=session, **more)
            if response.status_code != TOO_MANY_REQUESTS:
                return response
            self.busy(case, response)
            named = {name: values[0] for name, values in response.headers.items() if values}
            waited = self.gate.after_busy(waited, attempt, named)
            attempt += 1


class GatedAdapter(HTTPAdapter):
    """Sends what is ready to be sent when the gate lets it, and reads the answer, up to a size.

    So a place is held for as long as the target is asked, not while a request is put together.
    """

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self.gate = gate

    def send(self, *given: Any, **more: Any) -> requests.Response:
        """Return an answer that was read to its end; an event stream, which has none, is open.

        Raises RequestException when the answer is larger than any may be, and Stopped.
        """
        with self.gate.passing():
            self.gate.count()
            response = super().send(*given, **more)
            if not is_event_stream(response.headers.get("Content-Type")):
                _read(response)
        return response


def _read(response: requests.Response) -> None:
    content = bytearray()
    for part in response.iter_content(PART):
        content += part
        if len(content) > MOST_BYTES:
            response.close()
            raise requests.RequestException(
                f"the answer has more than {MOST_BYTES:,} bytes", response=response
            )
    response._content = bytes(content)  # noqa: SLF001 - where `content` keeps what it has read


def gated(session: requests.Session, gate: Gate) -> None:
    """Let all that a session sends pass the gate, unless it does."""
    for prefix, adapter in list(session.adapters.items()):
        if not isinstance(adapter, GatedAdapter):
            # In its place: `mount` would move it, before the eyes of threads that send meanwhile.
            session.adapters[prefix] = GatedAdapter(gate)


def blind(session: requests.Session) -> requests.Session:
    """Let a session heed nothing of the environment: no proxy, no `.netrc`.

    pytest changes the environment meanwhile, which a thread that reads it does not survive.
    """
    session.trust_env = False
    return session


@contextmanager
def blind_sessions() -> Iterator[None]:
    """Let the engine make only such sessions, for probes too."""
    make = context.make_session
    context.make_session = lambda *given, **more: blind(make(*given, **more))
    try:
        yield
    finally:
        context.make_session = make


def polite(schema: Any, gate: Gate, busy: Callable[[Any, Any], None]) -> Any:
    """Let a schema send its requests through the gate; return it."""
    transport = PoliteTransport(gate, busy)
    # The transport is a property of the class, and the engine offers no other place for it.
    schema.__class__ = type("PoliteSchema", (type(schema),), {"transport": transport})
    return schema


@contextmanager
def parsed_once() -> Iterator[None]:
    """Let threads parse a piece of Python only once, and one after the other where they must.

    Hypothesis reads the source of each filter anew, to describe it, which no run ever shows.
    What is given more than the source may change the tree, and gets one of its own.
    """
    fixed = next((v for v in PARSES_IN_THREADS if v[:2] == sys.version_info[:2]), (0,))
    turn = nullcontext() if sys.version_info >= fixed else threading.RLock()
    parse = ast.parse

    @lru_cache(maxsize=PARSED)
    def kept(source: str) -> ast.AST:
        return parse(source)

    def once(source: Any, *given: Any, **more: Any) -> Any:
        with turn:
            if given or more or not isinstance(source, str):
                return parse(source, *given, **more)
            return kept(source)

    ast.parse = once
    try:
        yield
    finally:
        ast.parse = parse

"""The suite's own HTTP client: every request is written down, every reply is watched."""

from __future__ import annotations

import ssl
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Any, NoReturn

import httpx

from conformance.contract import Contract, Operation
from conformance.curl import compact
from conformance.errors import Blocked, ReadOnly, Unreachable
from conformance.identities import Identity
from conformance.ledger import CREATES, DELETES, NAMES, STARTS, Entry, Kind, Ledger
from conformance.manners import MOST_BYTES, SAFE, TOO_MANY_REQUESTS, Gate, Manners
from conformance.quiet import Stay
from conformance.reply import MISSING, Reply, Request, parsed

Json = Any
Watcher = Callable[[Reply], None]

ANONYMOUS = None
# An answer may come in parts for so many times as long as the target may be silent.
SLOWEST = 3


DEFAULTS = (
    ("User-Agent", "greenroom-conformance"),
    ("Accept", "application/json"),
    ("Accept-Encoding", "gzip, deflate"),
)
SINGLE = httpx.Limits(max_connections=1, max_keepalive_connections=1)


def new_http_client(manners: Manners | None = None) -> httpx.Client:
    """Return an HTTP client that follows nothing, trusts no environment and keeps connections."""
    manners = manners or Manners()
    return httpx.Client(
        timeout=manners.timeout,
        verify=_trust(manners),
        follow_redirects=False,
        trust_env=False,
        headers=dict(DEFAULTS),
    )


def _trust(manners: Manners) -> ssl.SSLContext:
    given = manners.trust()
    return _public() if given is None else given


@cache
def _public() -> ssl.SSLContext:
    # Read once: these certificates are most of what a client costs.
    return httpx.create_ssl_context(trust_env=False)


class Connections:
    """The connections a run sends its requests on, as many as are under way at once.

    Each is httpx without its client, which follows redirects, keeps cookies and takes its time,
    and without its pool, which looks at every connection for every request.
    """

    def __init__(self, manners: Manners) -> None:
        self._trust = _trust(manners)
        self._idle: deque[httpx.HTTPTransport] = deque()

    @contextmanager
    def one(self) -> Iterator[httpx.HTTPTransport]:
        """Lend a connection for a request, the one that was used last."""
        try:
            lent = self._idle.pop()
        except IndexError:
            lent = httpx.HTTPTransport(verify=self._trust, trust_env=False, limits=SINGLE)
        try:
            yield lent
        finally:
            self._idle.append(lent)

    def close(self) -> None:
        """Close every connection that is not in use."""
        while self._idle:
            self._idle.pop().close()


@dataclass(slots=True)
class Client:
    """Speaks to one target. Safe to use from several threads.

    `scope` is the rule that speaks, by which the ledger knows what it created; `stay` is its place
    where it has one for all that it changes.
    """

    base_url: str
    contract: Contract
    ledger: Ledger
    gate: Gate = field(default_factory=lambda: Gate(Manners()))
    scope: int = 0
    watchers: list[Watcher] = field(default_factory=list)
    admitted: bool = False
    stay: Stay | None = field(default=None, repr=False)
    _connections: Connections | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self._connections is None:
            self._connections = Connections(self.gate.manners)

    @property
    def requests(self) -> int:
        """Return how many requests of the run were sent."""
        return self.gate.requests

    def scoped(self, scope: int) -> Client:
        """Return the client for one rule: the same connections, its own watchers."""
        return replace(self, scope=scope, watchers=[])

    def within(self) -> Client:
        """Return the client for requests whose places at the gate are taken already."""
        return replace(self, admitted=True)

    def send(
        self,
        operation: str,
        id: str | None = None,  # noqa: A002 - the path parameter's name
        *,
        by: Identity | None = ANONYMOUS,
        api_key: str | None = None,
        body: Json = MISSING,
        content: bytes | None = None,
        query: Mapping[str, Any] | list[tuple[str, str]] | None = None,
        headers: Mapping[str, str] | list[tuple[str, str]] | None = None,
        literal: bool = False,
    ) -> Reply:
        """Send one request of the contract's operation and return the reply.

        `body` is sent as JSON; `content` is sent as it is, without a Content-Type unless
        `headers` give one. Raises Unreachable when no answer comes.
        """
        found = self.contract.operations[operation]
        path = found.path.replace("{id}", id) if id is not None else found.path
        sent = list(headers.items() if isinstance(headers, Mapping) else headers or ())
        if by is not None:
            sent.append(("Authorization", f"Bearer {by.token}"))
        if api_key is not None:
            sent.append(("X-API-Key", api_key))
        if body is not MISSING:
            content = compact(body)
            sent.append(("Content-Type", "application/json"))
        url = httpx.URL(self.base_url + path, params=query) if query else self.base_url + path
        request = Request(operation, found.method, str(url), tuple(sent), content, literal)
        return self._recorded(found, request, by)

    def raw(
        self,
        method: str,
        path: str,
        *,
        by: Identity | None = ANONYMOUS,
        content: bytes | None = None,
    ) -> Reply:
        """Send a request to a path below the base that need not be in the contract."""
        sent = [("Authorization", f"Bearer {by.token}")] if by is not None else []
        request = Request(None, method, self.base_url + path, tuple(sent), content)
        return self._watched(self.exchange(request))

    def exchange(self, request: Request) -> Reply:
        """Send a request and return the reply, without recording it.

        A busy target (429) gets the time it asks for; only what follows is an answer. Raises
        Unreachable, ReadOnly and Stopped.
        """
        if self.gate.manners.read_only and request.method not in SAFE:
            raise ReadOnly(
                f"needs `{request.method}`, and a run of `--profile read-only` only reads"
            )
        waited, attempt = 0.0, 0
        while True:
            reply = self._answer(request)
            if reply.status != TOO_MANY_REQUESTS:
                return reply
            self._watched(reply)
            waited = self.gate.after_busy(waited, attempt, reply.headers)
            attempt += 1

    def close(self) -> None:
        """Close every connection."""
        if self._connections is not None:
            self._connections.close()

    def _recorded(self, operation: Operation, request: Request, by: Identity | None) -> Reply:
        kind = CREATES.get(operation.id)
        entry = None
        if kind and not self.gate.manners.read_only:
            room = request.url.split("/")[-2] if kind == "session" else None
            named = _named(request.body(), NAMES.get(kind))
            entry = self._intended(kind, by.name if by else "nobody", room, named)
        reply = self.exchange(request)
        if entry is not None:
            settle(self.ledger, entry, reply)
        note(self.ledger, operation, request.url, reply.status)
        return self._watched(reply)

    def _intended(self, kind: Kind, owner: str, room: str | None, name: str | None) -> Entry:
        """Write down what is about to be created.

        Whoever has to wait until others remove something does not keep them from it meanwhile.
        """
        if self.stay is None:
            return self.ledger.intend(kind, owner, scope=self.scope, room=room, name=name)
        more: Any = {"scope": self.scope, "room": room, "name": name}
        try:
            return self.ledger.intend(kind, owner, patient=False, **more)
        except Blocked:
            with self.stay.aside():
                return self.ledger.intend(kind, owner, **more)

    def _watched(self, reply: Reply) -> Reply:
        for watcher in self.watchers:
            watcher(reply)
        return reply

    def _answer(self, request: Request) -> Reply:
        tries = 2 if request.method in SAFE else 1
        prepared = _prepared(request, self.gate.manners.timeout)
        for attempt in range(tries):
            try:
                # A place is held for as long as the target is asked: no longer.
                with self._movement(request), self._admission():
                    self.gate.count()
                    answer, whole = self._received(request, prepared)
                return Reply(
                    request, answer.status_code, _flat(answer.headers), whole, parsed(whole)
                )
            except (httpx.TransportError, httpx.DecodingError) as error:
                if attempt == tries - 1:
                    _no_answer(request, error)
        raise AssertionError("a loop that tries at least once returns or raises")

    def _admission(self) -> AbstractContextManager[None]:
        return nullcontext() if self.admitted else self.gate.passing()

    def stillness(self) -> AbstractContextManager[None]:
        """Hold the place of one before whose eyes nothing of this run may change."""
        return self.stay.watching() if self.stay else self.gate.quiet.still()

    def _movement(self, request: Request) -> AbstractContextManager[None]:
        placed = self.stay is not None or request.method in SAFE
        return nullcontext() if placed else self.gate.quiet.moving()

    def _received(self, request: Request, prepared: httpx.Request) -> tuple[httpx.Response, bytes]:
        if self._connections is None:
            raise AssertionError("a client has connections from its beginning")
        latest = time.monotonic() + SLOWEST * self.gate.manners.timeout
        with self._connections.one() as connection:
            answer = connection.handle_request(prepared)
            try:
                return answer, _whole(request, answer, latest)
            finally:
                answer.close()


def _whole(request: Request, answer: httpx.Response, latest: float) -> bytes:
    content = bytearray()
    for part in answer.iter_bytes():
        content += part
        if len(content) > MOST_BYTES:
            _no_answer(request, OverflowError(f"more than {MOST_BYTES:,} bytes"))
        if time.monotonic() > latest:
            _no_answer(request, TimeoutError("the answer trickles in"))
    return bytes(content)


def _prepared(request: Request, timeout: float) -> httpx.Request:
    """Return a request as httpx sends it: what is given comes instead of the defaults."""
    given = {name.lower() for name, _ in request.headers}
    headers = [pair for pair in DEFAULTS if pair[0].lower() not in given]
    waits = dict.fromkeys(("connect", "read", "write", "pool"), timeout)
    return httpx.Request(
        request.method,
        _url(request.url),
        headers=[*headers, *request.headers],
        content=request.content,
        extensions={"timeout": waits},
    )


@lru_cache(maxsize=1024)
def _url(text: str) -> httpx.URL:
    return httpx.URL(text)


def _named(body: Json, field_name: str | None) -> str | None:
    found = body.get(field_name) if isinstance(body, dict) and field_name else None
    return found if isinstance(found, str) else None


def note(ledger: Ledger, operation: Operation, url: str, status: int) -> None:
    """Note in the ledger what an answer says became of something that exists."""
    if status != operation.success:
        return
    parts = url.partition("?")[0].split("/")
    if operation.id in DELETES:
        ledger.gone(parts[-1])
    elif operation.id in STARTS or operation.id == "end_session":
        ledger.lives(parts[-2], operation.id in STARTS)


def settle(ledger: Ledger, entry: Entry, reply: Reply) -> None:
    """Complete a ledger entry with what the target answered."""
    created = find_created(entry.kind, reply.json)
    if created is not None:
        ledger.confirm(entry, created)
    elif 400 <= reply.status < 500:  # noqa: PLR2004 - refused: nothing was made
        ledger.strike(entry)


def find_created(kind: str, body: Json) -> str | None:
    """Return the id of what an answer says was created, wherever it says so."""
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        return None
    inner = data.get({"viewer": "user"}.get(kind, kind))
    for place in (inner, data):
        if isinstance(place, dict) and _is_uuid(place.get("id")):
            return str(place["id"])
    return None


def _is_uuid(value: object) -> bool:
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return True


def _no_answer(request: Request, error: Exception) -> NoReturn:
    kind = type(error).__name__
    raise Unreachable(f"`{request.method} {request.url}` got no answer: {kind} {error}") from error


def _flat(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}

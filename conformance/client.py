"""The suite's own HTTP client: every request is written down, every reply is watched."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import httpx

from conformance.contract import Contract, Operation
from conformance.curl import compact
from conformance.errors import Unreachable
from conformance.identities import Identity
from conformance.ledger import CREATES, DELETES, Entry, Ledger
from conformance.reply import MISSING, Reply, Request, parsed

Json = Any
Watcher = Callable[[Reply], None]

TIMEOUT = 10.0
TRIES_WHEN_BUSY = 6
LONGEST_WAIT = 5.0
ANONYMOUS = None


def new_http_client() -> httpx.Client:
    """Return an HTTP client that follows nothing, trusts no environment and keeps connections."""
    return httpx.Client(
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
        limits=httpx.Limits(max_connections=32, max_keepalive_connections=32),
        headers={"User-Agent": "greenroom-conformance", "Accept": "application/json"},
    )


@dataclass(slots=True)
class Client:
    """Speaks to one target. Safe to use from several threads."""

    base_url: str
    contract: Contract
    ledger: Ledger
    watchers: list[Watcher] = field(default_factory=list)
    requests: int = 0
    _http: httpx.Client = field(default_factory=new_http_client, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

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
        """Send a request and return the reply, without recording or watching it."""
        for attempt in range(TRIES_WHEN_BUSY):
            answer = self._answer(request)
            wait = _wait_asked_for(answer)
            if wait is None or attempt == TRIES_WHEN_BUSY - 1:
                break
            time.sleep(wait)
        with self._lock:
            self.requests += 1
        return Reply(
            request=request,
            status=answer.status_code,
            headers=_flat(answer.headers),
            content=answer.content,
            json=parsed(answer.content),
        )

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def _recorded(self, operation: Operation, request: Request, by: Identity | None) -> Reply:
        kind = CREATES.get(operation.id)
        entry = self.ledger.intend(kind, by.name if by else "nobody") if kind else None
        reply = self.exchange(request)
        if entry is not None:
            settle(self.ledger, entry, reply)
        if operation.id in DELETES and reply.status == operation.success:
            self.ledger.gone(request.url.rpartition("/")[2])
        return self._watched(reply)

    def _watched(self, reply: Reply) -> Reply:
        for watcher in self.watchers:
            watcher(reply)
        return reply

    def _answer(self, request: Request) -> httpx.Response:
        tries = 2 if request.method == "GET" else 1
        for attempt in range(tries):
            try:
                return self._http.request(
                    request.method,
                    request.url,
                    headers=list(request.headers),
                    content=request.content,
                )
            except (httpx.TransportError, httpx.DecodingError) as error:
                if attempt == tries - 1:
                    _no_answer(request, error)
        raise AssertionError("a loop that tries at least once returns or raises")


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


def _wait_asked_for(answer: httpx.Response) -> float | None:
    """Return the seconds a busy target asks us to wait, None when it is not busy."""
    if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
        return None
    try:
        return min(float(answer.headers.get("Retry-After", "")), LONGEST_WAIT)
    except ValueError:
        return 1.0


def _flat(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}

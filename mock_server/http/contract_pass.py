"""The one pass every request of the contract takes, in the order the contract gives.

path (404, 405) → credentials (401) → parameters, size, type, JSON (400, 413, 415) → schema and
values (422) → role (403) → the handler, in one transaction → the answer, checked → bytes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import orjson
from connexion.http_facts import METHODS
from connexion.middleware.abstract import SpecMiddleware
from connexion.resolver import Resolver
from connexion.spec import Specification
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.domain.entities import User
from mock_server.domain.errors import DomainError, Forbidden, Unprocessable
from mock_server.env import Call, Env
from mock_server.http.answer import Answer, refused, send_answer
from mock_server.http.body import ClientGone, parse_body, read_body
from mock_server.http.errors import ContractBreach, Refusal, refusal_of
from mock_server.http.headers import RequestHeaders
from mock_server.http.kept import KeptAnswers
from mock_server.http.log import RequestLog
from mock_server.http.operation import BodyPlan, NeedsOf, Operation, ValueCheck, compile_operation
from mock_server.http.origin import OriginReader
from mock_server.http.parameters import read_query, read_uuid
from mock_server.http.routes import Routes, allow_header
from mock_server.http.security import Authenticator
from mock_server.http.validation import SchemaSet, findings
from mock_server.storage.protocol import AT_ONCE, Needs, StorageError, Transaction

_NO_BODY: Mapping[str, Any] = {}
_RETRY = ((b"retry-after", b"1"),)
# What a request asks for when it is found good: the path's id or nothing, the query, the body.
_Asked = tuple[str, Mapping[str, int], Mapping[str, Any]]


class _Request(NamedTuple):
    operation: Operation
    path_id: str
    scope: Scope
    headers: RequestHeaders
    now: datetime


class ContractPass(SpecMiddleware):  # type: ignore[misc]
    """Serve the operations of each specification added; other paths go on to the next app."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        env: Env,
        log: RequestLog,
        value_checks: Mapping[str, ValueCheck],
        needs: Mapping[str, NeedsOf],
        keeps: Collection[str],
    ) -> None:
        self._app = app
        self._env = env
        self._log = log
        self._value_checks = value_checks
        self._needs = needs
        self._keeps = keeps
        self._kept = KeptAnswers(env.store)
        # Memory and SQLite answer at once, on the event loop; a store that waits on a network
        # does so in a thread. This is where that is chosen.
        self._threads = ThreadPoolExecutor(AT_ONCE) if env.store.blocking else None
        self._authenticator = Authenticator(env.settings.token_secret)
        self._origin = OriginReader(env.settings)
        self._routes: Routes[Operation] = Routes()

    def add_api(
        self,
        specification: Specification,
        *,
        base_path: str | None = None,
        resolver: Resolver | None = None,
        **_: Any,
    ) -> None:
        """Compile every operation of a specification (called by connexion).

        Raises connexion's ResolverError for an operation without a handler.
        """
        schemas = SchemaSet(specification.raw)
        base = base_path or specification.base_path
        for path, methods in specification.raw["paths"].items():
            for method in METHODS & methods.keys():
                operation = specification.operation_cls.from_spec(
                    specification, path=path, method=method, resolver=resolver
                )
                compiled = compile_operation(
                    specification,
                    schemas,
                    operation,
                    value_checks=self._value_checks,
                    needs=self._needs,
                    keeps=self._keeps,
                )
                self._routes.add(f"{base}{path}", method, compiled)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an HTTP request."""
        matched = self._routes.match(scope["path"]) if scope["type"] == "http" else None
        if matched is None:
            await self._app(scope, receive, send)
            return
        methods, path_id = matched
        answer = await self._answer(methods, path_id, scope, receive)
        if answer is None:
            return
        self._env.counters.requests += 1
        self._log.request(scope, answer)
        await send_answer(scope, send, answer)

    async def _answer(
        self, methods: Mapping[str, Operation], path_id: str, scope: Scope, receive: Receive
    ) -> Answer | None:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        operation = methods.get(method)
        name = operation.id if operation else None
        now = self._env.clock()
        try:
            if operation is None:
                return _without_operation(method, methods)
            headers = RequestHeaders.read(scope["headers"])
            if not operation.writes:
                # Readings happen on whole seconds: `kept` says why.
                now = now.replace(microsecond=0)
            request = _Request(operation, path_id, scope, headers, now)
            if operation.kept and self._threads is None:
                return self._answer_again(request)
            return Answer(operation.success, await self._perform(request, receive), operation=name)
        except ClientGone:
            return None
        except Exception as error:  # noqa: BLE001 - a bug of the mock must get an answer too
            return refused(self._refusal_of(error, scope), now, operation=name)

    def _refusal_of(self, error: Exception, scope: Scope) -> Refusal:
        match error:
            case Refusal():
                return error
            case DomainError():
                return refusal_of(error)
            case StorageError():
                return Refusal(503, str(error), headers=_RETRY)
            case _:
                self._env.counters.contract_breaches += isinstance(error, ContractBreach)
                return Refusal(500, self._log.bug(scope, error))

    def _answer_again(self, request: _Request) -> Answer:
        operation, scope, headers = request.operation, request.scope, request.headers
        addresses = self._origin.addresses(scope, headers.host)
        question = (
            operation.id,
            request.path_id,
            scope["query_string"],
            headers.authorization,
            headers.api_keys,
            addresses.base_url,
        )
        answer = self._kept.find(question, request.now)
        if answer is None:
            caller = None if operation.public else self._identify(request)
            body = self._perform_here(request, caller, (*_parameters(request), _NO_BODY))
            answer = Answer(operation.success, body, operation=operation.id)
            self._kept.keep(question, answer)
        return answer

    async def _perform(self, request: _Request, receive: Receive) -> bytes:
        if self._threads is not None:
            return await self._perform_in_thread(request, receive)
        caller = None if request.operation.public else self._identify(request)
        return self._perform_here(request, caller, await _checked_request(request, receive))

    def _identify(self, request: _Request) -> User:
        headers = request.headers
        with self._env.store.read() as tx:
            return self._authenticator.identify(
                headers.authorization, headers.api_keys, tx, request.now
            )

    def _perform_here(self, request: _Request, caller: User | None, asked: _Asked) -> bytes:
        operation, now = request.operation, request.now
        _require_role(operation, caller)
        addresses = self._origin.addresses(request.scope, request.headers.host)
        store = self._env.store
        with store.write() if operation.writes else store.read() as tx:
            call = Call(self._env, tx, operation.id, now, addresses, caller, *asked)
            return _checked_answer(operation, operation.handler(call), now)

    async def _perform_in_thread(self, request: _Request, receive: Receive) -> bytes:
        """Do the same for a store on a network: all it is asked in one transaction, in a thread."""
        asked: _Asked | Exception
        try:
            asked = await _checked_request(request, receive)
        except (Refusal, DomainError) as refusal:
            asked = refusal
        work = partial(self._work, request, asked)
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _work(self, request: _Request, asked: _Asked | Exception) -> bytes:
        operation, headers, now = request.operation, request.headers, request.now
        if isinstance(asked, Exception):
            # Credentials are refused first.
            if not operation.public:
                self._identify(request)
            raise asked
        addresses = self._origin.addresses(request.scope, headers.host)
        with self._transaction(operation, headers, asked) as tx:
            caller = None
            if not operation.public:
                given = headers.authorization, headers.api_keys
                caller = self._authenticator.identify(*given, tx, now)
            _require_role(operation, caller)
            call = Call(self._env, tx, operation.id, now, addresses, caller, *asked)
            return _checked_answer(operation, operation.handler(call), now)

    def _transaction(
        self, operation: Operation, headers: RequestHeaders, asked: _Asked
    ) -> AbstractContextManager[Transaction]:
        store = self._env.store
        credentials = self._authenticator.needed(headers.authorization, headers.api_keys)
        if not operation.public and not credentials:
            # Nobody will be let in: ask for nothing.
            return store.read()
        if operation.needs is not None:
            path_id, _, body = asked
            caller_id = next((each for kind, each in credentials if kind is User), "")
            needs = operation.needs(path_id, body, caller_id)
        elif operation.writes:
            return store.write()
        elif operation.public:
            return store.read()
        else:
            needs = Needs()
        if not operation.public:
            needs = replace(needs, entities=(*credentials, *needs.entities))
        return store.write(needs) if operation.writes else store.read(needs)


def _without_operation(method: str, methods: Mapping[str, Operation]) -> Answer:
    allow = allow_header(methods)
    if method == "OPTIONS":
        return Answer(204, b"", headers=((b"allow", allow),))
    sentence = f"{method} is not an operation of this path, must be one of {allow.decode()}"
    raise Refusal(405, sentence, headers=((b"allow", allow),))


async def _checked_request(request: _Request, receive: Receive) -> _Asked:
    operation = request.operation
    path_id, query = _parameters(request)
    body = _NO_BODY
    if operation.body is not None:
        raw = await read_body(receive)
        body = _checked_body(operation, operation.body, raw, request.headers.content_type)
        if operation.check_values is not None:
            operation.check_values(body, request.now)
    return path_id, query, body


def _parameters(request: _Request) -> tuple[str, Mapping[str, int]]:
    operation, path_id = request.operation, request.path_id
    if operation.has_id:
        path_id = read_uuid("id", path_id)
    return path_id, read_query(operation.query, request.scope["query_string"])


def _require_role(operation: Operation, caller: User | None) -> None:
    if caller is not None and operation.roles and caller.role not in operation.roles:
        wanted = " or ".join(f"`{role}`" for role in sorted(operation.roles))
        raise Forbidden(f"`{operation.id}`: caller's role is `{caller.role}`, must be {wanted}")


def _checked_body(
    operation: Operation, plan: BodyPlan, raw: bytes, content_type: bytes | None
) -> Mapping[str, Any]:
    if not raw:
        if plan.required:
            raise Refusal(400, f"`{operation.id}`: the body is missing, must be a JSON object")
        return _NO_BODY
    body = parse_body(raw, content_type)
    if not plan.validator.is_valid(body):
        found = findings(plan.validator, body)
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise Unprocessable(f"`{operation.id}`: {found[0]}{more}", detail="; ".join(found))
    checked: Mapping[str, Any] = body
    return checked


def _checked_answer(operation: Operation, data: Any, now: datetime) -> bytes:
    payload = {"success": True, "data": data, "timestamp": int(now.timestamp())}
    if not operation.answer.is_valid(payload):
        found = "; ".join(findings(operation.answer, payload))
        raise ContractBreach(f"`{operation.id}`: the answer breaks the contract: {found}")
    try:
        return orjson.dumps(payload)
    except TypeError:
        # A page number may be any integer; orjson writes those of 64 bits.
        return json.dumps(payload).encode()

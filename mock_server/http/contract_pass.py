"""The one pass every request of the contract takes, in the order the contract gives.

path (404, 405) → world → credentials (401) → parameters, size, type, JSON (400, 413, 415) → schema
and values (422) → role (403) → the handler, in one transaction → the answer, checked → bytes.

Here the contract is compiled and the path is found; `request` has the checks, `perform` the order.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from time import time
from typing import Any

from connexion.http_facts import METHODS
from connexion.middleware.abstract import SpecMiddleware
from connexion.resolver import Resolver
from connexion.spec import Specification
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.env import Common
from mock_server.http.answer import Answer, refused, send_answer
from mock_server.http.body import ClientGone
from mock_server.http.errors import Refusal
from mock_server.http.headers import RequestHeaders
from mock_server.http.injected import FAULTY, Faulty, FaultyApps, faulty_scope, repeating
from mock_server.http.log import RequestLog
from mock_server.http.operation import (
    Handler,
    NeedsOf,
    Operation,
    ValueCheck,
    compile_operation,
)
from mock_server.http.origin import OriginReader
from mock_server.http.perform import AtOnce, InThread, Perform
from mock_server.http.refusing import Refusals
from mock_server.http.request import Request
from mock_server.http.routes import Routes, allow_header
from mock_server.http.security import Authenticator
from mock_server.http.selection import select_by_headers, select_by_path
from mock_server.http.stream import send_stream
from mock_server.http.validation import SchemaSet
from mock_server.http.wire import send_on
from mock_server.journal import WORLD
from mock_server.worlds import Worlds


class ContractPass(SpecMiddleware):  # type: ignore[misc]
    """Serve the operations of each specification added; other paths go on to the next app."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        worlds: Worlds,
        common: Common,
        log: RequestLog,
        value_checks: Mapping[str, ValueCheck],
        needs: Mapping[str, NeedsOf],
        keeps: Collection[str],
        alone: Collection[str],
        faulty: FaultyApps | None = None,
    ) -> None:
        self._app = app
        self._faulty = faulty
        self._worlds = worlds
        self._common = common
        self._log = log
        self._refusals = Refusals(common.counters, log)
        self._value_checks = value_checks
        self._needs = needs
        self._keeps = keeps
        self._alone = alone
        parts = (
            worlds,
            common.answers,
            Authenticator(
                common.settings.token_secret,
                stand_in=worlds.host_of if common.settings.auth == "off" else None,
            ),
            OriginReader(common.settings),
            self._refuse,
        )
        self._perform: Perform = InThread(*parts) if common.store.blocking else AtOnce(*parts)
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
        document = specification.raw

        def handler_of(path: str, method: str) -> Handler:
            operation = specification.operation_cls.from_spec(
                specification, path=path, method=method, resolver=resolver
            )
            found: Handler = operation.function
            return found

        self.add(document, base_path or specification.base_path, handler_of)

    def add(
        self, document: dict[str, Any], base: str, handler_of: Callable[[str, str], Handler]
    ) -> None:
        """Compile every operation of a document; a handler is asked for by path and method."""
        schemas = SchemaSet(document)
        for path, methods in document["paths"].items():
            for method in METHODS & methods.keys():
                compiled = compile_operation(
                    document,
                    schemas,
                    path,
                    method,
                    handler_of(path, method),
                    value_checks=self._value_checks,
                    needs=self._needs,
                    keeps=self._keeps,
                    alone=self._alone,
                )
                self._routes.add(f"{base}{path}", method, compiled)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an HTTP request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time()
        path, world = select_by_path(scope["path"])
        matched = self._routes.match(path)
        try:
            if matched is None:
                self._require_no_fault(world, scope)
                name = world or select_by_headers(RequestHeaders.read(scope["headers"]))
                await self._app({**scope, "path": path, WORLD: name}, receive, send)
                return
            answer = await self._answer(*matched, world, scope, receive)
        except ClientGone:
            return
        except Faulty as found:
            assert self._faulty is not None, "only who knows faulty applications is sent there"
            app = self._faulty.find(self, self._app, found)
            await app(faulty_scope(scope, path, found), repeating(found.heard, receive), send)
            return
        self._common.counters.requests += 1
        self._log.request(scope, answer)
        self._worlds.note(scope, path, answer, began)
        if answer.stream is not None:
            await send_stream(scope, receive, send, answer, answer.stream)
        elif answer.wire is None:
            await send_answer(scope, send, answer)
        else:
            await send_on(answer.wire, scope, receive, send, answer)

    async def _answer(
        self,
        methods: Mapping[str, Operation],
        parameter: str,
        world: str | None,
        scope: Scope,
        receive: Receive,
    ) -> Answer:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        operation = methods.get(method)
        headers = RequestHeaders.read(scope["headers"])
        scope[WORLD] = name = select_by_headers(headers) if world is None else world
        if operation is None:
            self._require_no_fault(world, scope)
            return self._without_operation(method, methods)
        return await self._perform(Request(operation, parameter, scope, headers, name), receive)

    def _require_no_fault(self, world: str | None, scope: Scope) -> None:
        """Raise Faulty where a path or method that is none is in a world with a mistake."""
        path = select_by_path(scope["path"]).path
        if self._faulty is None or FAULTY in scope or not self._faulty.concerns(path):
            return
        name = world or select_by_headers(RequestHeaders.read(scope["headers"]))
        env = self._worlds.seen(name)
        if env is None:
            return
        if not self._common.store.blocking:
            env = self._worlds.find(name)
        if env.world.faults:
            from mock_server.injection.meet import contract_faults  # noqa: PLC0415 - few have any

            names = contract_faults(self._common.answers, env, env.clock())
            if names:
                raise Faulty(name, names)

    def _without_operation(self, method: str, methods: Mapping[str, Operation]) -> Answer:
        allow = ((b"allow", allow_header(methods)),)
        if method == "OPTIONS":
            return Answer(204, b"", headers=allow)
        wanted = allow[0][1].decode()
        sentence = f"{method} is not an operation of this path, must be one of {wanted}"
        return refused(Refusal(405, sentence, headers=allow), self._worlds.known().clock())

    def _refuse(self, request: Request, error: Exception, now: datetime) -> Answer:
        return refused(self._refusals.of(request.scope, error), now, operation=request.operation.id)

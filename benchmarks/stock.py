"""Our operations behind connexion as it comes: its routing, security, validation, serialiser.

What connexion knows nothing of stands in the handler, where its users put it: roles, values that
no schema can describe, a transaction, the envelope.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import connexion
from connexion.exceptions import OAuthProblem
from connexion.options import SwaggerUIOptions
from connexion.resolver import Resolver
from connexion.security import ApiKeySecurityHandler, BearerSecurityHandler

from mock_server import operations
from mock_server.app import API_BASE
from mock_server.domain.entities import User
from mock_server.domain.errors import DomainError, Forbidden
from mock_server.env import Call, Env
from mock_server.http.errors import refusal_of
from mock_server.http.security import Authenticator
from mock_server.media.ingress import Addresses


def build(env: Env, contract: Mapping[str, Any], *, validate_responses: bool = False) -> Any:
    """Return the ASGI application; responses are not validated by default, as in connexion."""
    document = deepcopy(dict(contract))
    stock = connexion.AsyncApp(__name__, swagger_ui_options=SwaggerUIOptions(swagger_ui=False))
    stock.add_api(
        document,
        base_path=API_BASE,
        resolver=Resolver(_handlers(env, document).__getitem__),
        security_map=_security(env),
        validate_responses=validate_responses,
    )
    return stock


def _security(env: Env) -> dict[str, type[Any]]:
    authenticator = Authenticator(env.settings.token_secret)

    def identified(tokens: list[bytes], keys: list[bytes]) -> dict[str, Any]:
        try:
            with env.store.read() as tx:
                user = authenticator.identify(tokens, keys, tx, env.clock())
        except DomainError as error:
            raise OAuthProblem(detail=str(error)) from None
        return {"sub": user.id, "user": user}

    # connexion finds such functions by name in a module; these belong to one application.
    class Bearer(BearerSecurityHandler):  # type: ignore[misc]
        def _resolve_func(self, _: Any) -> Callable[[str], dict[str, Any]]:
            return lambda token: identified([f"Bearer {token}".encode()], [])

    class ApiKey(ApiKeySecurityHandler):  # type: ignore[misc]
        def _resolve_func(self, _: Any) -> Callable[[str], dict[str, Any]]:
            return lambda key: identified([], [key.encode()])

    return {"bearer": Bearer, "apiKey": ApiKey}


@dataclass(frozen=True, slots=True)
class _Operation:
    env: Env
    name: str
    reads: bool
    success: int
    roles: tuple[str, ...]

    def answer(
        self, user: User | None, path_id: str, query: Mapping[str, int], body: Mapping[str, Any]
    ) -> tuple[dict[str, Any], int, dict[str, str]]:
        now = self.env.clock()
        if self.reads:
            # What time does, it does on whole seconds.
            now = now.replace(microsecond=0)
        try:
            data = self._perform(now, user, path_id, query, body)
        except DomainError as error:
            refusal = refusal_of(error)
            headers = {name.decode(): value.decode() for name, value in refusal.headers}
            said = {"error": refusal.sentence}
            if refusal.detail is not None:
                said["message"] = refusal.detail
            return {"success": False, **said, "timestamp": _seconds(now)}, refusal.status, headers
        return {"success": True, "data": data, "timestamp": _seconds(now)}, self.success, {}

    def _perform(
        self,
        now: datetime,
        user: User | None,
        path_id: str,
        query: Mapping[str, int],
        body: Mapping[str, Any],
    ) -> Any:
        check_values = operations.VALUE_CHECKS.get(self.name)
        if check_values is not None:
            check_values(body, now)
        if user is not None and self.roles and user.role not in self.roles:
            wanted = " or ".join(f"`{role}`" for role in self.roles)
            raise Forbidden(f"`{self.name}`: caller's role is `{user.role}`, must be {wanted}")
        url = connexion.request.url
        addresses = Addresses.under(f"{url.scheme}://{url.netloc}")
        with self.env.store.write() as tx:
            call = Call(self.env, tx, self.name, now, addresses, user, path_id, query, body)
            return operations.HANDLERS[self.name](call)


def _seconds(now: datetime) -> int:
    return int(now.timestamp())


def _handlers(env: Env, document: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
    handlers = {}
    for methods in document["paths"].values():
        for method, written in methods.items():
            success = min(int(status) for status in written["responses"] if status < "3")
            roles = tuple(written.get("x-roles", ()))
            operation = _Operation(env, written["operationId"], method == "get", success, roles)
            handlers[operation.name] = _handler(operation)
    return handlers


def _handler(operation: _Operation) -> Callable[..., Any]:
    async def handle(
        id: str = "",  # noqa: A002 - the contract's parameter is called so
        page: int = 1,
        limit: int = 10,
        body: dict[str, Any] | None = None,
        token_info: dict[str, Any] | None = None,
    ) -> Any:
        user = (token_info or {}).get("user")
        return operation.answer(user, id.lower(), {"page": page, "limit": limit}, body or {})

    return handle

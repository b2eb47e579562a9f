"""Our operations served by connexion as it comes: its routing, security, validation, serialiser.

Response validation is off, as by default. Usage: uvicorn benchmarks.stock_connexion:app
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import connexion
from connexion.exceptions import OAuthProblem
from connexion.options import SwaggerUIOptions
from connexion.resolver import Resolver

from mock_server import operations
from mock_server.app import API_BASE, build_env
from mock_server.contract.load import bundle_path, load_contract
from mock_server.domain.errors import DomainError
from mock_server.env import Call
from mock_server.http.errors import STATUSES
from mock_server.http.security import Authenticator
from mock_server.media.ingress import Addresses
from mock_server.settings import Settings

CONTRACT = load_contract(bundle_path("openapi"))
ENV = build_env(Settings(), CONTRACT)
AUTHENTICATOR = Authenticator(ENV.settings.token_secret)
ADDRESSES = Addresses.under("http://127.0.0.1:4010")


def bearer_info(token: str) -> dict[str, Any]:
    """Return who a bearer token is of."""
    return _identified([f"Bearer {token}".encode()], [])


def key_info(key: str) -> dict[str, Any]:
    """Return who an API key is of."""
    return _identified([], [key.encode()])


def _identified(tokens: list[bytes], keys: list[bytes]) -> dict[str, Any]:
    try:
        with ENV.store.read() as tx:
            user = AUTHENTICATOR.identify(tokens, keys, tx, ENV.clock())
    except DomainError as error:
        raise OAuthProblem(detail=str(error)) from None
    return {"sub": user.id, "user": user}


def _handler(name: str) -> Callable[..., Any]:
    operation = operations.HANDLERS[name]

    async def handle(
        id: str = "",  # noqa: A002 - the contract's parameter is called so
        page: int = 1,
        limit: int = 10,
        body: dict[str, Any] | None = None,
        token_info: dict[str, Any] | None = None,
    ) -> Any:
        now = ENV.clock()
        user = (token_info or {}).get("user")
        query = {"page": page, "limit": limit}
        with ENV.store.write() as tx:
            call = Call(ENV, tx, name, now, ADDRESSES, user, id, query, body or {})
            try:
                data = operation(call)
            except DomainError as error:
                return {"success": False, "error": str(error)}, STATUSES[type(error)]
        return {"success": True, "data": data, "timestamp": int(now.timestamp())}

    return handle


def build() -> Any:
    """Return the ASGI application."""
    for scheme in CONTRACT["components"]["securitySchemes"].values():
        if scheme["type"] == "http":
            scheme["x-bearerInfoFunc"] = f"{__name__}.bearer_info"
        else:
            scheme["x-apikeyInfoFunc"] = f"{__name__}.key_info"
    stock = connexion.AsyncApp(__name__, swagger_ui_options=SwaggerUIOptions(swagger_ui=False))
    stock.add_api(CONTRACT, base_path=API_BASE, resolver=Resolver(_handler))
    return stock


app = build()

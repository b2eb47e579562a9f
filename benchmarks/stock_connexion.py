"""Our operations served by connexion as it comes: its routing, security, validation, serialiser.

Response validation is off, as by default. Usage: python -m benchmarks.stock_connexion PORT
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import connexion
import uvicorn
from connexion.exceptions import OAuthProblem
from connexion.options import SwaggerUIOptions
from connexion.resolver import Resolver

from mock_server import operations
from mock_server.app import API_BASE, build_env
from mock_server.contract.load import bundle_path, load_contract
from mock_server.domain.errors import DomainError
from mock_server.env import Call, Env
from mock_server.http.errors import STATUSES
from mock_server.http.security import Authenticator
from mock_server.media.ingress import Addresses
from mock_server.settings import Settings


def build(port: int) -> Any:
    """Return the ASGI application."""
    contract = load_contract(bundle_path("openapi"))
    env = build_env(Settings(), contract)
    authenticator = Authenticator(env.settings.token_secret)

    def bearer_info(token: str) -> dict[str, Any]:
        return identify([f"Bearer {token}".encode()], [])

    def key_info(key: str, required_scopes: Any = None) -> dict[str, Any]:  # noqa: ARG001
        return identify([], [key.encode()])

    def identify(tokens: list[bytes], keys: list[bytes]) -> dict[str, Any]:
        try:
            with env.store.read() as tx:
                user = authenticator.identify(tokens, keys, tx, env.clock())
        except DomainError as error:
            raise OAuthProblem(detail=str(error)) from None
        return {"sub": user.id, "user": user}

    schemes = contract["components"]["securitySchemes"]
    for scheme in schemes.values():
        scheme["x-bearerInfoFunc" if scheme["type"] == "http" else "x-apikeyInfoFunc"] = (
            bearer_info if scheme["type"] == "http" else key_info
        )
    app = connexion.AsyncApp(__name__, swagger_ui_options=SwaggerUIOptions(swagger_ui=False))
    addresses = Addresses(f"http://127.0.0.1:{port}")
    app.add_api(
        contract,
        base_path=API_BASE,
        resolver=Resolver(lambda name: _handler(env, name, addresses)),
    )
    return app


def _handler(env: Env, name: str, addresses: Addresses) -> Callable[..., Any]:
    operation = operations.HANDLERS[name]

    async def handle(
        id: str = "",  # noqa: A002 - the contract's parameter is called so
        page: int = 1,
        limit: int = 10,
        body: dict[str, Any] | None = None,
        context_: dict[str, Any] | None = None,
    ) -> Any:
        now = env.clock()
        with env.store.write() as tx:
            call = Call(
                env,
                tx,
                name,
                now,
                addresses,
                (context_ or {}).get("user"),
                id,
                {"page": page, "limit": limit},
                body or {},
            )
            try:
                data = operation(call)
            except DomainError as error:
                return {"success": False, "error": str(error)}, STATUSES[type(error)]
        return {"success": True, "data": data, "timestamp": int(now.timestamp())}

    return handle


if __name__ == "__main__":
    chosen = int(sys.argv[1])
    uvicorn.run(build(chosen), host="127.0.0.1", port=chosen, access_log=False, log_level="error")

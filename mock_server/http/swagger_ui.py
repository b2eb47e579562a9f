"""connexion's Swagger UI, put together when its page is first asked for."""

from __future__ import annotations

from typing import Any

from connexion.middleware.abstract import SpecMiddleware
from connexion.middleware.swagger_ui import SwaggerUIMiddleware
from connexion.spec import Specification
from starlette.types import ASGIApp, Receive, Scope, Send


class SwaggerUI(SpecMiddleware):  # type: ignore[misc]
    """Stand before connexion's `SwaggerUIMiddleware`, whose template engine few starts need."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._added: list[tuple[Specification, dict[str, Any]]] = []
        self._ui: ASGIApp | None = None

    def add_api(self, specification: Specification, **options: Any) -> None:
        """Remember a specification for its page (called by connexion)."""
        self._added.append((specification, options))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a page; what is no request goes on to the next app."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._ui is None:
            self._ui = self._put_together()
        await self._ui(scope, receive, send)

    def _put_together(self) -> ASGIApp:
        ui: Any = SwaggerUIMiddleware(self._app)
        for specification, options in self._added:
            ui.add_api(specification, **options)
        made: ASGIApp = ui
        return made

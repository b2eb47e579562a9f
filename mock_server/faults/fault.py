"""What a deliberate fault is: a name, the promise it breaks, and where it reaches in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp

from mock_server.env import Env
from mock_server.http.operation import Handler, ValueCheck

Document = dict[str, Any]
Handlers = Mapping[str, Handler]
ValueChecks = Mapping[str, ValueCheck]
Wrap = Callable[[ASGIApp, Env], ASGIApp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Hold one way of being wrong; a part that is None leaves the mock as it is.

    `breaks` is the broken sentence of the contract. `contract` edits a copy of the document that
    is enforced, `handlers` and `checks` replace what answers, `wrap` stands before the client.
    What one `of_media` breaks stands beside the API: no call of the API shows it, and the faults
    of a world do not reach it.
    """

    name: str
    family: str
    breaks: str
    contract: Callable[[Document], None] | None = None
    handlers: Callable[[Handlers], Handlers] | None = None
    checks: Callable[[ValueChecks], ValueChecks] | None = None
    wrap: Wrap | None = None
    of_media: bool = False

    def enforced(self, contract: Document) -> Document:
        """Return the document the mock holds requests to; the given one stays as it is."""
        if self.contract is None:
            return contract
        copy = deepcopy(contract)
        self.contract(copy)
        return copy

    def handling(self, handlers: Handlers) -> Handlers:
        """Return the operations' functions with the fault in them."""
        return handlers if self.handlers is None else self.handlers(handlers)

    def checking(self, checks: ValueChecks) -> ValueChecks:
        """Return the checks of request values with the fault in them."""
        return checks if self.checks is None else self.checks(checks)

    def wrapping(self, app: ASGIApp, env: Env) -> ASGIApp:
        """Return the application with the fault around it."""
        return app if self.wrap is None else self.wrap(app, env)

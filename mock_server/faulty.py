"""Deliberate mistakes by name, switched on for a world while the mock runs.

A mistake reaches in through the contract, the operations, their checks, or around the whole
application (`faults.fault`). What only stands around it is put around the one there is; for the
rest the API is compiled once more, on the first request, and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from starlette.types import ASGIApp

from mock_server import operations
from mock_server.contract.load import ContractError
from mock_server.domain.entities import World
from mock_server.domain.lifecycle import Lifecycle, compile_lifecycle
from mock_server.env import Env
from mock_server.http.contract_pass import ContractPass
from mock_server.http.injected import Faulty
from mock_server.http.operation import Handler
from mock_server.worlds import Worlds

if TYPE_CHECKING:
    from mock_server.faults import Fault

# Of the compiled ones each takes some 4 MB.
MOST_COMPILED = 8
MOST_AROUND = 64
Names = tuple[str, ...]
Faults = tuple["Fault", ...]


def lifecycle_of(contract: Mapping[str, Any]) -> Lifecycle:
    try:
        return compile_lifecycle(contract)
    except (KeyError, TypeError) as error:
        raise ContractError(
            f"contract has no usable `x-lifecycles` ({error} is missing), must have the moves "
            "of `session`"
        ) from None


@dataclass(frozen=True, slots=True)
class _Bent:
    """Worlds as they are, but for the lifecycle of their sessions."""

    worlds: Worlds
    lifecycle: Lifecycle

    def __getattr__(self, name: str) -> Any:
        return getattr(self.worlds, name)

    def find(self, name: str) -> Env:
        return self._bend(self.worlds.find(name))

    def known(self, name: str) -> Env:
        return self._bend(self.worlds.known(name))

    def as_read(self, env: Env, world: World) -> Env:
        return self._bend(self.worlds.as_read(env, world))

    def _bend(self, env: Env) -> Env:
        return replace(env, common=replace(env.common, lifecycle=self.lifecycle))


@dataclass(frozen=True, slots=True)
class _Current:
    """Stand for a world's surroundings as they are when they are asked for."""

    worlds: Worlds
    name: str

    def __getattr__(self, name: str) -> Any:
        known = self.worlds.known(self.name)
        # A store on a network is not asked here: this is called on the event loop.
        env = known if known.store.blocking else self.worlds.find(self.name)
        return getattr(env, name)


class FaultyWorlds:
    """Make applications with the mistakes of worlds, and keep a bounded number of them.

    One more, and all are made anew; what mistakes remember of earlier requests is lost then.
    """

    def __init__(
        self,
        worlds: Worlds,
        contract: dict[str, Any],
        base_path: str,
        contract_pass: Callable[..., ContractPass],
    ) -> None:
        self._worlds = worlds
        self._contract = contract
        self._base_path = base_path
        self._contract_pass = contract_pass
        self._around: dict[tuple[str, Names], ASGIApp] = {}
        self._compiled: dict[Faults, ASGIApp] = {}

    def concerns(self, path: str) -> bool:
        """Tell whether a path is of the API: the control plane makes no mistakes."""
        return path.startswith(f"{self._base_path}/")

    def find(self, true: ASGIApp, behind: ASGIApp, found: Faulty) -> ASGIApp:
        """Return the application with the mistakes of a world, made on the first request."""
        key = (found.world, found.names)
        app = self._around.get(key)
        if app is None:
            if len(self._around) >= MOST_AROUND or len(self._compiled) >= MOST_COMPILED:
                self._around.clear()
                self._compiled.clear()
            app = self._around[key] = self._make(true, behind, found)
        return app

    def _make(self, true: ASGIApp, behind: ASGIApp, found: Faulty) -> ASGIApp:
        faults = _faults(found.names)
        inside = tuple(each for each in faults if each.contract or each.handlers or each.checks)
        app = self._inside(behind, inside) if inside else true
        env = cast("Env", _Current(self._worlds, found.world))
        for fault in faults:
            app = fault.wrapping(app, env)
        return app

    def _inside(self, behind: ASGIApp, faults: Faults) -> ASGIApp:
        if faults not in self._compiled:
            self._compiled[faults] = self._compile(behind, faults)
        return self._compiled[faults]

    def _compile(self, behind: ASGIApp, faults: Faults) -> ASGIApp:
        document, handlers, checks = self._contract, operations.HANDLERS, operations.VALUE_CHECKS
        for fault in faults:
            document = fault.enforced(document)
            handlers, checks = fault.handling(handlers), fault.checking(checks)
        worlds = cast("Worlds", _Bent(self._worlds, lifecycle_of(document)))
        # A mistake may answer by more than the state: it is asked each time.
        compiled = self._contract_pass(behind, worlds=worlds, value_checks=checks, keeps=())

        def handler_of(path: str, method: str) -> Handler:
            return handlers[document["paths"][path][method]["operationId"]]

        compiled.add(document, self._base_path, handler_of)
        return compiled


def _faults(names: Names) -> Faults:
    from mock_server.faults import FAULTS  # noqa: PLC0415 - only who asks for them pays for it

    # A kept store may name one that another version of the mock had.
    known = {fault.name: fault for fault in FAULTS}
    return tuple(known[name] for name in dict.fromkeys(names) if name in known)

"""Start the mock from its settings: contract, world, address, banner."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from socket import socket
from typing import Any

from connexion.exceptions import InvalidSpecification

from mock_server.app import API_BASE, CONTROL_BASE, build_app, build_env
from mock_server.banner import Start, banner
from mock_server.console import say
from mock_server.contract.load import bundle_path, load_contract
from mock_server.control.personas import personas_of
from mock_server.env import Env
from mock_server.events.beside import beside_requests
from mock_server.http.guard import with_token
from mock_server.http.limits import Limits
from mock_server.http.log import RequestLog
from mock_server.http.specification import not_valid, require_valid
from mock_server.serve import ServeError, bind, run
from mock_server.settings import Settings
from mock_server.workers import require_shared, supervise


def start(settings: Settings, *, contract_path: Path | None = None, colour: bool = False) -> None:
    """Serve until a signal; raises OperatorError before the first request if it can't.

    `--fault list` is answered with the table of faults instead.
    """
    if settings.fault == "list":
        from mock_server.faults import table  # noqa: PLC0415 - only a faulty mock pays for it

        say(table())
        return
    require_shared(settings.workers, settings.store)
    contract = load_contract(contract_path or bundle_path("openapi"))
    if contract_path is not None:
        require_valid(contract, contract_path)
    bound = bind(settings.host, settings.port)
    address, port, *_ = bound.getsockname()
    made = settings.control_token is None
    settings = with_token(settings, address)
    try:
        env = build_env(settings, contract)
        _require_host(env)
        said = _ready(env, contract, _url(settings.host, port), made=made)
        if settings.workers == 1:
            _serve(env, contract, bound, lambda: say(said), colour=colour)
        else:
            # Every worker opens the store for itself.
            env.store.close()
            supervise(
                settings.workers,
                lambda tell: _serve(
                    build_env(settings, contract), contract, bound, tell, colour=colour
                ),
                lambda: say(said),
            )
    finally:
        bound.close()
    if not settings.quiet:
        say("Stopped")


def _serve(
    env: Env,
    contract: dict[str, Any],
    bound: socket,
    on_ready: Callable[[], None],
    *,
    colour: bool,
) -> None:
    quiet = env.settings.quiet
    log = RequestLog(None if quiet else sys.stderr, errors=sys.stderr, colour=colour)
    try:
        app = build_app(env, contract, load_contract(bundle_path("control")), log)
        run(
            app,
            bound,
            Limits(connections=env.settings.connections),
            log.refusal,
            on_ready,
            beside=beside_requests(env.common),
        )
    except InvalidSpecification as error:
        raise not_valid(error, bundle_path("openapi")) from None
    env.store.close()


def _require_host(env: Env) -> None:
    if env.settings.auth == "off" and env.worlds.host_of(env.world) is None:
        raise ServeError(
            f"`--auth off` takes everybody for the persona `host`, scenario `{env.seed_file.name}` "
            "has none: give it one, or start without"
        )


def _url(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def _ready(env: Env, contract: dict[str, Any], url: str, *, made: bool) -> str:
    """Return what is said once requests are answered; `made`: nobody knows the token yet."""
    settings = env.settings
    token = settings.control_token if made else None
    if not settings.quiet:
        return _banner(env, contract, url, token)
    return f"Ready {url}{API_BASE}" + (f"\nX-Mock-Token: {token}" if token else "")


def _banner(env: Env, contract: dict[str, Any], url: str, token: str | None) -> str:
    marks = [
        operation.get("x-provenance")
        for methods in contract["paths"].values()
        for operation in methods.values()
        if "operationId" in operation
    ]
    with env.store.read() as tx:
        personas = personas_of(env, tx)
    return _confession(env.settings.fault) + banner(
        Start(
            api_url=f"{url}{API_BASE}",
            control_url=f"{url}{CONTROL_BASE}",
            control_token=token,
            anybody=env.settings.auth == "off",
            guarded=env.settings.control_token is not None,
            contract_version=env.common.contract_version,
            published=marks.count("published"),
            decided=marks.count("decided"),
            store=env.store.description,
            world=f"{env.world.scenario}, seed {env.seed}",
            clock=_clock(env),
            personas=personas,
        )
    )


def _clock(env: Env) -> str:
    if env.world.clock_at is None:
        return "real time"
    manner = "standing still" if env.world.clock_rate == 0 else "going on from there"
    return f"{env.clock():%Y-%m-%dT%H:%M:%SZ}, {manner}"


def _confession(name: str | None) -> str:
    if name is None:
        return ""
    from mock_server.faults import find_fault  # noqa: PLC0415 - only a faulty mock pays for it

    fault = find_fault(name)
    return f"Wrong on purpose (`{fault.name}`). Broken is: {fault.breaks}\n\n"

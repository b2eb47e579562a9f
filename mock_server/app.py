"""Put the mock together: the one file that knows every part."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from connexion.middleware import ConnexionMiddleware
from connexion.middleware.main import API
from connexion.options import SwaggerUIOptions
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server import control, operations
from mock_server.env import Clock, Common, Env
from mock_server.errors import OperatorError
from mock_server.events.feed import Feeds
from mock_server.faulty import FaultyWorlds, lifecycle_of
from mock_server.http import hls
from mock_server.http.contract_pass import ContractPass
from mock_server.http.guard import Guard
from mock_server.http.log import RequestLog
from mock_server.http.media import Handler, Media, late
from mock_server.http.near import NearMisses
from mock_server.http.origin import usual_addresses
from mock_server.http.pages import Pages
from mock_server.http.refusing import Refusals
from mock_server.http.specification import Bundle, resolver_of
from mock_server.http.swagger_ui import SwaggerUI
from mock_server.http.transactions import Transactions
from mock_server.http.web import Web
from mock_server.injection.answers import ContractAnswers
from mock_server.journal import Journals
from mock_server.media.publications import Publications
from mock_server.media.publishers import Publishers
from mock_server.playing.inside import Stage
from mock_server.scenarios import load_scenario
from mock_server.settings import Settings
from mock_server.storage.open import open_store
from mock_server.storage.protocol import Store
from mock_server.worlds import Worlds

if TYPE_CHECKING:
    from mock_server.faults import Fault

API_BASE = "/v1/webinar"
CONTROL_BASE = "/_mock"


def wall_clock() -> datetime:
    """Return the present in UTC."""
    return datetime.now(UTC)


def build_env(
    settings: Settings,
    contract: Mapping[str, Any],
    *,
    clock: Clock = wall_clock,
    store: Store | None = None,
) -> Env:
    """Open the store of the settings, or use another, and return its default world; where there
    is none it is planted and its scenario played.

    Raises StorageError, SeedError, ScenarioMistakes, ScenarioFailed or FaultError with a sentence
    for the operator.
    """
    fault = _fault_of(settings)
    scenario = load_scenario(settings.scenario)
    store = open_store(settings.store) if store is None else store
    publishers = Publishers()
    common = Common(
        settings=settings,
        store=store,
        wall=clock,
        lifecycle=lifecycle_of(fault.enforced(dict(contract)) if fault else contract),
        contract_version=contract["info"]["version"],
        answers=ContractAnswers(dict(contract)),
        started_at=clock(),
        journals=Journals(settings.journal),
        feeds=Feeds(
            store, clock, partial(usual_addresses, settings) if settings.webhooks else None
        ),
        publications=Publications(publishers, settings.publishers),
        publishers=publishers,
    )
    try:
        return Worlds(common, scenario, Stage(contract, settings.token_secret).play).find()
    except OperatorError:
        # Nobody has it yet who could close it.
        common.store.close()
        raise


def _fault_of(settings: Settings) -> Fault | None:
    if settings.fault is None:
        return None
    from mock_server.faults import find_fault  # noqa: PLC0415 - only a faulty mock pays for it

    return find_fault(settings.fault)


def build_app(
    env: Env,
    contract: dict[str, Any],
    control_contract: dict[str, Any],
    log: RequestLog,
) -> ASGIApp:
    """Compose the ASGI application, outermost layer first.

    It is built on its first call: await `prepare` before serving, so that mistakes show at start.
    """
    documents = {
        f"{API_BASE}/openapi.json": orjson.dumps(contract),
        f"{CONTROL_BASE}/openapi.json": orjson.dumps(control_contract),
    }
    fault = _fault_of(env.settings)
    enforced, functions, checks = contract, operations.HANDLERS, operations.VALUE_CHECKS
    if fault is not None:
        enforced = fault.enforced(contract)
        functions, checks = fault.handling(functions), fault.checking(checks)
    contract_pass = partial(
        ContractPass, common=env.common, log=log, needs=operations.NEEDS, alone=control.ALONE
    )
    transactions = Transactions(env.worlds, blocking=env.common.store.blocking)
    publishing = late(lambda: _whip(env, transactions))
    app = ConnexionMiddleware(
        _nothing,
        import_name=__name__,
        middlewares=[
            partial(Guard, settings=env.settings, clock=env.common.wall, log=log),
            partial(
                contract_pass,
                worlds=env.worlds,
                value_checks=checks,
                # A fault may answer by more than the state: it is asked each time.
                keeps=() if fault else operations.KEEPS,
                faulty=FaultyWorlds(env.worlds, contract, API_BASE, contract_pass),
            ),
            partial(
                Media,
                handlers={
                    hls.PREFIX: hls.Hls(env.worlds, transactions, env.settings),
                    "/whip": publishing,
                    "/whip/": publishing,
                },
                worlds=env.worlds,
                refusals=Refusals(env.counters, log),
                log=log,
            ),
            partial(
                Pages,
                documents=documents,
                web=Web(env.settings.public_url),
                ui_paths=(f"{API_BASE}/ui", f"{CONTROL_BASE}/ui"),
                clock=lambda: env.worlds.find().clock(),
                near=NearMisses({API_BASE: contract, CONTROL_BASE: control_contract}),
                note=env.worlds.note,
                log=log,
            ),
            SwaggerUI,
        ],
        swagger_ui_options=SwaggerUIOptions(serve_spec=False),
    )
    for document, base, handlers in (
        (enforced, API_BASE, functions),
        (control_contract, CONTROL_BASE, control.HANDLERS),
    ):
        # What `add_api` does with a document, which it would check in its own, slower way.
        options = vars(app.options.replace(resolver=resolver_of(handlers)))
        app.apis.append(API(Bundle(document), base_path=base, name=base, **options))
    served: ASGIApp = app
    return served if fault is None else fault.wrapping(served, env)


def _whip(env: Env, transactions: Transactions) -> Handler:
    from mock_server.http.whip import Whip  # noqa: PLC0415 - most receive nobody

    return Whip(env.worlds, transactions, env.common)


async def prepare(app: ASGIApp) -> None:
    """Compile the contract now; raises connexion's ResolverError naming a missing handler."""

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.shutdown"}

    async def send(_: Any) -> None:
        return

    await app({"type": "lifespan"}, receive, send)


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """End a lifespan call; every HTTP request is answered before it comes here."""

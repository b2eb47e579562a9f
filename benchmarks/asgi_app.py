"""Our application for the command lines of ASGI servers: `granian … benchmarks.asgi_app:app`."""

from __future__ import annotations

import asyncio
import gc
import sys

from mock_server.app import build_app, build_env, prepare
from mock_server.contract.load import bundle_path, load_contract
from mock_server.http.log import RequestLog
from mock_server.settings import Settings

_CONTRACT = load_contract(bundle_path("openapi"))
app = build_app(
    build_env(Settings(quiet=True), _CONTRACT),
    _CONTRACT,
    load_contract(bundle_path("control")),
    RequestLog(None, errors=sys.stderr),
)
asyncio.run(prepare(app))
# As `greenroom serve` does: collections need not look at what start-up made.
gc.freeze()

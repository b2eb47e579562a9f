"""Stock connexion as a server to measure: `uvicorn benchmarks.stock_connexion:app`.

Response validation is off, as by default.
"""

from __future__ import annotations

from benchmarks.stock import build
from mock_server.app import build_env
from mock_server.contract.load import bundle_path, load_contract
from mock_server.settings import Settings

CONTRACT = load_contract(bundle_path("openapi"))
app = build(build_env(Settings(), CONTRACT), CONTRACT)

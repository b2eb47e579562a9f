"""Whether the mock is well, and what it is."""

from __future__ import annotations

from mock_server import __version__
from mock_server.env import Call
from mock_server.http.views import View


def get_health(call: Call) -> View:
    """Tell what runs here, since when, and how many answers broke the contract."""
    env = call.env
    return {
        "status": "ok",
        "version": __version__,
        "contract_version": env.common.contract_version,
        "store": env.store.description,
        "seed": env.seed,
        "scenario": env.world.scenario,
        "uptime_seconds": max(0, int((call.now - env.common.started_at).total_seconds())),
        "requests": env.counters.requests,
        "contract_breaches": env.counters.contract_breaches,
    }

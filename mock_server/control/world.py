"""The world as a whole: back to its beginning."""

from __future__ import annotations

from mock_server.env import Call
from mock_server.http.views import View
from mock_server.seeds import plant


def reset_world(call: Call) -> View:
    """Forget everything and plant the scenario again; personas' tokens stay valid."""
    call.tx.clear()
    for entity in plant(call.env.seed_file, seed=call.env.seed, now=call.now):
        call.tx.put(entity)
    return {"scenario": call.env.seed_file.name, "seed": call.env.seed}

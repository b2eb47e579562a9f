"""Worlds: listed, made, copied, kept, put back and deleted."""

from __future__ import annotations

from mock_server.domain.clock import EARLIEST, LATEST, read_time
from mock_server.domain.errors import Unprocessable
from mock_server.env import Call, Env
from mock_server.http.selection import base_of
from mock_server.http.views import View, date_time
from mock_server.scenarios import Beginning, ScenarioFailed
from mock_server.worlds import built_in

_API = "/v1/webinar"


def list_worlds(call: Call) -> View:
    """List the worlds there are."""
    worlds = call.env.worlds
    return {
        "worlds": [_view(worlds.look(name)) for name in worlds.names()],
        "most": call.env.settings.max_worlds,
    }


def make_world(call: Call) -> View:
    """Make a world as a copy of another or from a scenario."""
    body, worlds = call.body, call.env.worlds
    if "from" in body:
        return _view(worlds.fork(body["from"], body["name"]))
    return _view(
        worlds.make(
            body["name"],
            scenario=body.get("scenario"),
            seed=body.get("seed"),
            end_now=body.get("end_now"),
        )
    )


def get_world(call: Call) -> View:
    """Show a world."""
    return _view(call.env.worlds.look(call.id))


def delete_world(call: Call) -> View:
    """Remove a world and its snapshots."""
    call.env.worlds.delete(call.id)
    return {"name": call.id}


def snapshot_world(call: Call) -> View:
    """Keep a world as it is."""
    call.env.worlds.snapshot(call.id, call.body["label"])
    return _view(call.env.worlds.look(call.id))


def delete_snapshots(call: Call) -> View:
    """Remove a world's snapshots."""
    call.env.worlds.delete_snapshots(call.id)
    return _view(call.env.worlds.look(call.id))


def restore_world(call: Call) -> View:
    """Put a world back to a snapshot."""
    return _view(call.env.worlds.restore(call.id, call.body["label"]))


def reset_world(call: Call) -> View:
    """Forget everything and let the world begin again; personas' tokens stay valid."""
    body, env = call.body, call.env
    scenario, seed = env.worlds.scenario_of(env.world), env.seed
    if "scenario" in body:
        scenario = built_in(body["scenario"])
        seed = env.seed if scenario.seed is None else scenario.seed
    seed = body.get("seed", seed)
    now = read_time("now", body["now"]) if "now" in body else None
    if now is not None and not EARLIEST <= now <= LATEST:
        raise Unprocessable(
            f"`now` is `{body['now']}`, must be from {EARLIEST.year} to {LATEST.year}"
        )
    beginning = Beginning(
        scenario=scenario,
        seed=seed,
        now=now,
        end_now=body.get("end_now", now is None and env.settings.end_now),
        freeze=body.get("freeze", False),
    )
    if beginning.end_now and now is not None:
        raise Unprocessable("`now` and `end_now` are given, must be one of them")
    call.tx.clear()
    try:
        env.worlds.begin(env.name, env.store, call.tx, beginning)
    except ScenarioFailed as error:
        raise Unprocessable(f"`reset_world`: the scenario can't be played: {error}") from None
    return {"scenario": scenario.name, "seed": seed}


def _view(env: Env) -> View:
    return {
        "name": env.name,
        "base_path": f"{base_of(env.name)}{_API}",
        "scenario": env.world.scenario,
        "seed": env.seed,
        "now": date_time(env.clock()),
        "snapshots": env.worlds.snapshots(env.name),
    }

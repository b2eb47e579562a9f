"""Worlds: names that give a caller state, a clock, faults and a seed of their own, on one server.

Every world is a partition of the store. What this process knows of one is its `Env`; what all
processes must agree on is the entity `World` in its partition, which is read again whenever the
store may have changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol

from mock_server.domain.entities import World
from mock_server.domain.errors import Conflict, NotFound, Unprocessable
from mock_server.env import Common, Env
from mock_server.errors import OperatorError
from mock_server.events.settling import forget_turns
from mock_server.journal import WORLD, Told
from mock_server.kept import KeptAnswers, KeptUntil, Remembered
from mock_server.scenarios import Beginning, Scenario, ScenarioFailed, load_scenario, names
from mock_server.seeds import person_id, plant
from mock_server.settings import DEFAULT_SEED
from mock_server.storage.protocol import DEFAULT_WORLD, StorageError, Store, Transaction

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
# How old the note of a world's last use may be before it is written anew.
_NOTED = timedelta(minutes=1)
# Between a world's name and a snapshot's.
_MARK = "@"


class TooManyWorlds(OperatorError):
    """Say that no further world can be made, and what to do."""


class Ending(Protocol):
    """Tell what the clock shows when a scenario has been played, and whether it stands still."""

    now: datetime
    frozen: bool


class Play(Protocol):
    """Play a scenario within a transaction of a world that is planted."""

    def __call__(self, env: Env, tx: Transaction, scenario: Scenario, start: datetime, /) -> Ending:
        """Return how it ended; raises ScenarioFailed."""


class Worlds:
    """Find the worlds of a store, and make those that are asked for the first time."""

    def __init__(self, common: Common, scenario: Scenario, play: Play) -> None:
        self._common = common
        self._scenario = scenario
        self._scenarios = {scenario.name: scenario}
        self._play = play
        self._envs: dict[str, Env] = {}
        self._versions: dict[str, int | None] = {}

    def find(self, name: str = DEFAULT_WORLD) -> Env:
        """Return a world as it is now, planted on its first use.

        Raises Unprocessable for what is no name, TooManyWorlds.
        """
        env = self._envs.get(name)
        if env is None:
            return self._open(name)
        version = env.store.version
        if version is None or version != self._versions[name]:
            with env.store.read() as tx:
                world = tx.get(World, "world")
            if world is None:
                return self._open(name)
            if world is not env.world:
                env = self.as_read(env, world)
            self._versions[name] = version
        # The default world is never idle: it stays.
        if name != DEFAULT_WORLD and self._common.wall() - _last_use(env.world) > _NOTED:
            self._note_use(env)
        return env

    def known(self, name: str = DEFAULT_WORLD) -> Env:
        """Return a world as it was when this process last looked: for who will read it again."""
        return self._envs.get(name) or self._open(name)

    def seen(self, name: str) -> Env | None:
        """Return a world as `known` does, None for one this process has not looked at."""
        return self._envs.get(name)

    def note(self, scope: Mapping[str, Any], path: str, answer: Told, began: float) -> None:
        """Note an exchange down in the journal of its world (`journal.Journals.note`).

        One that came to no world is in the journal of the default world.
        """
        env = self._envs.get(scope.get(WORLD, DEFAULT_WORLD)) or self.known()
        self._common.journals.note(env.journal, scope, path, answer, began)

    def as_read(self, env: Env, world: World) -> Env:
        """Return a world's surroundings for its entity as a transaction read it."""
        known = self._envs.get(env.name, env)
        if world is known.world or world == known.world:
            return known
        seed_file = known.seed_file
        if world.scenario != known.world.scenario:
            seed_file = self.scenario_of(world).seed_file
        fresh = replace(known, world=world, seed_file=seed_file)
        self._envs[env.name] = fresh
        return fresh

    def host_of(self, world: World) -> str | None:
        """Return the id of the user who is the persona `host` of a world, None without one."""
        personas = self.scenario_of(world).seed_file.personas
        key = next((each.person_key for each in personas if each.name == "host"), None)
        return None if key is None else person_id(world.seed, key)

    def names(self) -> list[str]:
        """List the worlds there are, `default` first."""
        found = [name for name in self._common.store.worlds() if _MARK not in name]
        return sorted(found, key=lambda name: (name != DEFAULT_WORLD, name))

    def look(self, name: str) -> Env:
        """Return a world that is there; raises NotFound."""
        self._require(name)
        return self.find(name)

    def fork(self, source: str, name: str) -> Env:
        """Make a world that begins as a copy of another; raises NotFound, Conflict."""
        self._require(source)
        self._require_new(name)
        self._make_room()
        self._common.store.fork(source, name)
        return self.find(name)

    def make(
        self, name: str, *, scenario: str | None, seed: int | None, end_now: bool | None
    ) -> Env:
        """Make a world from a built-in scenario; raises Conflict, Unprocessable."""
        self._require_new(name)
        self._make_room()
        chosen = self._scenario if scenario is None else built_in(scenario)
        return self._made(name, self._beginning(chosen, seed=seed, end_now=end_now))

    def delete(self, name: str) -> None:
        """Remove a world and its snapshots; raises NotFound, Conflict for the default one."""
        self._require(name)
        if name == DEFAULT_WORLD:
            raise Conflict(
                "`delete_world`: `default` is where requests go that name no world, "
                "must stay (reset it instead)"
            )
        self._drop(name)

    def snapshots(self, name: str) -> list[str]:
        """List the labels of a world's snapshots."""
        mark = f"{name}{_MARK}"
        found = self._common.store.worlds()
        return sorted(each.removeprefix(mark) for each in found if each.startswith(mark))

    def snapshot(self, name: str, label: str) -> None:
        """Keep a world as it is now under a label; one of the same label is replaced."""
        self._require(name)
        kept = f"{name}{_MARK}{label}"
        if kept in self._common.store.worlds():
            self._common.store.drop(kept)
        else:
            self._make_room()
        self._common.store.fork(name, kept)

    def delete_snapshots(self, name: str) -> None:
        """Remove the snapshots of a world; raises NotFound."""
        self._require(name)
        for label in self.snapshots(name):
            self._common.store.drop(f"{name}{_MARK}{label}")

    def restore(self, name: str, label: str) -> Env:
        """Put a world back to a snapshot of it; raises NotFound."""
        self._require(name)
        if label not in self.snapshots(name):
            known = ", ".join(f"`{each}`" for each in self.snapshots(name)) or "none"
            raise NotFound(f"world `{name}` has no snapshot `{label}`, its snapshots: {known}")
        self._common.store.drop(name)
        self._common.store.fork(f"{name}{_MARK}{label}", name)
        self.forget(name)
        return self.find(name)

    def _open(self, name: str) -> Env:
        if not NAME.fullmatch(name):
            raise Unprocessable(
                f"world `{name[:60]}` is no name, must be 1 to 40 of a-z, 0-9 and -, not - first"
            )
        store = self._common.store.world(name)
        with store.read() as tx:
            world = tx.get(World, "world")
        if world is not None:
            return self._known(name, store, world)
        if name == DEFAULT_WORLD:
            # It is the first, and whom it can't begin for is the operator.
            begun = self._begun(name, store, self._beginning(self._scenario))
            return self._known(name, store, begun)
        self._make_room()
        return self._made(name, self._beginning(self._scenario))

    def _made(self, name: str, beginning: Beginning) -> Env:
        store = self._common.store.world(name)
        try:
            return self._known(name, store, self._begun(name, store, beginning))
        except ScenarioFailed as error:
            raise Unprocessable(f"world `{name}` can't begin: {error}") from None

    def _known(self, name: str, store: Store, world: World) -> Env:
        env = self._surroundings(name, store, world, self.scenario_of(world))
        self._versions[name] = store.version
        self._envs[name] = env
        return env

    def _surroundings(self, name: str, store: Store, world: World, scenario: Scenario) -> Env:
        return Env(
            name=name,
            world=world,
            common=self._common,
            store=store,
            seed_file=scenario.seed_file,
            worlds=self,
            remembered=Remembered(),
            kept=KeptAnswers(store),
            playlists=KeptUntil(store),
            journal=self._common.journals.begin(),
        )

    def _begun(self, name: str, store: Store, beginning: Beginning) -> World:
        with store.write() as tx:
            # Another process may have been quicker.
            return tx.get(World, "world") or self.begin(name, store, tx, beginning)

    def begin(self, name: str, store: Store, tx: Transaction, beginning: Beginning) -> World:
        """Plant an empty world and play its scenario, all in one transaction.

        Raises ScenarioFailed.
        """
        scenario, wall = beginning.scenario, self._common.wall()
        start = beginning.start(wall)
        for entity in plant(scenario.seed_file, seed=beginning.seed, now=start):
            tx.put(entity)
        tx.put(replace(_world(tx), scenario=scenario.name, used_at=wall))
        if not beginning.keeps_real_time:
            env = self._surroundings(name, store, _world(tx), scenario)
            ending = self._play(env, tx, scenario, start)
            # Events are told of what happens once the world is there.
            forget_turns(tx, ending.now)
            tx.put(replace(_world(tx), settled=ending.now))
            self._set_clock(tx, beginning, ending)
        return _world(tx)

    def _set_clock(self, tx: Transaction, beginning: Beginning, ending: Ending) -> None:
        freeze = beginning.freeze or ending.frozen
        wall = self._common.wall()
        at = max(wall, ending.now) if beginning.ends_at_present else ending.now
        if freeze or not beginning.ends_at_present:
            # However long it was played, its clock shows what the scenario left it at.
            rate = 0.0 if freeze else 1.0
            tx.put(replace(_world(tx), clock_wall=wall, clock_at=at, clock_rate=rate))

    def _beginning(
        self, scenario: Scenario, *, seed: int | None = None, end_now: bool | None = None
    ) -> Beginning:
        settings = self._common.settings
        chosen = (seed, settings.seed, scenario.seed, DEFAULT_SEED)
        return Beginning(
            scenario=scenario,
            seed=next(each for each in chosen if each is not None),
            end_now=settings.end_now if end_now is None else end_now,
        )

    def scenario_of(self, world: World) -> Scenario:
        """Return the scenario a world began with; raises StorageError where it is not known."""
        known = self._scenarios.get(world.scenario)
        if known is not None:
            return known
        if world.scenario in names():
            self._scenarios[world.scenario] = built_in(world.scenario)
            return self._scenarios[world.scenario]
        raise StorageError(
            f"`{self._common.settings.store}` holds a world of the scenario `{world.scenario}`, "
            "`--scenario` must name its file (or choose another store)"
        )

    def _require(self, name: str) -> None:
        if name not in self._common.store.worlds():
            raise NotFound(f"no world has the name `{name}`, `GET /_mock/worlds` lists them")

    def _require_new(self, name: str) -> None:
        if name in self._common.store.worlds():
            raise Conflict(f"world `{name}` is there already, must be deleted first")

    def _make_room(self) -> None:
        self._drop_idle()
        there = len(self._common.store.worlds())
        most = self._common.settings.max_worlds
        if there >= most:
            raise TooManyWorlds(
                f"{there} worlds and snapshots are there, must be {most} at most: "
                "delete one (`DELETE /_mock/worlds/{name}`) or start with a larger `--max-worlds`"
            )

    def _drop_idle(self) -> None:
        limit = self._common.wall() - timedelta(seconds=self._common.settings.world_idle_seconds)
        for name in self.names():
            if name == DEFAULT_WORLD:
                continue
            with self._common.store.world(name).read() as tx:
                world = tx.get(World, "world")
            if world is not None and _last_use(world) < limit:
                self._drop(name)

    def _drop(self, name: str) -> None:
        self.delete_snapshots(name)
        self._common.store.drop(name)
        self.forget(name)

    def forget(self, name: str) -> None:
        """Read a world anew when it is next asked for."""
        self._envs.pop(name, None)
        self._versions.pop(name, None)

    def _note_use(self, env: Env) -> None:
        # In the store, since another process may be the one that looks for idle worlds.
        with env.store.write() as tx:
            world = tx.get(World, "world")
            if world is not None:
                tx.put(replace(world, used_at=self._common.wall()))


def built_in(scenario: str) -> Scenario:
    """Return a built-in scenario; raises Unprocessable (no path of a client is ever opened)."""
    if scenario not in names():
        known = ", ".join(f"`{name}`" for name in names())
        raise Unprocessable(f"`scenario` is `{scenario[:60]}`, must be one of {known}")
    return _loaded(scenario)


# What is built in is the same in every reset.
_loaded = cache(load_scenario)


def _world(tx: Transaction) -> World:
    world = tx.get(World, "world")
    assert world is not None, "a planted world has its entity"
    return world


def _last_use(world: World) -> datetime:
    return world.used_at or world.created_at

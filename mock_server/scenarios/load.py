"""Finding a scenario by name or path, and reading the whole of it."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from mock_server.scenarios.errors import ScenarioMistakes
from mock_server.scenarios.read import read_moment, read_steps
from mock_server.scenarios.shape import AskStep, Scenario, Step, references_of
from mock_server.seeds import SeedFile, load_seed
from mock_server.seeds import names as seed_names
from mock_server.seeds.errors import SeedError, SeedMistake, SeedNotFound
from mock_server.seeds.load import fixtures, read_seed, read_text
from mock_server.seeds.nodes import Value, compose, fields, integer, one_of, refuse_aliases, text

_LARGEST_SEED = 999_999_999
# What a seed file never has, and a scenario always.
_MARKS = ("seed_file", "steps")


def story_names() -> tuple[str, ...]:
    """Return the names of the built-in scenarios."""
    return tuple(sorted(path.stem for path in fixtures("scenarios").glob("*.yaml")))


def names() -> tuple[str, ...]:
    """Return every name a world can begin with: scenarios and seeds."""
    return tuple(sorted({*story_names(), *seed_names()}))


def load_scenario(name_or_path: str) -> Scenario:
    """Read a built-in scenario or seed by its name, or a file of the user's by its path.

    A seed file is a scenario in which nothing happens. Raises SeedError or ScenarioMistakes.
    """
    if re.fullmatch(r"[a-z0-9-]+", name_or_path):
        if name_or_path in story_names():
            path = fixtures("scenarios") / f"{name_or_path}.yaml"
            return _read(path, path.name)
        if name_or_path in seed_names():
            return _only_planted(load_seed(name_or_path), name_or_path)
    path = Path(name_or_path)
    if not path.is_file():
        known = ", ".join(f"`{name}`" for name in names())
        raise SeedNotFound(
            name_or_path, None, f"is no scenario, must be one of {known} or the path of a YAML file"
        )
    return _read(path, name_or_path)


def _only_planted(seed_file: SeedFile, file: str) -> Scenario:
    return Scenario(
        name=seed_file.name,
        file=file,
        description=seed_file.description,
        seed_file=seed_file,
        seed=None,
        now=None,
        steps=(),
    )


def _read(path: Path, shown: str) -> Scenario:
    written = read_text(path, shown)
    whole = compose(shown, written, kind="scenario")
    if not _is_scenario(whole):
        return _only_planted(read_seed(path.stem, whole), shown)
    refuse_aliases(shown, written)
    given = fields(whole)
    given.take("version", one_of(("1",), "`1`, the version of the format"))
    description = given.take("description", text())
    seed_file = given.take("seed_file", lambda value: _seed_file(value, path.parent))
    seed = given.maybe("seed", integer(0, _LARGEST_SEED))
    now = given.maybe("now", read_moment)
    steps, mistakes = given.maybe("steps", read_steps) or ([], [])
    given.finish()
    found: list[SeedError] = [*mistakes] or _unsaved(shown, steps)
    if found:
        raise ScenarioMistakes(found)
    return Scenario(
        name=path.stem,
        file=shown,
        description=description,
        seed_file=seed_file,
        seed=seed,
        now=now,
        steps=tuple(steps),
    )


def _is_scenario(whole: Value) -> bool:
    if not isinstance(whole.node, yaml.MappingNode):
        return False
    return any(key.value in _MARKS for key, _ in whole.node.value)


def _seed_file(value: Value, folder: Path) -> SeedFile:
    name = text()(value)
    path = folder / name
    try:
        # A built-in scenario stands on built-in seeds; another may have its own beside it.
        return load_seed(name if name in seed_names() else str(path))
    except SeedNotFound:
        known = ", ".join(f"`{known}`" for known in seed_names())
        value.refuse(
            f"{value.name} is {value.described}, must be one of {known} or the path of a seed file "
            "from here"
        )


def _unsaved(file: str, steps: list[Step]) -> list[SeedError]:
    saved: set[str] = set()
    mistakes: list[SeedError] = []
    for step in steps:
        if not isinstance(step, AskStep):
            continue
        for reference in references_of(step):
            if reference.name not in saved:
                known = ", ".join(f"`${name}`" for name in sorted(saved)) or "nothing"
                mistakes.append(
                    SeedMistake(
                        file,
                        reference.line,
                        f"`${reference.name}` is saved by no earlier step, saved are {known}",
                    )
                )
        saved |= set(step.save)
    return mistakes

"""Finding a seed file by name or path, and reading the whole of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from mock_server.seeds.errors import SeedNotFound, SeedSyntax
from mock_server.seeds.nodes import Value, compose, fields, length, one_of, text
from mock_server.seeds.rules import Known, check_rooms
from mock_server.seeds.sections import (
    read_organization,
    read_person,
    read_persona,
    read_preset,
    read_room,
    read_session,
    section,
)
from mock_server.seeds.shape import SeedFile
from mock_server.seeds.times import ZERO

T = TypeVar("T")
# What there is in a file, and what a message calls one of it.
_SECTIONS = {
    "organizations": "organization",
    "people": "person",
    "personas": "persona",
    "presets": "preset",
    "rooms": "room",
    "sessions": "session",
}
MAX_BYTES = 1 << 20
_PACKAGE = Path(__file__).parent.parent


def names() -> tuple[str, ...]:
    """Return the names of the built-in seeds."""
    return tuple(sorted(path.stem for path in fixtures("seeds").glob("*.yaml")))


def load_seed(name_or_path: str) -> SeedFile:
    """Read a built-in seed by its name, or a file of the user's by its path.

    Raises SeedError: SeedNotFound, SeedSyntax or SeedMistake, with file and line.
    """
    path, shown = _find(name_or_path)
    return read_seed(path.stem, compose(shown, read_text(path, shown)))


def fixtures(kind: str) -> Path:
    """Return the folder of the built-in files of a kind, such as `seeds`."""
    # A wheel carries them inside the package, a checkout beside it.
    packed = _PACKAGE / "_data" / "fixtures" / kind
    return packed if packed.is_dir() else _PACKAGE.parent / "fixtures" / kind


def _find(name_or_path: str) -> tuple[Path, str]:
    if re.fullmatch(r"[a-z0-9-]+", name_or_path):
        built_in = fixtures("seeds") / f"{name_or_path}.yaml"
        if built_in.is_file():
            return built_in, built_in.name
    path = Path(name_or_path)
    if not path.is_file():
        known = ", ".join(f"`{name}`" for name in names())
        raise SeedNotFound(
            name_or_path, None, f"is no seed, must be one of {known} or the path of a YAML file"
        )
    return path, name_or_path


def read_text(path: Path, shown: str) -> str:
    """Return what a file says; raises SeedNotFound, SeedSyntax with its name as `shown`."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "cannot be opened"
        raise SeedNotFound(shown, None, f"cannot be read: {reason.lower()}") from error
    if len(raw) > MAX_BYTES:
        raise SeedSyntax(shown, None, f"has {len(raw)} bytes, must have {MAX_BYTES} at most")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SeedSyntax(shown, line, "is not UTF-8, must be saved as UTF-8") from error


def read_seed(name: str, whole: Value) -> SeedFile:
    """Read the whole of a seed file; raises SeedMistake."""
    given = fields(whole)
    given.take("version", one_of(("1",), "`1`, the version of the format described in `demo.yaml`"))
    description = given.maybe("description", text()) or ""
    step = given.maybe("schedule_step", length) or ZERO
    parts = {plural: given.maybe(plural, lambda value: value) for plural in _SECTIONS}
    given.finish()
    keys: dict[str, str] = {}

    def read(plural: str, reader: Callable[[str, Value], T]) -> dict[str, T]:
        # Personas are names of roles, not things in the world.
        taken = {} if plural == "personas" else keys
        return section(parts[plural], _SECTIONS[plural], reader, taken)

    organizations = read("organizations", read_organization)
    people = read("people", partial(read_person, organizations=organizations, emails={}))
    personas = read("personas", partial(read_persona, people=people, taken={}))
    presets = read("presets", partial(read_preset, people=people))
    rooms = read("rooms", partial(read_room, people=people))
    known = Known(people, presets, rooms, step)
    sessions = read("sessions", partial(read_session, world=known))
    check_rooms(whole.file, sessions)
    return SeedFile(
        name=name,
        description=description,
        schedule_step=step,
        organizations=organizations,
        people=people,
        personas=tuple(personas.values()),
        presets=presets,
        rooms=rooms,
        sessions=sessions,
    )

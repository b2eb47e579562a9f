"""Finding a seed file by name or path, and reading the whole of it."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from mock_server.seeds import sections
from mock_server.seeds.errors import SeedNotFound, SeedSyntax
from mock_server.seeds.nodes import Value, compose, fields, integer, length, text
from mock_server.seeds.rules import Known, check_rooms
from mock_server.seeds.shape import SeedFile
from mock_server.seeds.times import ZERO

_VERSION = 1
_MAX_BYTES = 1 << 20
_PACKAGE = Path(__file__).parent.parent


def names() -> tuple[str, ...]:
    """Return the names of the built-in seeds."""
    return tuple(sorted(path.stem for path in _folder().glob("*.yaml")))


def load_seed(name_or_path: str) -> SeedFile:
    """Read a built-in seed by its name, or a file of the user's by its path.

    Raises SeedError: SeedNotFound, SeedSyntax or SeedMistake, with file and line.
    """
    path, shown = _find(name_or_path)
    return _read(path.stem, compose(shown, _text(path, shown)))


def _folder() -> Path:
    # A wheel carries the seeds inside the package, a checkout beside it.
    packed = _PACKAGE / "_data" / "fixtures" / "seeds"
    return packed if packed.is_dir() else _PACKAGE.parent / "fixtures" / "seeds"


def _find(name_or_path: str) -> tuple[Path, str]:
    if re.fullmatch(r"[a-z0-9-]+", name_or_path):
        built_in = _folder() / f"{name_or_path}.yaml"
        if built_in.is_file():
            return built_in, built_in.name
    path = Path(name_or_path)
    if not path.is_file():
        known = ", ".join(f"`{name}`" for name in names())
        raise SeedNotFound(
            name_or_path, None, f"is no seed, must be one of {known} or the path of a YAML file"
        )
    return path, name_or_path


def _text(path: Path, shown: str) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "cannot be opened"
        raise SeedNotFound(shown, None, f"cannot be read: {reason.lower()}") from error
    if len(raw) > _MAX_BYTES:
        raise SeedSyntax(shown, None, f"has {len(raw)} bytes, must have {_MAX_BYTES} at most")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SeedSyntax(shown, line, "is not UTF-8, must be saved as UTF-8") from error


def _read(name: str, whole: Value) -> SeedFile:
    given = fields(whole)
    given.take("version", integer(_VERSION, _VERSION))
    description = given.maybe("description", text()) or ""
    step = given.maybe("schedule_step", length) or ZERO
    keys: dict[str, str] = {}
    organizations, people, personas, presets, rooms, sessions = (
        given.maybe(section, lambda value: value)
        for section in ("organizations", "people", "personas", "presets", "rooms", "sessions")
    )
    given.finish()
    found_organizations = sections.section(
        organizations, "organization", sections.read_organization, keys
    )
    read_person = partial(sections.read_person, organizations=found_organizations, emails={})
    found_people = sections.section(people, "person", read_person, keys)
    read_persona = partial(sections.read_persona, people=found_people, taken={})
    read_preset = partial(sections.read_preset, people=found_people)
    read_room = partial(sections.read_room, people=found_people)
    found_personas = sections.section(personas, "persona", read_persona, {})
    found_presets = sections.section(presets, "preset", read_preset, keys)
    found_rooms = sections.section(rooms, "room", read_room, keys)
    known = Known(found_people, found_presets, found_rooms, step)
    found_sessions = sections.section(
        sessions, "session", partial(sections.read_session, world=known), keys
    )
    check_rooms(whole.file, found_sessions)
    return SeedFile(
        name=name,
        description=description,
        schedule_step=step,
        organizations=found_organizations,
        people=found_people,
        personas=tuple(found_personas.values()),
        presets=found_presets,
        rooms=found_rooms,
        sessions=found_sessions,
    )

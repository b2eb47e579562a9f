"""The sections of a seed file, each read with what the sections before it have defined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast, get_args

from mock_server.domain.encoder import ACTIONS, MOST_CHANGES, Change, number_of, read_change
from mock_server.domain.entities import Mode, Role, Shape
from mock_server.domain.errors import Unprocessable
from mock_server.domain.presets import DEFAULTS, OPTIONAL
from mock_server.realism import LOCALES
from mock_server.realism.words import TALKS, Topic
from mock_server.seeds import rules
from mock_server.seeds.nodes import (
    Reader,
    Value,
    boolean,
    choice,
    entries,
    fields,
    integer,
    items,
    matching,
    offset,
    one_of,
    reference,
    text,
    unique,
)
from mock_server.seeds.shape import (
    OrganizationSeed,
    Persona,
    PersonSeed,
    PresetSeed,
    PresetType,
    RoomSeed,
    SessionSeed,
    Times,
)

T = TypeVar("T")
_TITLE = text(3, 255)
_COLOUR = matching("#[0-9a-fA-F]{6}", "a colour such as `#0f766e`")
_DOMAIN = matching(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.test", "a domain that ends with `.test`")
_EMAIL = matching(
    r"[a-z0-9._+-]+@[a-z0-9-]+(\.[a-z0-9-]+)*\.test", "an address on a domain ending with `.test`"
)
_API_KEY = matching(r"[A-Za-z0-9._-]{8,200}", "8 to 200 letters, digits, `.`, `_` and `-`")
_MAX_PRESET_LIMIT = 100
_MAX_OVERRIDE = 10_000
_MAX_AUDIENCE = 50_000
_MAX_SECONDS = 10**9


def section(
    found: Value | None, kind: str, read: Callable[[str, Value], T], taken: dict[str, str]
) -> dict[str, T]:
    """Read every thing of a section; `taken` gathers which section has which key."""
    things: dict[str, T] = {}
    # An author who comments everything out leaves `rooms:` with nothing under it.
    there = found is not None and not found.is_a("null")
    for key, value in entries(found, kind) if found and there else ():
        if key in taken:
            value.refuse(f"{kind} `{key}` has the key of a {taken[key]}, must have its own")
        taken[key] = kind
        things[key] = read(key, value)
    return things


def read_organization(key: str, value: Value) -> OrganizationSeed:
    """Read one entry of `organizations`."""
    given = fields(value)
    organization = OrganizationSeed(
        key=key,
        domain=given.maybe("domain", _DOMAIN) or f"{key.replace('_', '-')}.test",
        colour=given.maybe("colour", _COLOUR),
    )
    given.finish()
    return organization


def read_person(
    key: str, value: Value, organizations: Mapping[str, Any], emails: dict[str, int]
) -> PersonSeed:
    """Read one entry of `people`; `emails` gathers the lines of addresses."""
    given = fields(value)
    person = PersonSeed(
        key=key,
        role=cast("Role", given.take("role", choice("host", "viewer"))),
        organization=given.maybe("organization", reference("organizations", organizations)),
        locale=given.maybe("locale", one_of(LOCALES, "one of " + ", ".join(LOCALES))),
        name=given.maybe("name", text(1, 50)),
        email=given.maybe("email", unique(_EMAIL, emails)),
        active=given.maybe("active", boolean) is not False,
    )
    given.finish()
    if person.role == "host" and person.organization is None:
        value.refuse(f"person `{key}` is a host and has no `organization`, must have one")
    return person


def read_persona(
    name: str, value: Value, people: Mapping[str, PersonSeed], taken: dict[str, int]
) -> Persona:
    """Read one entry of `personas`; `taken` gathers the lines of API keys and people."""
    given = fields(value)
    person_key = given.take("person", unique(reference("people", people), taken))
    persona = Persona(
        name=name,
        description=given.take("description", text()),
        person_key=person_key,
        email=people[person_key].email,
        password=given.maybe("password", text()),
        api_key=given.maybe("api_key", unique(_API_KEY, taken)),
    )
    given.finish()
    if persona.password is not None and persona.email is None:
        value.refuse(
            f"persona `{name}` has a password, but person `{person_key}` has no `email`, "
            "must have one to sign in with"
        )
    return persona


def read_preset(key: str, value: Value, people: Mapping[str, PersonSeed]) -> PresetSeed:
    """Read one entry of `presets`."""
    given = fields(value)
    preset = PresetSeed(
        key=key,
        owner=given.take("owner", _host(people)),
        type=cast("PresetType", given.take("type", choice("whip", "rtmp"))),
        name=given.maybe("name", text(1, 255)),
        settings=given.maybe("settings", _settings) or {},
    )
    given.finish()
    return preset


def read_room(key: str, value: Value, people: Mapping[str, PersonSeed]) -> RoomSeed:
    """Read one entry of `rooms`."""
    given = fields(value)
    room = RoomSeed(
        key=key,
        host=given.take("host", _host(people)),
        topic=cast("Topic", given.maybe("topic", choice(*TALKS)) or "webinars"),
        title=given.maybe("title", _TITLE),
        description=given.maybe("description", text()),
        analytics=given.maybe("analytics", _analytics),
    )
    given.finish()
    return room


def read_session(key: str, value: Value, world: rules.Known) -> SessionSeed:
    """Read one entry of `sessions`."""
    given = fields(value)
    places = dict(given.left)
    session = SessionSeed(
        key=key,
        line=value.line,
        room=given.take("room", reference("rooms", world.rooms)),
        preset=given.take("preset", reference("presets", world.presets)),
        mode=cast("Mode | None", given.maybe("mode", choice("webcam", "rtmp"))),
        title=given.maybe("title", _TITLE),
        description=given.maybe("description", text()),
        times=Times(**{name: given.maybe(name, offset) for name in Times.__dataclass_fields__}),
        joined=given.maybe("joined", _people(world.people)) or (),
        audience=given.maybe("audience", integer(0, _MAX_AUDIENCE)),
        shape=cast("Shape | None", given.maybe("shape", choice(*get_args(Shape)))),
        shaped=given.maybe("shaped", offset),
        encoder=given.maybe("encoder", _encoder) or (),
        overrides=given.maybe("overrides", _overrides) or {},
    )
    given.finish()
    rules.check_preset(session, places["preset"], world)
    rules.check_times(session, places, world.schedule_step)
    rules.check_joined(session, places.get("joined", value), world)
    return session


def _encoder(value: Value) -> tuple[Change, ...]:
    changes = sorted((_change(item) for item in items(value)), key=lambda each: each["after"])
    if len({each["after"] for each in changes}) < len(changes):
        value.refuse(f"{value.name} has two changes `after` the same time, must have one")
    if (number := number_of(changes)) > MOST_CHANGES:
        value.refuse(f"{value.name} has {number:,} changes, must have {MOST_CHANGES:,} at most")
    return tuple(changes)


def _change(value: Value) -> Change:
    given = fields(value)
    said = {
        "action": given.take("action", choice(*ACTIONS)),
        "after": given.maybe("after", integer(0, _MAX_SECONDS)) or 0,
        "seconds": given.maybe("seconds", integer(1, _MAX_SECONDS)),
        "every": given.maybe("every", integer(8, 3600)),
        "times": given.maybe("times", integer(1, 100)),
    }
    given.finish()
    try:
        return read_change({name: each for name, each in said.items() if each is not None})
    except Unprocessable as error:
        value.refuse(str(error))


def _host(people: Mapping[str, PersonSeed]) -> Reader[str]:
    known = reference("people", people)

    def read(value: Value) -> str:
        key = known(value)
        if people[key].role != "host":
            value.refuse(f"{value.name} is `{key}`, a {people[key].role}, must be a host")
        return key

    return read


def _people(people: Mapping[str, PersonSeed]) -> Reader[tuple[str, ...]]:
    known = reference("people", people)
    return lambda value: tuple(known(item) for item in items(value))


def _settings(value: Value) -> dict[str, Any]:
    given = fields(value)
    readers: dict[str, Reader[Any]] = dict.fromkeys(DEFAULTS, boolean)
    readers |= dict.fromkeys(OPTIONAL, matching(r"https?://\S+", "an http or https address"))
    readers |= {"primary_color": _COLOUR, "max_join_limit": integer(1, _MAX_PRESET_LIMIT)}
    found = {name: given.maybe(name, read) for name, read in readers.items()}
    given.finish()
    return {name: setting for name, setting in found.items() if setting is not None}


def _overrides(value: Value) -> dict[str, Any]:
    given = fields(value)
    found = {
        "chat_enabled": given.maybe("chat_enabled", boolean),
        "stage_enabled": given.maybe("stage_enabled", boolean),
        "max_join_limit": given.maybe("max_join_limit", integer(0, _MAX_OVERRIDE)),
    }
    given.finish()
    return {name: setting for name, setting in found.items() if setting is not None}


def _analytics(value: Value) -> dict[str, Any]:
    given = fields(value)
    manager = given.take("google_tag_manager", fields)
    given.finish()
    found = {
        "container_id": manager.maybe("container_id", text()),
        "enabled": manager.take("enabled", boolean),
    }
    manager.finish()
    return {"google_tag_manager": found}

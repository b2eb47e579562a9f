"""A world as a seed file: what a user takes home to begin with again, read and change by hand.

It tells the same people, presets, rooms and sessions as of now. Ids stay where the world was
planted from a seed file of the same keys; what was made through the API gets new ones. Times are
in whole seconds. Sign-ins of the API, codes and tokens belong to a moment and are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import yaml

from mock_server.domain.encoder import changes_of
from mock_server.domain.entities import Encoder, Participant, Preset, Room, Session, User
from mock_server.domain.identity import derive_uuid
from mock_server.domain.presets import DEFAULTS
from mock_server.domain.sessions import effective_join_limit
from mock_server.seeds.plant import person_id
from mock_server.seeds.shape import Persona, SeedFile

E = TypeVar("E", User, Preset, Room, Session)
Fields = dict[str, Any]
_UNITS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_A_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Hold what a world has of everything a seed file tells, oldest first."""

    users: list[User]
    presets: list[Preset]
    rooms: list[Room]
    sessions: list[Session]
    participants: list[Participant]
    encoders: Mapping[str, Encoder]


@dataclass(frozen=True, slots=True)
class _Keys:
    users: Mapping[str, str]
    presets: Mapping[str, str]
    rooms: Mapping[str, str]
    sessions: Mapping[str, str]


def write_seed(contents: Contents, seed_file: SeedFile, *, seed: int, now: datetime) -> str:
    """Return the text of a seed file that begins like this world is at `now`."""
    keys = _Keys(
        users=_keys(contents.users, "person", _ids(seed, "user", seed_file.people)),
        presets=_keys(contents.presets, "preset", _ids(seed, "preset", seed_file.presets)),
        rooms=_keys(contents.rooms, "room", _ids(seed, "room", seed_file.rooms)),
        sessions=_keys(contents.sessions, "session", _ids(seed, "session", seed_file.sessions)),
    )
    organizations = {derive_uuid(seed, "organization", key): key for key in seed_file.organizations}
    by_id = {preset.id: preset for preset in contents.presets}
    whole: Fields = {
        "version": 1,
        "description": f"{seed_file.description or seed_file.name}, as it was when it was saved",
        "organizations": {
            key: _given(domain=each.domain, colour=each.colour)
            for key, each in seed_file.organizations.items()
        },
        "people": _section(contents.users, keys.users, lambda user: _person(user, organizations)),
        "personas": {each.name: _persona(each) for each in seed_file.personas},
        "presets": _section(contents.presets, keys.presets, lambda each: _preset(each, keys)),
        "rooms": _section(contents.rooms, keys.rooms, lambda each: _room(each, keys, seed_file)),
        "sessions": _section(
            contents.sessions,
            keys.sessions,
            lambda each: (
                _session(each, by_id, contents.participants, keys, now)
                | _encoder(contents.encoders.get(each.id))
            ),
        ),
    }
    text: str = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False, width=100)
    return text


def _ids(seed: int, kind: str, keys: Iterable[str]) -> dict[str, str]:
    if kind == "user":
        return {person_id(seed, key): key for key in keys}
    return {derive_uuid(seed, kind, key): key for key in keys}


def _keys(entities: list[E], word: str, planted: Mapping[str, str]) -> dict[str, str]:
    taken = set(planted.values())
    keys = {each.id: planted[each.id] for each in entities if each.id in planted}
    number = 0
    for each in entities:
        while each.id not in keys:
            number += 1
            if f"{word}-{number}" not in taken:
                keys[each.id] = f"{word}-{number}"
    return keys


def _section(
    entities: list[E], keys: Mapping[str, str], write: Callable[[E], Fields]
) -> dict[str, Fields]:
    return {keys[each.id]: write(each) for each in entities}


def _given(**values: Any) -> Fields:
    return {name: value for name, value in values.items() if value is not None}


def _person(user: User, organizations: Mapping[str, str]) -> Fields:
    organization = organizations.get(user.organization_id)
    email = user.email if organization else None
    return _given(
        role=user.role,
        organization=organization,
        name=user.username,
        email=email,
        active=None if user.is_active else False,
    )


def _persona(persona: Persona) -> Fields:
    return _given(
        person=persona.person_key,
        description=persona.description,
        password=persona.password,
        api_key=persona.api_key,
    )


def _preset(preset: Preset, keys: _Keys) -> Fields:
    changed = {
        name: value
        for name, value in preset.settings.items()
        if value is not None and DEFAULTS.get(name) != value
    }
    return {
        "owner": keys.users[preset.user_id],
        "type": preset.type,
        "name": preset.name,
        "settings": {"primary_color": preset.settings["primary_color"], **changed},
    }


def _room(room: Room, keys: _Keys, seed_file: SeedFile) -> Fields:
    planted = seed_file.rooms.get(keys.rooms[room.id])
    return _given(
        host=keys.users[room.host_id],
        topic=planted.topic if planted else None,
        title=room.title,
        description=room.description or None,
        analytics=room.analytics,
    )


def _session(
    session: Session,
    presets: Mapping[str, Preset],
    participants: list[Participant],
    keys: _Keys,
    now: datetime,
) -> Fields:
    joined = [keys.users[each.user_id] for each in participants if each.session_id == session.id]
    limit = effective_join_limit(session, presets[session.preset_id])
    overrides = _given(
        chat_enabled=session.chat_enabled_override,
        stage_enabled=session.stage_enabled_override,
        max_join_limit=session.max_join_limit_override,
    )
    return _given(
        room=keys.rooms[session.room_id],
        preset=keys.presets[session.preset_id],
        mode=session.mode,
        title=session.title,
        description=session.description or None,
        **_times(session, now),
        # Who was in before the limit was lowered stayed; a seed file can't tell that.
        joined=joined[:limit] or None,
        audience=session.audience,
        shape=session.shape,
        shaped=None if session.shaped_at is None else _offset(session.shaped_at - now),
        overrides=overrides or None,
    )


def _encoder(encoder: Encoder | None) -> Fields:
    # Of what happens within one second the last is told.
    changes = {int(each["after"]): each for each in changes_of(encoder)}
    told = [{**each, "after": after} for after, each in changes.items()]
    return {"encoder": told} if told else {}


def _times(session: Session, now: datetime) -> Fields:
    needs = [time for time in (session.started_at, session.scheduled_start_time) if time]
    # A seed file wants a second between the making of a session and its beginning.
    created = min([session.created_at, *(time - _A_SECOND for time in needs)])
    times = {
        "created": created,
        "starts": session.scheduled_start_time,
        "started": session.started_at,
        "broadcast": session.broadcast_at,
        "ended": session.ended_at,
    }
    return {name: _offset(time - now) for name, time in times.items() if time is not None}


def _offset(length: timedelta) -> str:
    seconds = length // _A_SECOND
    if seconds == 0:
        return "now"
    sign, rest = ("-", -seconds) if seconds < 0 else ("+", seconds)
    parts = []
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        parts += [f"{count}{unit}"] if count else []
    return sign + "".join(parts)

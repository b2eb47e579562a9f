"""Entities from a seed file: what its author left out is filled in from the seed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

from mock_server import realism
from mock_server.domain.encoder import plan
from mock_server.domain.entities import (
    ApiKey,
    Encoder,
    Entity,
    Participant,
    Preset,
    Room,
    Session,
    SignIn,
    State,
    User,
    World,
)
from mock_server.domain.identity import derive_uuid
from mock_server.domain.presets import settings_from
from mock_server.domain.sessions import effective_join_limit, mode_for
from mock_server.media.ingress import ingress_id, stream_key
from mock_server.seeds.calendar import Calendar, Course, calendar, edited
from mock_server.seeds.shape import PersonSeed, PresetSeed, RoomSeed, SeedFile, SessionSeed


def plant(seed_file: SeedFile, *, seed: int, now: datetime) -> list[Entity]:
    """Return every entity of the world a seed file describes, as it is at `now`."""
    times = calendar(seed_file, seed, now)
    world = World(id="world", seed=seed, scenario=seed_file.name, created_at=now)
    presets = _presets(seed_file, seed, times)
    sessions = _sessions(seed_file, seed, times, presets)
    return [
        world,
        *_users(seed_file, seed, times),
        *presets.values(),
        *_rooms(seed_file, seed, times),
        *sessions,
        *_encoders(seed_file, times, sessions),
        *_participants(seed, times),
        *_credentials(seed_file, seed, times, now),
    ]


def person_id(seed: int, key: str) -> str:
    """Return the id of the user a person of a seed file becomes."""
    return derive_uuid(seed, "user", key)


def sign_in_id(seed: int, key: str) -> str:
    """Return the id of a persona's sign-in; it outlives every reset, so its tokens do."""
    return derive_uuid(seed, "sign_in", key)


def _users(seed_file: SeedFile, seed: int, times: Calendar) -> list[User]:
    nameless = {
        key: person.locale
        for key, person in seed_file.people.items()
        if person.name is None and person.organization is not None
    }
    names = realism.people(seed, nameless)
    passwords = {persona.person_key: persona.password for persona in seed_file.personas}
    used = Counter(person.email for person in seed_file.people.values())
    users = []
    for number, (key, person) in enumerate(seed_file.people.items()):
        user_id = person_id(seed, key)
        found = names.get(key) or _given_name(seed, person, number)
        email = person.email
        if email is None:
            email = _email(seed_file, person, found.mailbox, user_id, used)
        users.append(
            User(
                id=user_id,
                external_user_id=derive_uuid(seed, "external", user_id),
                organization_id=derive_uuid(seed, "organization", person.organization or "guests"),
                library_id=_library_id(seed, key),
                email=email,
                username=found.name,
                role=person.role,
                is_active=person.active,
                password=passwords.get(key),
                created_at=times.people[key],
            )
        )
    return users


def _given_name(seed: int, person: PersonSeed, number: int) -> realism.Person:
    name = person.name or realism.guest_name(seed, number)
    return realism.Person(name, realism.mailbox(name))


def _email(
    seed_file: SeedFile, person: PersonSeed, box: str, user_id: str, used: Counter[str | None]
) -> str:
    if person.organization is None:
        return realism.guest_email(box, user_id)
    domain = seed_file.organizations[person.organization].domain
    email = f"{box}@{domain}"
    number = 1
    while used[email]:
        number += 1
        email = f"{box}{number}@{domain}"
    used[email] += 1
    return email


def _library_id(seed: int, person_key: str) -> str:
    return derive_uuid(seed, "library", person_id(seed, person_key))


def _presets(seed_file: SeedFile, seed: int, times: Calendar) -> dict[str, Preset]:
    return {
        key: _preset(seed_file, seed, preset, times) for key, preset in seed_file.presets.items()
    }


def _preset(seed_file: SeedFile, seed: int, preset: PresetSeed, times: Calendar) -> Preset:
    created = times.presets[preset.key]
    organization = seed_file.people[preset.owner].organization or "guests"
    colour = seed_file.organizations[organization].colour
    colour = colour or realism.brand_colour(seed, organization)
    return Preset(
        id=derive_uuid(seed, "preset", preset.key),
        user_id=person_id(seed, preset.owner),
        library_id=_library_id(seed, preset.owner),
        name=preset.name or realism.preset_name(seed, preset.key),
        type=preset.type,
        settings=settings_from({"primary_color": colour, **preset.settings}),
        created_at=created,
        updated_at=edited(seed, preset.key, created, times.now),
    )


def _rooms(seed_file: SeedFile, seed: int, times: Calendar) -> list[Room]:
    numbers: Counter[str] = Counter()
    rooms = []
    for key, room in seed_file.rooms.items():
        title = room.title
        if title is None:
            title = realism.room_title(seed, room.topic, numbers[room.topic])
            numbers[room.topic] += 1
        rooms.append(
            Room(
                id=derive_uuid(seed, "room", key),
                host_id=person_id(seed, room.host),
                library_id=_library_id(seed, room.host),
                title=title,
                description=room.description,
                analytics=_analytics(seed, room),
                created_at=times.rooms[key],
                updated_at=edited(seed, key, times.rooms[key], times.now),
            )
        )
    return rooms


def _analytics(seed: int, room: RoomSeed) -> dict[str, Any] | None:
    if room.analytics is None:
        return None
    manager = room.analytics["google_tag_manager"]
    container = manager["container_id"] or realism.container_id(seed, room.key)
    return {"google_tag_manager": {**manager, "container_id": container}}


def _sessions(
    seed_file: SeedFile, seed: int, times: Calendar, presets: dict[str, Preset]
) -> list[Session]:
    numbers: Counter[str] = Counter()
    sessions = []
    for session in seed_file.sessions.values():
        talk = None
        if session.title is None:
            topic = seed_file.rooms[session.room].topic
            talk = realism.talk(seed, topic, numbers[topic])
            numbers[topic] += 1
        course, preset = times.sessions[session.key], presets[session.preset]
        sessions.append(_session(seed, _told(session, talk), course, preset, times.now))
    return sessions


def _told(session: SessionSeed, talk: realism.Talk | None) -> SessionSeed:
    if talk is None:
        return session
    return replace(session, title=talk.title, description=session.description or talk.description)


def _session(
    seed: int, session: SessionSeed, course: Course, preset: Preset, now: datetime
) -> Session:
    session_id = derive_uuid(seed, "session", session.key)
    state: State = "scheduled"
    if course.started is not None:
        state = "live" if course.ended is None else "ended"
    planted = Session(
        id=session_id,
        room_id=derive_uuid(seed, "room", session.room),
        preset_id=preset.id,
        title=session.title or session.key,
        description=session.description,
        state=state,
        mode=mode_for(preset, session.mode),
        scheduled_start_time=course.starts,
        started_at=course.started,
        broadcast_at=course.broadcast,
        ended_at=course.ended,
        stream_key=stream_key(seed, session_id),
        ingress_id=ingress_id(seed, session_id),
        audience=session.audience,
        shape=session.shape,
        shaped_at=None if session.shaped is None else now + session.shaped,
        chat_enabled_override=session.overrides.get("chat_enabled"),
        stage_enabled_override=session.overrides.get("stage_enabled"),
        max_join_limit_override=session.overrides.get("max_join_limit"),
        created_at=course.created,
        updated_at=course.updated,
    )
    seats = 0 if course.started is None else effective_join_limit(planted, preset)
    return replace(planted, seats=seats)


def _encoders(seed_file: SeedFile, times: Calendar, sessions: list[Session]) -> list[Encoder]:
    encoders = []
    for told, session in zip(seed_file.sessions.values(), sessions, strict=True):
        if told.encoder:
            encoder = Encoder(
                id=session.id,
                history={"changes": [dict(each) for each in told.encoder]},
                created_at=session.created_at,
            )
            # What time has done before the world is there nobody is told.
            encoders.append(plan(session, encoder, times.now))
    return encoders


def _participants(seed: int, times: Calendar) -> list[Participant]:
    participants = []
    for (session_key, person_key), joined in times.joins.items():
        session_id = derive_uuid(seed, "session", session_key)
        user_id = person_id(seed, person_key)
        participants.append(
            Participant(
                id=f"{session_id}/{user_id}",
                session_id=session_id,
                user_id=user_id,
                created_at=joined,
            )
        )
    return participants


def _credentials(
    seed_file: SeedFile, seed: int, times: Calendar, now: datetime
) -> list[SignIn | ApiKey]:
    credentials: list[SignIn | ApiKey] = []
    for persona in seed_file.personas:
        key = persona.person_key
        user_id = person_id(seed, key)
        credentials.append(SignIn(id=sign_in_id(seed, key), user_id=user_id, created_at=now))
        if persona.api_key is not None:
            made = times.people[key]
            credentials.append(ApiKey(id=persona.api_key, user_id=user_id, created_at=made))
    return credentials

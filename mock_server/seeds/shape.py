"""A seed file as values: what the author wrote, checked, nothing filled in yet.

Times are lengths before (negative) or after the moment the world begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from mock_server.domain.entities import Mode, Role, Shape
from mock_server.realism.words import Topic

PresetType = Literal["whip", "rtmp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationSeed:
    """Hold an organisation: the domain of its people's addresses, the colour of its presets."""

    key: str
    domain: str
    colour: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSeed:
    """Hold a person; one without an organisation is a guest who typed a display name.

    Whoever is not `active` can't sign in, and no credential of theirs is accepted.
    """

    key: str
    role: Role
    organization: str | None
    locale: str | None
    name: str | None
    email: str | None
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Hold a person whose credentials are known; `email` is there when `password` is."""

    name: str
    description: str
    person_key: str
    email: str | None
    password: str | None
    api_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetSeed:
    """Hold a preset; `settings` has only what the author gave."""

    key: str
    owner: str
    type: PresetType
    name: str | None
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSeed:
    """Hold a room; `analytics` is in the contract's shape, the container id perhaps left out."""

    key: str
    host: str
    topic: Topic
    title: str | None
    description: str | None
    analytics: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Hold what happened to a session and when; what is None has not happened."""

    created: timedelta | None = None
    starts: timedelta | None = None
    started: timedelta | None = None
    broadcast: timedelta | None = None
    ended: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSeed:
    """Hold a session; `overrides` has `chat_enabled`, `stage_enabled`, `max_join_limit`.

    `audience` is how many watch besides those who joined, None where the seed decides; `shape` is
    how they come and go, said at `shaped`. `encoder` has changes as `domain.encoder` keeps them.
    """

    key: str
    line: int
    room: str
    preset: str
    mode: Mode | None
    title: str | None
    description: str | None
    times: Times
    joined: tuple[str, ...]
    audience: int | None
    shape: Shape | None
    shaped: timedelta | None
    encoder: tuple[Mapping[str, Any], ...]
    overrides: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedFile:
    """Hold a whole world to begin with; `schedule_step` is what start times are rounded to."""

    name: str
    description: str
    schedule_step: timedelta
    organizations: Mapping[str, OrganizationSeed]
    people: Mapping[str, PersonSeed]
    personas: tuple[Persona, ...]
    presets: Mapping[str, PresetSeed]
    rooms: Mapping[str, RoomSeed]
    sessions: Mapping[str, SessionSeed]

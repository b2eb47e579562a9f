"""Which entities and answers are asked for together, as data: what one round trip brings along.

Only speed depends on it: what is not brought along is asked for when it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mock_server.domain.entities import (
    ApiKey,
    AuthCode,
    DeviceToken,
    Entity,
    Preset,
    RefreshToken,
    Room,
    Session,
    SignIn,
    User,
)
from mock_server.storage.indexes import LIVE_SESSION_OF_ROOM, PARTICIPANTS_OF_SESSION, Index

# By kind, the fields that hold ids of other entities, under the kind of those.
LINKS: Mapping[type[Any], Mapping[type[Any], str]] = MappingProxyType(
    {
        Session: {Room: "room_id", Preset: "preset_id"},
        Room: {User: "host_id"},
        ApiKey: {User: "user_id"},
        SignIn: {User: "user_id"},
        DeviceToken: {User: "user_id"},
        RefreshToken: {User: "user_id"},
        AuthCode: {User: "user_id"},
    }
)
# The group that an entity of the kind names by its id, brought along whole: it must be `small`.
MEMBERS: tuple[tuple[type[Any], Index[Any]], ...] = ((Room, LIVE_SESSION_OF_ROOM),)
# The group that an entity of the kind names by its id, of which the size is brought along.
COUNTS: tuple[tuple[type[Any], Index[Any]], ...] = ((Session, PARTICIPANTS_OF_SESSION),)


def link(entity: Entity, kind: type[Any]) -> str | None:
    """Return the id of the entity of `kind` that this one belongs to, None where there is none."""
    field = LINKS.get(type(entity), {}).get(kind)
    return None if field is None else getattr(entity, field)

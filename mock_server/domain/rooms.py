"""How a room changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from mock_server.domain.entities import Room


def analytics_from(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """Keep what the contract knows of an analytics object; None where none is given."""
    if "analytics" not in body:
        return None
    manager = body["analytics"].get("google_tag_manager")
    if manager is None:
        return {}
    known = {name: manager[name] for name in ("container_id", "enabled") if name in manager}
    return {"google_tag_manager": known}


def update_room(room: Room, now: datetime, *, changes: Mapping[str, Any]) -> Room:
    """Apply the given fields and keep the others; `analytics` is replaced as a whole."""
    given = {name: changes[name] for name in ("title", "description") if name in changes}
    if "analytics" in changes:
        given["analytics"] = analytics_from(changes)
    changed = replace(room, **given)
    return room if changed == room else replace(changed, updated_at=now)

"""The settings of a preset: which there are, their defaults, and how a change is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from mock_server.domain.entities import Preset

# The contract leaves the flags' defaults free: these suit a small webinar.
DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "stage_enabled": True,
        "max_join_limit": 100,
        "chat_enabled": True,
        "poll_enabled": True,
        "viewer_count_visible": True,
        "primary_color": "#4f46e5",
        "host_add_co_host": True,
        "host_camera_enabled": True,
        "host_screen_share": True,
        "host_chat_send_text": True,
        "host_chat_send_file": True,
        "host_chat_receive_message": True,
        "host_poll_create": True,
        "host_poll_vote": True,
        "host_poll_view": True,
        "onstage_camera_enabled": True,
        "onstage_screen_share": False,
        "onstage_viewer_view": True,
        "audience_stage_join_request": True,
        "audience_can_see_participants": True,
        "audience_chat_send_text": True,
        "audience_chat_send_file": False,
        "audience_chat_receive_message": True,
        "audience_poll_create": False,
        "audience_poll_vote": True,
        "audience_poll_view": True,
        "moderator_manage_stage": True,
        "moderator_manage_chat": True,
        "moderator_manage_poll": True,
        "recording_enabled": False,
        "is_default": False,
    }
)
# Absent until given, so they have no default.
OPTIONAL = ("logo", "logo_destination_url")


def settings_from(body: Mapping[str, Any]) -> dict[str, Any]:
    """Complete the settings of a new preset; fields the contract does not know are left out."""
    known = {name: body.get(name, default) for name, default in DEFAULTS.items()}
    return known | {name: body[name] for name in OPTIONAL if name in body}


def update_preset(preset: Preset, now: datetime, *, changes: Mapping[str, Any]) -> Preset:
    """Apply the given fields and keep the others; nothing changes where all are as they were."""
    settings = preset.settings | {
        name: changes[name] for name in (*DEFAULTS, *OPTIONAL) if name in changes
    }
    changed = replace(
        preset,
        name=changes.get("name", preset.name),
        type=changes.get("type", preset.type),
        settings=settings,
    )
    return preset if changed == preset else replace(changed, updated_at=now)

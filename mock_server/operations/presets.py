"""Presets: a host's named session settings."""

from __future__ import annotations

from dataclasses import replace

from mock_server.domain import presets
from mock_server.domain.entities import Preset
from mock_server.domain.errors import Conflict
from mock_server.domain.identity import derive_uuid
from mock_server.env import Call
from mock_server.http.views import View, page_view, preset_view
from mock_server.operations.lookup import find_own_preset
from mock_server.storage.indexes import OPEN_SESSIONS_OF_PRESET, PRESETS_OF_USER


def list_presets(call: Call) -> View:
    """List the caller's presets."""
    return page_view(
        call, "presets", PRESETS_OF_USER, call.user.id, lambda _, preset: preset_view(preset)
    )


def create_preset(call: Call) -> View:
    """Make a preset of the caller."""
    preset = Preset(
        id=derive_uuid(call.env.seed, "preset", call.tx.next_number()),
        user_id=call.user.id,
        library_id=call.user.library_id,
        name=call.body["name"],
        type=call.body["type"],
        settings=presets.settings_from(call.body),
        created_at=call.now,
        updated_at=call.now,
    )
    call.tx.put(preset)
    return preset_view(preset)


def get_preset(call: Call) -> View:
    """Show a preset of the caller."""
    return preset_view(find_own_preset(call))


def update_preset(call: Call) -> View:
    """Change the given fields of a preset; its sessions show the change at once."""
    preset = presets.update_preset(find_own_preset(call), call.now, changes=call.body)
    call.tx.put(preset)
    return preset_view(preset)


def delete_preset(call: Call) -> View:
    """Delete a preset; raises Conflict while a session that has not ended uses it."""
    preset = find_own_preset(call)
    used = call.tx.count(OPEN_SESSIONS_OF_PRESET, preset.id)
    if used:
        raise Conflict(
            f"`delete_preset`: preset is used by {used} session{'s' if used > 1 else ''} "
            "not `ended`, must be used by none"
        )
    call.tx.put(replace(preset, deleted_at=call.now))
    return {"id": preset.id}

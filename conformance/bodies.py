"""Bodies the contract accepts, one for each operation that takes one."""

from __future__ import annotations

from typing import Any

from conformance.contract import Operation
from conformance.world import COLOR, World, later, unknown_id

Json = Any


def valid(world: World, operation: Operation) -> dict[str, Json] | None:
    """Return a small body the operation accepts, None when it takes none.

    Credentials inside it are made up: they are well-formed, and refused only for their value.
    """
    bodies: dict[str, Json] = {
        "create_room": {"title": world.title()},
        "update_room": {"title": world.title("a renamed room")},
        "create_session": {"title": world.title("a session"), "preset_id": unknown_id()},
        "reschedule_session": {"scheduled_start_time": later(days=2)},
        "update_session_settings": {"chat_enabled": False},
        "host_video_state": {"enabled": True},
        "host_audio_state": {"enabled": True},
        "login": {"email": "nobody@greenroom.test", "password": "no such password"},
        "refresh_tokens": {"refresh_token": "no such token"},
        "logout": {"refresh_token": "no such token"},
        "register_viewer": {"display_name": world.title("a viewer")[:50]},
        "device_login": {"device_token": "no such token"},
        "create_auth_code": {"session_id": unknown_id()},
        "exchange_auth_code": {"code": "no such code"},
        "create_preset": {"name": world.title("a preset"), "type": "rtmp", "primary_color": COLOR},
        "update_preset": {"name": world.title("a renamed preset")},
    }
    return bodies.get(operation.id) if operation.body is not None else None


def arguments(world: World, operation: Operation, **changes: Json) -> dict[str, Json]:
    """Return the arguments of `Client.send` for a request the contract accepts."""
    body = valid(world, operation)
    return {} if body is None else {"body": {**body, **changes}}

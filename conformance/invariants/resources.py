"""What is always true of any resource: its times, its id, and what a change set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

from conformance.contract import bundled
from conformance.identities import claims, header
from conformance.invariants.registry import Broken, invariant
from conformance.reply import shown
from conformance.shapes import (
    Asked,
    at,
    data_of,
    main_preset,
    main_room,
    main_session,
    moment,
    presets_in,
    rooms_in,
    same,
    sessions_in,
)

Json = Any

CLOCKS_APART = timedelta(seconds=5)
DATES = frozenset({"created_at", "updated_at", "started_at", "ended_at", "scheduled_start_time"})


def _ordered(resource: dict[str, Json], *names: str) -> Broken:
    known = [(name, at) for name in names if (at := moment(resource.get(name)))]
    for (before, earlier), (after, later) in pairwise(known):
        if later < earlier:
            yield f"`{after}` not before `{before}`", f"{later.isoformat()}, {earlier.isoformat()}"


@invariant(
    "times.ordered",
    must="`updated_at` MUST NOT lie before `created_at`, nor `ended_at` before `started_at`, "
    "nor `started_at` before `created_at`",
    contract="#/components/schemas/SessionResponse",
)
def times_are_ordered(_: Asked, body: Json) -> Broken:
    """Compare the times of every room, session and preset."""
    for resource in (*rooms_in(body), *sessions_in(body), *presets_in(body)):
        yield from _ordered(resource, "created_at", "updated_at")
        yield from _ordered(resource, "created_at", "started_at", "ended_at")


@invariant(
    "times.past",
    must="Nothing MUST have happened after the answer's own `timestamp`",
    contract="#/components/schemas/Timestamp",
)
def nothing_is_from_the_future(_: Asked, body: Json) -> Broken:
    """Compare what has happened with the envelope's timestamp, a whole second."""
    stamp = body.get("timestamp")
    if not isinstance(stamp, int) or not 0 <= stamp < 10**11:
        return
    latest = datetime.fromtimestamp(stamp, UTC) + CLOCKS_APART
    for resource in (*rooms_in(body), *sessions_in(body), *presets_in(body)):
        for name in ("created_at", "updated_at", "started_at", "ended_at"):
            at = moment(resource.get(name))
            if at and at > latest:
                yield f"`{name}` not after the `timestamp` {stamp}", at.isoformat()


@invariant(
    "times.utc",
    must="Every date of an answer MUST be in UTC",
    contract="#/info",
)
def dates_are_in_utc(_: Asked, body: Json) -> Broken:
    """Look at the offset of every field whose name is a date's."""
    for name, value in _dates(body):
        if moment(value) is not None and not value.upper().endswith(("Z", "+00:00", "-00:00")):
            yield f"`{name}` in UTC", shown(value)


def _dates(node: Json) -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for part in node:
            yield from _dates(part)
    for name, value in node.items() if isinstance(node, dict) else ():
        if isinstance(value, str) and name in DATES:
            yield name, value
        elif isinstance(value, (dict, list)):
            yield from _dates(value)


@invariant(
    "room.host",
    must="A room's `host` MUST be the user of its `host_id`",
    contract="#/components/schemas/RoomResponse",
)
def room_and_host_agree(_: Asked, body: Json) -> Broken:
    """Compare every room with the host inside it."""
    for room in rooms_in(body):
        host = room.get("host")
        if isinstance(host, dict) and host.get("id") != room["host_id"]:
            yield f"`host.id` {shown(room['host_id'])}", shown(host.get("id"))


ABOUT_ITS_ID = {
    "room": ("get_room", "update_room", "delete_room"),
    "preset": ("get_preset", "update_preset", "delete_preset"),
    "session": (
        "get_session",
        "delete_session",
        "go_live",
        "start_session",
        "end_session",
        "ensure_hls_egress",
        "start_webcam_hls",
        "reschedule_session",
        "update_session_settings",
    ),
}


@invariant(
    "resource.id",
    must="An answer about a resource MUST bear the id that was asked for",
    contract="#/paths",
)
def answers_are_about_what_was_asked(asked: Asked, body: Json) -> Broken:
    """Compare the path's id with the answer's."""
    data = data_of(body)
    for name, operations in ABOUT_ITS_ID.items():
        if asked.operation in operations and isinstance(data, dict):
            inner = data.get(name)
            about = inner if isinstance(inner, dict) and "id" not in data else data
            if str(about.get("id")).lower() != asked.id:
                yield f"`id` `{asked.id}`", shown(about.get("id"))
    if asked.operation == "create_session":
        session = main_session(asked, body) or {}
        if str(session.get("room_id")).lower() != asked.id:
            yield f"`room_id` `{asked.id}`", shown(session.get("room_id"))


SETS: dict[str, tuple[Callable[[Asked, Json], dict[str, Json] | None], dict[str, str]]] = {
    "create_room": (main_room, {}),
    "update_room": (main_room, {}),
    "create_preset": (main_preset, {}),
    "update_preset": (main_preset, {}),
    "create_session": (main_session, {"preset_id": "preset.id"}),
    "reschedule_session": (main_session, {}),
    "update_session_settings": (
        main_session,
        {name: f"{name}_override" for name in ("chat_enabled", "stage_enabled", "max_join_limit")},
    ),
}


@invariant(
    "resource.echo",
    must="The answer to a change MUST show what the change set",
    contract="#/paths",
)
def changes_are_shown(asked: Asked, body: Json) -> Broken:
    """Compare each known field of the request with the resource answered."""
    if asked.operation not in SETS or not isinstance(asked.body, dict):
        return
    find, renamed = SETS[asked.operation]
    resource = find(asked, body)
    if resource is None:
        return
    given: Json
    for name, given in asked.body.items():
        if name in _fields(asked.operation):
            path = renamed.get(name) or name
            received = at(resource, path)
            if not same(given, received):
                yield f"`{path}` {shown(given)}", shown(received)


@cache
def _fields(operation: str) -> frozenset[str]:
    """Return the fields the contract knows in a body; requests may carry others."""
    contract = bundled()
    return frozenset(contract.properties(contract.operations[operation].body))


@invariant(
    "auth.claims",
    must="An access token MUST be an HS256 JWT that names in `sub` and `role` the user it was "
    "given to, and expires after the answer's `timestamp`",
    contract="#/components/schemas/AuthResponse",
)
def tokens_are_the_users(_: Asked, body: Json) -> Broken:
    """Read the claims of an access token beside its user."""
    data = data_of(body)
    if not isinstance(data, dict) or not isinstance(data.get("user"), dict):
        return
    token = str(data.get("access_token"))
    found = claims(token)
    if found is None or header(token).get("alg") != "HS256":
        yield "`access_token` to be a JWT signed with HS256", "something else"
        return
    for claim, name in (("sub", "id"), ("role", "role")):
        if found.get(claim) != data["user"].get(name):
            yield f"`{claim}` {shown(data['user'].get(name))}", shown(found.get(claim))
    if not isinstance(found.get("exp"), int | float) or found["exp"] <= body.get("timestamp", 0):
        yield "`exp` in the future", shown(found.get("exp"))

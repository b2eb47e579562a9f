"""What is always true of a world, whatever was done to it: the invariants of the contract.

Each is a function of a resource as it is answered (or of several) that says what it finds wrong, in
the words what is, what must be. The conformance suite has the same by the same names, written for
themselves: it trusts no server, this one neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from mock_server.domain.lifecycle import EXPIRES_AFTER
from mock_server.http.views import View

Kind = Literal["room", "session", "preset"]
Wrong = Iterator[str]
_FIRST_OF_ALL = "created_at"
# Readings happen on whole seconds, changes within them.
_WITHIN_A_SECOND = timedelta(seconds=1)
# By status: the fields that must be there, and those that must not.
_PRESENCE: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "scheduled": ((), ("started_at", "ended_at", "duration", "hls_url")),
    "expired": ((), ("started_at", "ended_at", "duration", "hls_url")),
    "live": (("started_at",), ("ended_at", "duration")),
    "ended": (("started_at", "ended_at", "duration"), ()),
}


@dataclass(frozen=True, slots=True)
class Invariant:
    """Hold a sentence and the function that finds where it does not hold, of resources of kinds."""

    name: str
    must: str
    kinds: tuple[Kind, ...]
    wrong: Callable[[View, datetime], Wrong]


def _times_are_ordered(resource: View, _: datetime) -> Wrong:
    for names in ((_FIRST_OF_ALL, "updated_at"), (_FIRST_OF_ALL, "started_at", "ended_at")):
        known = [(name, _time(resource[name])) for name in names if name in resource]
        for (before, earlier), (after, later) in pairwise(known):
            if later < earlier:
                yield (
                    f"`{after}` is {resource[after]}, must not be before `{before}`, "
                    f"{resource[before]}"
                )


def _nothing_is_from_the_future(resource: View, now: datetime) -> Wrong:
    for name in (_FIRST_OF_ALL, "updated_at", "started_at", "ended_at"):
        if name in resource and _time(resource[name]) >= now + _WITHIN_A_SECOND:
            yield f"`{name}` is {resource[name]}, must not be after {now.isoformat()}"


def _host_is_the_rooms(room: View, _: datetime) -> Wrong:
    if room["host"]["id"] != room["host_id"]:
        yield f"`host.id` is `{room['host']['id']}`, must be `{room['host_id']}`"


def _viewers_agree(session: View, _: datetime) -> Wrong:
    viewers, most = session["viewer_count"], session["max_viewers"]
    if not 0 <= viewers <= most:
        yield f"`viewer_count` is {viewers}, must be from 0 to the `max_viewers` {most}"
    if viewers and session["status"] != "live":
        yield f"`viewer_count` is {viewers}, must be 0 of a session that is `{session['status']}`"


def _fields_follow_the_status(session: View, _: datetime) -> Wrong:
    status = session["status"]
    shows, hides = _PRESENCE[status]
    for name in shows:
        if name not in session:
            yield f"`{name}` is missing, must be in a session that is `{status}`"
    for name in hides:
        if name in session:
            yield f"`{name}` is there, must not be in a session that is `{status}`"


def _duration_is_the_time_between(session: View, _: datetime) -> Wrong:
    if session.keys() >= {"started_at", "ended_at", "duration"}:
        between = _time(session["ended_at"]) - _time(session["started_at"])
        seconds = between // timedelta(seconds=1)
        if session["duration"] != seconds:
            yield f"`duration` is {session['duration']}, must be {seconds}"


def _effective_settings_agree(session: View, _: datetime) -> Wrong:
    for name in ("chat_enabled", "stage_enabled", "max_join_limit"):
        wanted = session.get(f"{name}_override", session["preset"].get(name))
        if session[f"effective_{name}"] != wanted:
            yield f"`effective_{name}` is {session[f'effective_{name}']}, must be {wanted}"


def _recording_is_the_presets(session: View, _: datetime) -> Wrong:
    wanted = session["preset"]["recording_enabled"]
    if session["recording_enabled"] != wanted:
        yield f"`recording_enabled` is {session['recording_enabled']}, must be {wanted}"


def _session_and_room_agree(session: View, _: datetime) -> Wrong:
    room, status = session["room"], session["status"]
    active = room.get("active_session_id")
    if room["id"] != session["room_id"]:
        yield f"`room.id` is `{room['id']}`, must be `{session['room_id']}`"
    if status == "live" and active != session["id"]:
        yield f"the room's `active_session_id` is `{active}`, must be this live session"
    if status != "live" and active == session["id"]:
        yield f"the room's active session is this, which is `{status}`, must be `live`"


def _preset_is_the_hosts(session: View, _: datetime) -> Wrong:
    room, preset = session["room"], session["preset"]
    for name, owner in (("user_id", "host_id"), ("library_id", "library_id")):
        if preset[name] != room[owner]:
            yield f"`preset.{name}` is `{preset[name]}`, must be the room's, `{room[owner]}`"


def _expiry_follows_the_start_time(session: View, now: datetime) -> Wrong:
    status, planned = session["status"], session.get("scheduled_start_time")
    if status not in ("scheduled", "expired"):
        return
    over = planned is not None and _time(planned) + EXPIRES_AFTER < now + _WITHIN_A_SECOND
    if over != (status == "expired"):
        wanted = "expired" if over else "scheduled"
        yield f"`status` is `{status}`, must be `{wanted}`: it was planned for {planned or 'never'}"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


OF_RESOURCES: tuple[Invariant, ...] = (
    Invariant(
        "times.ordered",
        "`updated_at` is never before `created_at`, nor `ended_at` before `started_at`, nor "
        "`started_at` before `created_at`",
        ("room", "session", "preset"),
        _times_are_ordered,
    ),
    Invariant(
        "times.past",
        "nothing has happened that is still to come",
        ("room", "session", "preset"),
        _nothing_is_from_the_future,
    ),
    Invariant("room.host", "a room's `host` is its `host_id`", ("room",), _host_is_the_rooms),
    Invariant(
        "session.viewers",
        "`viewer_count` never exceeds `max_viewers`, and is 0 unless the session is live",
        ("session",),
        _viewers_agree,
    ),
    Invariant(
        "session.presence",
        "a session shows `started_at` once it has started, `ended_at` and `duration` once it has "
        "ended, and none of them, nor `hls_url`, before",
        ("session",),
        _fields_follow_the_status,
    ),
    Invariant(
        "session.duration",
        "`duration` is the whole seconds from `started_at` to `ended_at`",
        ("session",),
        _duration_is_the_time_between,
    ),
    Invariant(
        "session.effective",
        "an effective setting is the session's override, or else its preset's value",
        ("session",),
        _effective_settings_agree,
    ),
    Invariant(
        "session.recording",
        "`recording_enabled` of a session is its preset's",
        ("session",),
        _recording_is_the_presets,
    ),
    Invariant(
        "session.room",
        "a session's `room` is the one of its `room_id`, and names it as its active one exactly "
        "while it is live",
        ("session",),
        _session_and_room_agree,
    ),
    Invariant(
        "session.preset",
        "a session's preset is one of the room's host, in the room's library",
        ("session",),
        _preset_is_the_hosts,
    ),
    Invariant(
        "session.expiry",
        "a session that never started is `expired` from 24 hours after its "
        "`scheduled_start_time`, not before, and never without one",
        ("session",),
        _expiry_follows_the_start_time,
    ),
)
ONE_LIVE = "session.one_live"
LIST_ORDER = "list.order"
LIST_PAGE = "list.page"
STATS = "stats.sum"
# These are about more than one resource: `control.invariants` looks.
OF_WORLDS: Mapping[str, str] = {
    ONE_LIVE: "a room has one live session at most",
    LIST_ORDER: "a list shows the newest first",
    LIST_PAGE: "the pages of a list show each row once, and as many as its `total` says",
    STATS: "what the stats count is what the lists show",
}

"""What is always true of a session, wherever it is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from conformance.invariants.registry import Broken, invariant
from conformance.reply import shown
from conformance.shapes import Asked, at, data_of, main_session, moment, sessions_in

Json = Any


@invariant(
    "session.viewers",
    must="`viewer_count` MUST NOT exceed `max_viewers`, and MUST be 0 unless the session is live",
    contract="#/components/schemas/SessionResponse",
)
def viewers_agree(_: Asked, body: Json) -> Broken:
    """Compare the two viewer counts of every session."""
    for session in sessions_in(body):
        now, most = session.get("viewer_count"), session.get("max_viewers")
        if not isinstance(now, int) or not isinstance(most, int):
            continue
        if not 0 <= now <= most:
            yield "0 ≤ `viewer_count` ≤ `max_viewers`", f"{now} and {most}"
        if now and session.get("status") != "live":
            yield f"no viewers of a session that is `{session.get('status')}`", str(now)


PRESENCE = {
    "scheduled": ((), ("started_at", "ended_at", "duration", "hls_url")),
    "expired": ((), ("started_at", "ended_at", "duration", "hls_url")),
    "live": (("started_at",), ("ended_at", "duration")),
    "ended": (("started_at", "ended_at", "duration"), ()),
}


@invariant(
    "session.presence",
    must="A session MUST show `started_at` once it has started, `ended_at` and `duration` once "
    "it has ended, and none of them, nor `hls_url`, before",
    contract="#/components/schemas/SessionResponse",
)
def fields_follow_the_status(_: Asked, body: Json) -> Broken:
    """Compare which fields a session shows with its status."""
    for session in sessions_in(body):
        status = session["status"]
        shows, hides = PRESENCE.get(status, ((), ())) if isinstance(status, str) else ((), ())
        for name in shows:
            if name not in session:
                yield f"`{name}` in a session that is `{status}`", "none"
        for name in hides:
            if name in session:
                yield f"no `{name}` in a session that is `{status}`", shown(session[name])


@invariant(
    "session.duration",
    must="`duration` MUST be the whole seconds from `started_at` to `ended_at`, rounded down",
    contract="#/components/schemas/SessionResponse",
)
def duration_is_the_time_between(_: Asked, body: Json) -> Broken:
    """Compute the duration of every session again."""
    for session in sessions_in(body):
        start, end = moment(session.get("started_at")), moment(session.get("ended_at"))
        if start and end and "duration" in session:
            expected = int((end - start).total_seconds() // 1)
            if session["duration"] != expected:
                yield f"`duration` {expected}", shown(session["duration"])


@invariant(
    "session.effective",
    must="Each `effective_…` setting MUST be the session's override or else its preset's value",
    contract="#/components/schemas/SessionResponse",
)
def effective_settings_agree(_: Asked, body: Json) -> Broken:
    """Compute the effective settings of every session again."""
    for session in sessions_in(body):
        preset = session.get("preset")
        for name in ("chat_enabled", "stage_enabled", "max_join_limit"):
            effective = f"effective_{name}"
            if not isinstance(preset, dict) or name not in preset or effective not in session:
                continue
            expected = session.get(f"{name}_override", preset[name])
            if session[effective] != expected:
                yield f"`{effective}` {shown(expected)}", shown(session[effective])


@invariant(
    "session.recording",
    must="`recording_enabled` of a session MUST be its preset's",
    contract="#/components/schemas/SessionResponse",
)
def recording_is_the_presets(_: Asked, body: Json) -> Broken:
    """Compare whether a session is recorded with its preset."""
    for session in sessions_in(body):
        expected = at(session, "preset.recording_enabled")
        if isinstance(expected, bool) and session.get("recording_enabled") is not expected:
            yield f"`recording_enabled` {shown(expected)}", shown(session.get("recording_enabled"))


@invariant(
    "session.room",
    must="A session's `room` MUST be the room of its `room_id`, and name the session as its "
    "`active_session_id` exactly while the session is live",
    contract="#/components/schemas/SessionResponse",
)
def session_and_room_agree(_: Asked, body: Json) -> Broken:
    """Compare every session with the room inside it."""
    for session in sessions_in(body):
        room = session.get("room")
        if not isinstance(room, dict):
            continue
        if room.get("id") != session["room_id"]:
            yield f"`room.id` {shown(session['room_id'])}", shown(room.get("id"))
        active = room.get("active_session_id")
        if session["status"] == "live" and active != session["id"]:
            yield f"`room.active_session_id` {shown(session['id'])}", shown(active)
        if session["status"] != "live" and active == session["id"]:
            yield f"no active session that is `{session['status']}`", shown(active)


@invariant(
    "session.created",
    must="A new session MUST be `scheduled`, never started and without viewers",
    contract="#/x-lifecycles/session",
)
def new_sessions_are_scheduled(asked: Asked, body: Json) -> Broken:
    """Look at the session create_session made."""
    session = main_session(asked, body)
    status = (session or {}).get("status")
    if asked.operation == "create_session" and status != "scheduled":
        yield "`status` `scheduled`", shown(status)


@invariant(
    "session.ingress",
    must="`rtmp.url` MUST equal `rtmp_setup.server`, and both stream keys MUST be the same",
    contract="#/components/schemas/StartSessionResponse",
)
def ingress_agrees(asked: Asked, body: Json) -> Broken:
    """Compare the two descriptions of a started session's ingress."""
    data = data_of(body)
    if asked.operation not in ("start_session", "go_live") or not isinstance(data, dict):
        return
    if at(data, "rtmp.url") != at(data, "rtmp_setup.server"):
        yield (
            f"`rtmp_setup.server` {shown(at(data, 'rtmp.url'))}",
            shown(at(data, "rtmp_setup.server")),
        )
    if at(data, "rtmp.stream_key") != at(data, "rtmp_setup.stream_key"):
        yield "one stream key", "`rtmp.stream_key` and `rtmp_setup.stream_key` differ"


@invariant(
    "session.preset",
    must="A session's `preset` MUST be its host's own: of the room's `host_id`, and in its library",
    contract="#/paths/~1rooms~1{id}~1sessions/post",
)
def the_preset_is_the_hosts(_: Asked, body: Json) -> Broken:
    """Compare the owner and the library of the preset with those of the room."""
    for session in sessions_in(body):
        for name, owner in (("user_id", "host_id"), ("library_id", "library_id")):
            expected, received = at(session, f"room.{owner}"), at(session, f"preset.{name}")
            if expected and received and expected != received:
                yield f"`preset.{name}` {shown(expected)}", shown(received)


A_DAY = timedelta(hours=24)
CLOCKS_APART = timedelta(minutes=1)
A_LATE_JOB = timedelta(hours=1)


@invariant(
    "session.expiry",
    must="A session MUST be `expired` from 24 hours after its `scheduled_start_time`, not before, "
    "and never without one",
    contract="#/x-lifecycles/session",
)
def expiry_follows_the_start_time(_: Asked, body: Json) -> Broken:
    """Compare the start time of every session that never started with the answer's `timestamp`."""
    stamp = body.get("timestamp")
    if not isinstance(stamp, int) or not 0 <= stamp < 10**11:
        return
    now = datetime.fromtimestamp(stamp, UTC)
    for session in sessions_in(body):
        status, planned = session["status"], moment(session.get("scheduled_start_time"))
        if status == "expired" and (planned is None or now < planned + A_DAY - CLOCKS_APART):
            given = session.get("scheduled_start_time")
            yield "`expired` only a day after `scheduled_start_time`", shown(given)
        if status == "scheduled" and planned and now > planned + A_DAY + A_LATE_JOB:
            yield f"`expired`, a day after {planned.isoformat()}", "`scheduled`"


@invariant(
    "session.health",
    must="While nothing arrives the numbers of `stream_health` MUST all be 0",
    contract="#/components/schemas/StreamHealthResponse",
)
def idle_streams_have_no_numbers(asked: Asked, body: Json) -> Broken:
    """Look at the numbers of an ingress that says it is inactive or has completed."""
    data = data_of(body)
    if asked.operation != "stream_health" or not isinstance(data, dict):
        return
    if data.get("status") not in ("ENDPOINT_INACTIVE", "ENDPOINT_COMPLETE"):
        return
    for part in ("video", "audio"):
        numbers = data.get(part)
        for name, value in numbers.items() if isinstance(numbers, dict) else ():
            if isinstance(value, int | float) and value != 0:
                yield f"`{part}.{name}` 0 while `{data['status']}`", shown(value)


@invariant(
    "session.room_name",
    must="`room_name` MUST be the id of the session that is joined",
    contract="#/components/schemas/JoinSessionResponse",
)
def the_rooms_name_is_the_sessions_id(asked: Asked, body: Json) -> Broken:
    """Compare the LiveKit room with the session that was asked for."""
    if asked.operation not in ("join_session", "monitor_session"):
        return
    name = at(data_of(body), "room_name")
    if isinstance(name, str) and name.lower() != asked.id:
        yield f"`room_name` `{asked.id}`", shown(name)

"""What is always true: facts that hold between the fields of any one answer.

Each is a function of what was asked and what was answered. Both halves of the suite, the
generated and the hand-written, put every answer through all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from conformance.identities import claims
from conformance.reply import Reply, shown
from conformance.responses import Violation
from conformance.rule import Level, Rule, declare
from conformance.shapes import (
    Asked,
    data_of,
    main_preset,
    main_room,
    main_session,
    moment,
    presets_in,
    rooms_in,
    rows_of,
    sessions_in,
)

Json = Any
Broken = Iterator[tuple[str, str]]
Invariant = Callable[[Asked, Json], Broken]

CLOCKS_APART = timedelta(seconds=5)
INVARIANTS: dict[str, tuple[Rule, Invariant]] = {}


def invariant(
    name: str, *, must: str, contract: str, level: Level = "decided"
) -> Callable[[Invariant], Invariant]:
    """Declare a function to be the invariant of that name."""
    found = declare(Rule(f"invariant.{name}", level, must, contract))

    def register(function: Invariant) -> Invariant:
        INVARIANTS[found.id] = (found, function)
        return function

    return register


def violations(asked: Asked, body: Json, reply: Reply) -> Iterator[Violation]:
    """Yield every invariant a successful answer breaks."""
    for found, function in INVARIANTS.values():
        for expected, received in function(asked, body):
            yield Violation(found, expected, received, reply)
            break


def asked_by(reply: Reply, path: str) -> Asked:
    """Return what a reply's request asked, given the operation's path template."""
    url = urlsplit(reply.request.url)
    pieces = path.strip("/").split("/")
    sent = url.path.rstrip("/").split("/")[-len(pieces) :]
    found = [part for piece, part in zip(pieces, sent, strict=False) if piece.startswith("{")]
    return Asked(
        operation=reply.request.operation or "",
        id=found[0].lower() if found else None,
        query=dict(parse_qsl(url.query)),
        body=reply.request.body(),
    )


def _ordered(resource: dict[str, Json], *names: str) -> Broken:
    known = [(name, at) for name in names if (at := moment(resource.get(name)))]
    for (before, earlier), (after, later) in zip(known, known[1:], strict=False):
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
    contract="#/components/schemas/SuccessResponse",
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


@invariant(
    "session.one_live",
    must="A room MUST NOT have two live sessions",
    contract="#/x-lifecycles/session",
)
def one_live_session_a_room(asked: Asked, body: Json) -> Broken:
    """Count the live sessions a list shows for each room."""
    rows = rows_of(asked, body) or ()
    live = [row.get("room_id") for row in rows if row.get("status") == "live"]
    for room in set(live):
        if live.count(room) > 1:
            yield "one live session a room", f"{live.count(room)} in room {shown(room)}"


@invariant(
    "list.page",
    must="A page MUST hold at most `limit` rows, each once, as many as `total` leaves for it, and "
    "say which `page` and `limit` it answers",
    contract="#/components/parameters/Limit",
)
def page_agrees_with_itself(asked: Asked, body: Json) -> Broken:
    """Compare the rows of a page with its numbers and with what was asked."""
    rows = rows_of(asked, body)
    data = data_of(body)
    if rows is None:
        return
    page, limit, total = (data.get(name) for name in ("page", "limit", "total"))
    if not all(isinstance(number, int) for number in (page, limit, total)):
        return
    asked_page, asked_limit = (_number(asked, *pair) for pair in (("page", 1), ("limit", 10)))
    if (page, limit) != (asked_page, asked_limit):
        yield f"page {asked_page} with limit {asked_limit}", f"page {page} with limit {limit}"
    expected = max(0, min(limit, total - (page - 1) * limit))
    if len(rows) != expected:
        yield f"{expected} rows of {total} on page {page} with limit {limit}", str(len(rows))
    ids = [row.get("id") for row in rows]
    if len(set(map(str, ids))) != len(ids):
        yield "each row once", "an id twice on one page"


def _number(asked: Asked, name: str, default: int) -> int | None:
    try:
        return int(asked.query.get(name, default))
    except ValueError:
        return None


@invariant(
    "list.order",
    must="A list MUST show the newest first, by `created_at`",
    contract="#/components/parameters/Page",
)
def newest_come_first(asked: Asked, body: Json) -> Broken:
    """Compare the times of neighbouring rows."""
    times = [moment(row.get("created_at")) for row in rows_of(asked, body) or ()]
    for above, below in zip(times, times[1:], strict=False):
        if above and below and above < below:
            yield "no row newer than the one above it", f"{below.isoformat()}, {above.isoformat()}"


@invariant(
    "list.members",
    must="A list MUST hold only what it is a list of: live sessions, the room's sessions, the "
    "caller's rooms and presets",
    contract="#/paths",
)
def lists_hold_their_own(asked: Asked, body: Json) -> Broken:
    """Look for rows that belong elsewhere."""
    rows = rows_of(asked, body) or ()
    if asked.operation == "list_live_sessions":
        for row in rows:
            if row.get("status") != "live":
                yield "only live sessions", shown(row.get("status"))
    if asked.operation == "list_room_sessions":
        for row in rows:
            if str(row.get("room_id")).lower() != asked.id:
                yield f"only sessions of room `{asked.id}`", shown(row.get("room_id"))
    for operation, owner in (("list_my_rooms", "host_id"), ("list_presets", "user_id")):
        owners = {str(row.get(owner)) for row in rows}
        if asked.operation == operation and len(owners) > 1:
            yield f"one `{owner}`", shown(sorted(owners))


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
    for name, given in asked.body.items():
        path = renamed.get(name, name)
        received = _at(resource, path)
        if _known(name, resource, path) and not same(given, received):
            yield f"`{path}` {shown(given)}", shown(received)


ALWAYS_SHOWN = ("description", "analytics", "logo", "logo_destination_url", "scheduled_start_time")


def _known(name: str, resource: dict[str, Json] | None, path: str) -> bool:
    """Tell whether a field is one of the resource's; requests may carry unknown ones."""
    if resource is None:
        return False
    return path.partition(".")[0] in resource or name in ALWAYS_SHOWN or path.endswith("_override")


def _at(node: Json, path: str) -> Json:
    for part in path.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return node


def same(given: Json, received: Json) -> bool:
    """Tell whether two values are equal, dates by their instant and ids in either case.

    An object that was given may have been given more fields than the contract knows.
    """
    if isinstance(given, dict) and isinstance(received, dict):
        return all(same(given[name], value) for name, value in received.items() if name in given)
    if isinstance(given, bool) or isinstance(received, bool):
        return given is received
    if given == received:
        return True
    if isinstance(given, str) and isinstance(received, str):
        first, second = moment(given), moment(received)
        if first and second:
            return abs(first - second) < timedelta(seconds=1)
        return len(given) == 36 and given.lower() == received.lower()  # noqa: PLR2004 - a uuid
    return False


@invariant(
    "session.created",
    must="A new session MUST be `scheduled`, never started and without viewers",
    contract="#/x-lifecycles/session",
)
def new_sessions_are_scheduled(asked: Asked, body: Json) -> Broken:
    """Look at the session create_session made."""
    session = main_session(asked, body)
    if asked.operation == "create_session" and session:
        if session.get("status") != "scheduled":
            yield "`status` `scheduled`", shown(session.get("status"))


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
    if _at(data, "rtmp.url") != _at(data, "rtmp_setup.server"):
        yield f"`rtmp_setup.server` {shown(_at(data, 'rtmp.url'))}", shown(
            _at(data, "rtmp_setup.server")
        )
    if _at(data, "rtmp.stream_key") != _at(data, "rtmp_setup.stream_key"):
        yield "one stream key", "`rtmp.stream_key` and `rtmp_setup.stream_key` differ"


@invariant(
    "stats.sum",
    must="The stats MUST be counts, of which the parts do not exceed `total_sessions`",
    contract="#/components/schemas/DashboardStatsResponse",
)
def stats_add_up(asked: Asked, body: Json) -> Broken:
    """Add up the parts of the stats."""
    data = data_of(body)
    if asked.operation != "get_session_stats" or not isinstance(data, dict):
        return
    names = ("total_sessions", "live_now", "scheduled", "ended")
    numbers = [data.get(name) for name in names]
    if all(isinstance(number, int) for number in numbers):
        total, *parts = (int(number) for number in numbers if number is not None)
        if sum(parts) > total or min(total, *parts) < 0:
            yield f"parts of at most {total}, none negative", shown(dict(zip(names, numbers, strict=True)))


@invariant(
    "auth.claims",
    must="An access token MUST name in `sub` and `role` the user it was given to, and expire "
    "after the answer's `timestamp`",
    contract="#/components/schemas/AuthResponse",
)
def tokens_are_the_users(_: Asked, body: Json) -> Broken:
    """Read the claims of an access token beside its user."""
    data = data_of(body)
    if not isinstance(data, dict) or not isinstance(data.get("user"), dict):
        return
    found = claims(str(data.get("access_token")))
    if found is None:
        yield "`access_token` to be a JWT", "something else"
        return
    for claim, name in (("sub", "id"), ("role", "role")):
        if found.get(claim) != data["user"].get(name):
            yield f"`{claim}` {shown(data['user'].get(name))}", shown(found.get(claim))
    if not isinstance(found.get("exp"), int | float) or found["exp"] <= body.get("timestamp", 0):
        yield "`exp` in the future", shown(found.get("exp"))


from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from conformance.invariants import INVARIANTS, asked_by, violations
from conformance.reply import Reply, Request
from conformance.shapes import Asked

Json = Any

ROOM = "0b6f3c1e-8a4d-4f7b-9c52-3e1d7a60b4f8"
SESSION = "d4a1e7b2-56c3-4e0f-8b9d-2f7c61a0935e"
OTHER = "5b08d3f6-e94a-4c27-a1b3-70e6c5d29f18"
HOST = "9e25c7d1-04ab-4c3f-b6e8-51f0d2a7c934"
STAMP = 1_900_000_000  # 2030-03-17T17:46:40Z
LONG_AGO = "2030-03-10T12:00:00Z"
T = [f"2030-03-17T17:{minute:02}:00Z" for minute in range(46)]


def room(**changes: Json) -> Json:
    found = {
        "id": ROOM,
        "host_id": HOST,
        "host": {"id": HOST, "role": "host"},
        "title": "Room",
        "created_at": T[0],
        "updated_at": T[0],
    }
    return {**found, **changes}


def preset(**changes: Json) -> Json:
    found = {"id": OTHER, "user_id": HOST, "primary_color": "#000000", "chat_enabled": True}
    found |= {
        "recording_enabled": False,
        "stage_enabled": False,
        "max_join_limit": 5,
        "created_at": T[0],
        "updated_at": T[1],
    }
    return {**found, **changes}


def session(status: str = "scheduled", **changes: Json) -> Json:
    found = {
        "id": SESSION,
        "room_id": ROOM,
        "room": room(**({"active_session_id": SESSION} if status == "live" else {})),
        "preset": preset(),
        "status": status,
        "title": "Session",
        "viewer_count": 0,
        "max_viewers": 0,
        "recording_enabled": False,
        "effective_chat_enabled": True,
        "effective_stage_enabled": False,
        "effective_max_join_limit": 5,
        "created_at": T[1],
        "updated_at": T[2],
    }
    if status in ("live", "ended"):
        found |= {"started_at": T[2]}
    if status == "expired":
        found |= {"scheduled_start_time": LONG_AGO}
    if status == "ended":
        found |= {"ended_at": T[12], "duration": 600, "max_viewers": 3}
    return {**found, **changes}


def page(rows: list[Json], **changes: Json) -> Json:
    return {"sessions": rows, "total": len(rows), "page": 1, "limit": 10, **changes}


def encoded(part: Json) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def token(algorithm: str = "HS256", **said: Json) -> str:
    return f"{encoded({'alg': algorithm})}.{encoded(said)}.x"


USER = {"id": HOST, "role": "host"}
STARTED = {
    "session": session("live"),
    "rtmp": {"url": "rtmp://a/live", "stream_key": "k"},
    "rtmp_setup": {"server": "rtmp://a/live", "stream_key": "k"},
}
STATS = {"total_sessions": 4, "live_now": 1, "scheduled": 1, "ended": 1}
GET = Asked("get_session", SESSION)
LIST = Asked("list_sessions")
OWN = Asked("list_room_sessions", ROOM)
IDLE = {"status": "ENDPOINT_INACTIVE", "video": {"width": 0}, "audio": {"channels": 0}}

SOUND: list[tuple[Asked, Json]] = [
    *((GET, session(status)) for status in ("scheduled", "live", "ended", "expired")),
    (Asked("get_room", ROOM), room()),
    (LIST, page([session(created_at=T[1]), session("live", id=OTHER, created_at=T[0]) | {
        "room": room(active_session_id=OTHER)}])),
    (Asked("list_sessions", query={"page": "3", "limit": "2"}), page([], total=4, page=3, limit=2)),
    (Asked("go_live", SESSION), STARTED),
    (LIST, page([session()], total=3)),
    (Asked("stream_health", SESSION), IDLE),
    (
        Asked("stream_health", SESSION),
        {**IDLE, "status": "ENDPOINT_PUBLISHING", "video": {"width": 1280}},
    ),
    (Asked("join_session", SESSION), {"room_name": SESSION}),
    (GET, session(created_at="2030-03-17T17:01:00.000+00:00")),
    (Asked("get_session_stats"), STATS),
    (Asked("get_me"), USER),
    (Asked("login"), {"user": USER, "access_token": token(sub=HOST, role="host", exp=STAMP + 9)}),
    (Asked("create_room", body={"title": "Room", "id": OTHER}), {"room": room()}),
    (Asked("delete_room", ROOM), {"id": ROOM}),
    (
        Asked("update_session_settings", SESSION, body={"max_join_limit": 9, "x": 1}),
        session(max_join_limit_override=9, effective_max_join_limit=9),
    ),
    (
        Asked("reschedule_session", SESSION, body={"scheduled_start_time": T[9][:-1] + "+00:00"}),
        session(scheduled_start_time=T[9]),
    ),
]  # fmt: skip

BROKEN: list[tuple[str, Asked, Json]] = [
    ("times.ordered", GET, session(updated_at=T[0])),
    ("times.ordered", GET, session("live", started_at=T[0])),
    ("times.ordered", GET, session("ended", ended_at=T[1], duration=-60)),
    ("times.ordered", Asked("get_room", ROOM), room(created_at=T[5])),
    ("times.ordered", Asked("get_preset", OTHER), preset(created_at=T[5])),
    ("times.past", GET, session(created_at="2031-01-01T00:00:00Z")),
    ("session.viewers", GET, session("live", viewer_count=2, max_viewers=1)),
    ("session.viewers", GET, session("ended", viewer_count=1)),
    ("session.viewers", GET, session("live", viewer_count=-1)),
    ("session.presence", GET, session(started_at=T[3])),
    ("session.presence", GET, session(hls_url="http://x")),
    ("session.presence", GET, session("live", ended_at=T[3])),
    ("session.presence", GET, {k: v for k, v in session("ended").items() if k != "duration"}),
    ("session.duration", GET, session("ended", duration=599)),
    ("session.duration", GET, session("ended", duration=600_000)),
    ("session.effective", GET, session(effective_chat_enabled=False)),
    ("session.effective", GET, session(max_join_limit_override=9)),
    ("session.room", GET, session(room=room(id=OTHER))),
    ("session.room", GET, session("live", room=room())),
    ("session.room", GET, session("ended", room=room(active_session_id=SESSION))),
    ("session.created", Asked("create_session", ROOM), {"session": session("live")}),
    ("session.ingress", Asked("go_live", SESSION), {**STARTED, "rtmp_setup": {"server": "x"}}),
    (
        "session.ingress",
        Asked("start_session", SESSION),
        {**STARTED, "rtmp": {"url": "rtmp://a/live", "stream_key": "other"}},
    ),
    ("times.utc", GET, session(created_at="2030-03-17T18:46:00+01:00")),
    ("times.utc", Asked("get_me"), {**USER, "created_at": "2030-03-17T16:46:00-01:00"}),
    ("session.expiry", GET, session("expired", scheduled_start_time=T[9])),
    ("session.expiry", GET, {**session("expired"), "scheduled_start_time": None}),
    ("session.expiry", GET, session(scheduled_start_time=LONG_AGO)),
    ("session.preset", GET, session(preset=preset(user_id=OTHER))),
    ("session.health", Asked("stream_health", SESSION), {**IDLE, "audio": {"channels": 2}}),
    ("session.room_name", Asked("join_session", SESSION), {"room_name": ROOM}),
    ("room.host", Asked("get_room", ROOM), room(host={"id": OTHER})),
    ("session.one_live", LIST, page([session("live"), session("live", id=OTHER)])),
    ("list.page", OWN, page([session()], total=7)),
    ("list.page", OWN, page([session()], total=0)),
    ("list.page", LIST, page([session()], total=7)),
    ("list.page", LIST, page([session(), session()])),
    ("list.page", Asked("list_sessions", query={"limit": "5"}), page([])),
    ("list.page", Asked("list_sessions", query={"page": "2"}), page([], page=3)),
    ("list.order", LIST, page([session(), session(id=OTHER, created_at=T[9], updated_at=T[9])])),
    ("list.members", Asked("list_live_sessions"), page([session("ended")])),
    ("list.members", Asked("list_room_sessions", OTHER), page([session()])),
    (
        "list.members",
        Asked("list_my_rooms"),
        {**page([]), "rooms": [room(), room(id=OTHER, host_id=OTHER)], "total": 2},
    ),
    ("resource.id", GET, session(id=OTHER)),
    ("resource.id", Asked("delete_session", SESSION), {"id": OTHER}),
    ("resource.id", Asked("go_live", OTHER), STARTED),
    ("resource.id", Asked("create_session", OTHER), {"session": session()}),
    ("resource.echo", Asked("update_room", ROOM, body={"title": "New"}), room()),
    ("resource.echo", Asked("update_room", ROOM, body={"description": "New"}), room()),
    (
        "resource.echo",
        Asked("update_session_settings", SESSION, body={"chat_enabled": False}),
        session(),
    ),
    (
        "resource.echo",
        Asked("reschedule_session", SESSION, body={"scheduled_start_time": T[20]}),
        session(scheduled_start_time=T[21]),
    ),
    ("stats.sum", Asked("get_session_stats"), {**STATS, "total_sessions": 2}),
    ("stats.sum", Asked("get_session_stats"), {**STATS, "ended": -1}),
    ("auth.claims", Asked("login"), {"user": USER, "access_token": "opaque"}),
    (
        "auth.claims",
        Asked("login"),
        {"user": USER, "access_token": token("none", sub=HOST, role="host", exp=STAMP + 9)},
    ),
    ("session.recording", GET, session(recording_enabled=True)),
    (
        "auth.claims",
        Asked("login"),
        {"user": USER, "access_token": token(sub=OTHER, role="host", exp=STAMP + 9)},
    ),
    (
        "auth.claims",
        Asked("login"),
        {"user": USER, "access_token": token(sub=HOST, role="host", exp=STAMP)},
    ),
]


def broken_by(asked: Asked, data: Json) -> set[str]:
    body = {"success": True, "data": data, "timestamp": STAMP}
    reply = Reply(Request(asked.operation, "GET", "http://host.test", ()), 200, {}, b"", body)
    return {found.rule.id.removeprefix("invariant.") for found in violations(asked, body, reply)}


@pytest.mark.parametrize(("asked", "data"), SOUND)
def test_a_sound_answer_breaks_nothing(asked: Asked, data: Json) -> None:
    assert broken_by(asked, data) == set()


@pytest.mark.parametrize(("name", "asked", "data"), BROKEN, ids=[case[0] for case in BROKEN])
def test_a_broken_answer_is_noticed(name: str, asked: Asked, data: Json) -> None:
    assert name in broken_by(asked, data)


def test_every_invariant_is_seen_to_fail() -> None:
    assert {f"invariant.{name}" for name, _, _ in BROKEN} == set(INVARIANTS)


@pytest.mark.parametrize("data", [None, [], {}, {"sessions": None}, {"session": 7}, "text"])
@pytest.mark.parametrize("operation", ["get_session", "list_sessions", "go_live", "create_room"])
def test_nonsense_is_left_to_the_schema(operation: str, data: Json) -> None:
    broken_by(Asked(operation, SESSION, body={"title": "x"}), data)


def test_what_was_asked_is_read_from_the_request() -> None:
    url = f"http://host.test/v1/webinar/rooms/{ROOM.upper()}/sessions?page=2&limit=5"
    request = Request("list_room_sessions", "GET", url, (), b'{"a": 1}')
    asked = asked_by(Reply(request, 200, {}, b"", {}), "/rooms/{id}/sessions")
    assert asked == Asked("list_room_sessions", ROOM, {"page": "2", "limit": "5"}, {"a": 1})

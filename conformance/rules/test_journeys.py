"""Whole stories, told by hand: every list, count and refusal must agree along the way."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.reply import Reply, shown
from conformance.rule import rule
from conformance.scenes import steady
from conformance.world import COLOR, World, identity, later

Json = Any

STORY = "#/x-lifecycles/session"


def row_of(reply: Reply, rows: str, id_: str) -> Json | None:
    """Return the row with that id of a list's page, or None."""
    return next((row for row in reply.data(rows) if row["id"] == id_), None)


def agree(world: World, session: str, room: str, status: str) -> Json:
    """Check that a session is the same by its id and in every list, and return it."""
    read = world.api.send("get_session", session).must(200)
    read.equal(read.data("status"), status, "`status`")
    own = world.api.send("list_room_sessions", room, by=world.host, query={"limit": 100})
    listed = row_of(own.must(200), "sessions", session)
    own.check(listed is not None, "the session in its room's list", "no such row")
    own.equal(steady(listed), steady(read.data()), "the session in its room's list")
    live = world.api.send("list_live_sessions", query={"limit": 100}).must(200)
    present = row_of(live, "sessions", session) is not None
    expected = f"{'the' if status == 'live' else 'no'} `{status}` session in the live list"
    live.check(present is (status == "live"), expected, "the opposite")
    place = world.api.send("get_room", room).must(200)
    active = place.data().get("active_session_id")
    place.equal(active, session if status == "live" else None, "`active_session_id`")
    return read.data()


@rule(
    "journey.evening",
    level="decided",
    must="A whole evening MUST come out right: room, preset, session, start, broadcast, audience, "
    "settings and end, with every list, count and refusal agreeing",
    contract=STORY,
    operations=(
        "create_room",
        "create_preset",
        "create_session",
        "start_session",
        "go_live",
        "join_session",
        "update_session_settings",
        "end_session",
        "get_session_stats",
        "delete_session",
        "delete_room",
        "delete_preset",
    ),
)
@pytest.mark.conformance_long
def test_an_evening_from_plan_to_end(world: World) -> None:
    """Plan, open, broadcast, fill, close and clear away one session."""
    api, host = world.api, world.host
    body: Json = {"title": world.title("an evening"), "description": "Doors at eight"}
    room = api.send("create_room", by=host, body=body).must(201).data("room", "id")
    body = {"name": world.title("stage"), "type": "whip", "primary_color": COLOR}
    body["max_join_limit"] = 2
    preset = api.send("create_preset", by=host, body=body).must(201).data("id")
    body = {"title": world.title("the show"), "preset_id": preset}
    body["scheduled_start_time"] = later(hours=3)
    made = api.send("create_session", room, by=host, body=body).must(201)
    session = made.data("session", "id")
    made.equal(made.data("session", "mode"), "webcam", "`mode` from a `whip` preset")
    agree(world, session, room, "scheduled")
    for operation in ("end_session", "ensure_hls_egress", "start_webcam_hls"):
        api.send(operation, session, by=host).must(409)
    api.send("join_session", session, by=world.viewer).must(409)
    api.send("delete_preset", preset, by=host).must(409)
    _the_show(world, room, session, made.data("stream_key"))
    _the_morning_after(world, room, session, preset)


def _the_show(world: World, room: str, session: str, key: str) -> None:
    api, host = world.api, world.host
    opened = api.send("start_session", session, by=host).must(200)
    opened.equal(opened.data("rtmp", "stream_key"), key, "the stream key given at creation")
    before = agree(world, session, room, "live")
    opened.check("hls_url" not in before, "no `hls_url` before the broadcast", "one")
    live = api.send("go_live", session, by=host).must(200)
    live.equal(live.data("rtmp"), opened.data("rtmp"), "the ingress of the start")
    during = agree(world, session, room, "live")
    live.equal(during["started_at"], before["started_at"], "`started_at`")
    live.check("hls_url" in during, "`hls_url` in the broadcast", "none")
    api.send("delete_room", room, by=host).must(409)
    api.send("delete_session", session, by=host).must(409)
    body: Json = {"scheduled_start_time": later(days=1)}
    api.send("reschedule_session", session, by=host, body=body).must(409)
    for caller in (world.viewer, world.other_host):
        api.send("join_session", session, by=caller).must(200)
    third = identity("third viewer", world.new_viewer()["access_token"])
    api.send("join_session", session, by=third).must(409)
    body = {"max_join_limit": 3, "chat_enabled": False}
    set_ = api.send("update_session_settings", session, by=host, body=body).must(200)
    set_.equal(set_.data("effective_max_join_limit"), 3, "`effective_max_join_limit`")
    api.send("join_session", session, by=third).must(200)
    full = agree(world, session, room, "live")
    set_.check(full["viewer_count"] >= 3, "at least 3 viewers", shown(full["viewer_count"]))
    stats = api.send("get_session_stats", by=world.viewer).must(200)
    stats.check(stats.data("live_now") >= 1, "`live_now` of at least 1", "0")
    over = api.send("end_session", session, by=host).must(200)
    over.check(over.data("max_viewers") >= 3, "`max_viewers` of at least 3", "fewer")


def _the_morning_after(world: World, room: str, session: str, preset: str) -> None:
    api, host = world.api, world.host
    ended = agree(world, session, room, "ended")
    for operation in ("start_session", "go_live", "end_session", "monitor_session"):
        api.send(operation, session, by=host).must(409)
    body = {"chat_enabled": True}
    api.send("update_session_settings", session, by=host, body=body).must(409)
    api.send("join_session", session, by=world.viewer).must(409)
    read = api.send("get_session", session).must(200)
    read.equal(steady(read.data()), steady(ended), "the ended session after all refusals")
    api.send("delete_session", session, by=host).must(200)
    api.send("delete_preset", preset, by=host).must(200)
    api.send("delete_room", room, by=host).must(200)
    for operation, id_ in (("get_session", session), ("get_room", room)):
        api.send(operation, id_).must(404)


@rule(
    "journey.series",
    level="decided",
    must="A series in one room MUST come out right: one session after the other, each live alone",
    contract=STORY,
    operations=("create_session", "go_live", "end_session", "list_room_sessions", "delete_room"),
)
@pytest.mark.conformance_long
def test_a_series_of_sessions_in_one_room(world: World) -> None:
    """Hold three sessions in one room, one after the other."""
    api, host = world.api, world.host
    room = world.new_room()["id"]
    body = {"title": world.title("an episode"), "preset_id": world.preset_id()}
    made = [
        api.send("create_session", room, by=host, body=body).must(201).data("session", "id")
        for _ in range(3)
    ]
    page = api.send("list_room_sessions", room, by=host, query={"limit": 2}).must(200)
    page.equal(page.data("total"), 3, "`total`")
    page.equal(len(page.data("sessions")), 2, "rows on a page of 2")
    for session in made:
        api.send("go_live", session, by=host).must(200)
        for other in made:
            if other != session:
                api.send("go_live", other, by=host).must(409)
        agree(world, session, room, "live")
        api.send("end_session", session, by=host).must(200)
        agree(world, session, room, "ended")
    whole = api.send("list_room_sessions", room, by=host).must(200)
    statuses = [row["status"] for row in whole.data("sessions")]
    whole.equal(statuses, ["ended"] * 3, "the statuses")
    api.send("delete_room", room, by=host).must(200)
    for session in made:
        api.send("get_session", session).must(404)


@rule(
    "journey.viewer",
    level="decided",
    must="A viewer's way MUST work: register, find the session, join, come back on another device",
    contract="#/components/schemas/ViewerRegisterResponse",
    operations=("register_viewer", "create_auth_code", "exchange_auth_code", "join_session"),
)
def test_a_viewer_comes_and_comes_back(world: World) -> None:
    """Register, join, hand over to another device by code, log out, and sign in again."""
    api = world.api
    made = world.new_session("broadcasting")
    viewer = world.new_viewer("Amélie")
    one = identity("viewer one", viewer["access_token"])
    found = api.send("list_live_sessions", query={"limit": 100}).must(200)
    found.check(row_of(found, "sessions", made.id), "the session in the live list", "no such row")
    joined = api.send("join_session", made.id, by=one).must(200)
    joined.equal(joined.data("room_name"), made.id, "`room_name`")
    code = api.send("create_auth_code", by=one, body={"session_id": made.id}).must(200)
    body: Json = {"code": code.data("code")}
    handed = api.send("exchange_auth_code", body=body).must(200)
    two = identity("viewer two", handed.data("access_token"))
    api.send("join_session", made.id, by=two).must(200)
    me = api.send("get_me", by=two).must(200)
    me.equal(me.data("id"), viewer["user"]["id"], "`id` on the second device")
    api.send("logout", body={"refresh_token": viewer["refresh_token"]}).must(200)
    api.send("join_session", made.id, by=one).must(401)
    api.send("join_session", made.id, by=two).must(200)
    again = api.send("device_login", body={"device_token": viewer["device_token"]}).must(200)
    back = identity("viewer back", again.data("access_token"))
    api.send("stream_health", made.id, by=back).must(200)
    api.send("create_room", by=back, body={"title": world.title()}).must(403)

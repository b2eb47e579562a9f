"""What starting, going live and ending do, once and again."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.reply import Reply, shown
from conformance.rule import rule
from conformance.scenes import must_be_unchanged, steady
from conformance.world import World, later, needed

Json = Any

START = "#/components/schemas/StartSessionResponse"


def ingress(reply: Reply) -> Json:
    """Return what tells one ingress from another."""
    return {
        "rtmp": reply.data("rtmp"),
        "server": reply.data("rtmp_setup", "server"),
        "stream_key": reply.data("rtmp_setup", "stream_key"),
        "whip_url": reply.data("whip_url"),
    }


def arrives_since(world: World, session: str) -> Json:
    """Return since when something arrives at a session's ingress, None while nothing has."""
    return needed(world.api.send("stream_health", session, by=world.host)).data().get("started_at")


@rule(
    "session.start.again",
    level="decided",
    must="Starting a session that is live MUST give the same ingress and a fresh token, and MUST "
    "NOT change anything else",
    contract=START,
    operations=("start_session", "go_live"),
)
@pytest.mark.parametrize("first", ["start_session", "go_live"])
def test_starting_again_changes_nothing(world: World, first: str) -> None:
    """Start a live session a second time."""
    made = world.new_session()
    one = world.api.send(first, made.id, by=world.host).must(200)
    before = world.session(made.id)
    two = world.api.send("start_session", made.id, by=world.host).must(200)
    two.equal(ingress(two), ingress(one), "the ingress of the second start")
    must_be_unchanged(two, steady(before), steady(world.session(made.id)))


@rule(
    "session.go_live.again",
    level="decided",
    must="Going live while the broadcast runs MUST give the same ingress and change nothing, the "
    "broadcast least of all",
    contract=START,
    operations=("go_live", "ensure_hls_egress", "start_webcam_hls"),
)
@pytest.mark.parametrize("again", ["go_live", "ensure_hls_egress", "start_webcam_hls"])
def test_going_live_again_changes_nothing(world: World, again: str) -> None:
    """Begin a broadcast that already runs."""
    made = world.new_session(mode="webcam")
    one = world.api.send("go_live", made.id, by=world.host).must(200)
    before, arrives = world.session(made.id), arrives_since(world, made.id)
    two = world.api.send(again, made.id, by=world.host).must(200)
    if again == "go_live":
        two.equal(ingress(two), ingress(one), "the ingress of the second go_live")
    must_be_unchanged(two, steady(before), steady(world.session(made.id)))
    if arrives is not None:
        since = arrives_since(world, made.id)
        two.equal(since, arrives, "`started_at` of `stream_health` afterwards")


@rule(
    "session.broadcast.hls_url",
    level="decided",
    must="`hls_url` MUST be absent until the broadcast begins, and stay when the session has ended",
    contract="#/components/schemas/SessionResponse",
    operations=("go_live", "ensure_hls_egress", "start_webcam_hls", "end_session"),
)
@pytest.mark.parametrize(
    ("operation", "mode"),
    [
        ("go_live", "webcam"),
        ("go_live", "rtmp"),
        ("ensure_hls_egress", "webcam"),
        ("ensure_hls_egress", "rtmp"),
        ("start_webcam_hls", "webcam"),
    ],
)
def test_the_playlist_appears_with_the_broadcast(world: World, operation: str, mode: str) -> None:
    """Read `hls_url` before the broadcast, during it, and after the end."""
    made = world.new_session(mode=mode)
    started = world.api.send("start_session", made.id, by=world.host).must(200)
    url = started.data("session").get("hls_url")
    started.check(url is None, "no `hls_url` before the broadcast", shown(url))
    world.api.send(operation, made.id, by=world.host).must(200)
    during = world.api.send("get_session", made.id).must(200)
    url = during.data("hls_url")
    during.check(isinstance(url, str) and url, "an address", shown(url))
    ended = world.api.send("end_session", made.id, by=world.host).must(200)
    ended.equal(ended.data().get("hls_url"), url, "`hls_url` after the end")


@rule(
    "session.broadcast.go_live_alone",
    level="decided",
    must="Going live from `scheduled` MUST do what starting does, and begin the broadcast",
    contract=START,
    operations=("go_live",),
)
def test_going_live_starts_a_scheduled_session(world: World) -> None:
    """Go live without starting first."""
    made = world.new_session()
    live = world.api.send("go_live", made.id, by=world.host).must(200)
    live.equal(live.data("session", "status"), "live", "`status`")
    live.data("session", "started_at")
    live.data("session", "hls_url")
    live.equal(live.data("session", "room", "active_session_id"), made.id, "`active_session_id`")


@rule(
    "session.ingress.same_key",
    level="decided",
    must="The ingress MUST be the one that `create_session` gave: same server, same stream key",
    contract="#/components/schemas/CreateSessionResponse",
    operations=("create_session", "start_session", "go_live"),
)
@pytest.mark.parametrize("operation", ["start_session", "go_live"])
def test_the_key_is_the_one_given_at_creation(world: World, operation: str) -> None:
    """Compare the ingress of a rescheduled and started session with what its creation answered."""
    made = world.new_session()
    later_on = {"scheduled_start_time": later(days=1)}
    needed(world.api.send("reschedule_session", made.id, by=world.host, body=later_on))
    live = world.api.send(operation, made.id, by=world.host).must(200)
    live.equal(live.data("rtmp", "stream_key"), made.stream_key, "`rtmp.stream_key`")
    live.equal(live.data("rtmp", "url"), made.rtmp_url, "`rtmp.url`")


@rule(
    "session.ingress.own",
    level="decided",
    must="Two sessions MUST NOT share a stream key, an ingress id or a WHIP address",
    contract=START,
    operations=("create_session", "start_session"),
)
def test_every_session_has_its_own_ingress(world: World) -> None:
    """Create two sessions in a room, start two in two, and compare what they were given."""
    first, second = world.new_session(), world.new_session()
    body = {"title": world.title(), "preset_id": world.preset_id()}
    beside = world.api.send("create_session", first.room_id, by=world.host, body=body).must(201)
    other = beside.data("stream_key") != first.stream_key
    beside.check(other, "another `stream_key`", "that of the room's other session")
    one = world.api.send("start_session", first.id, by=world.host).must(200)
    two = world.api.send("start_session", second.id, by=world.host).must(200)
    for keys in (("rtmp", "stream_key"), ("rtmp", "ingress_id"), ("whip_url",)):
        value = one.data(*keys)
        two.check(two.data(*keys) != value, f"another `{'.'.join(keys)}`", shown(value))


@rule(
    "session.end",
    level="decided",
    must="Ending MUST set `ended_at` and `duration`, empty the session and keep `max_viewers`",
    contract="#/components/schemas/SessionResponse",
    operations=("end_session",),
)
def test_an_ended_session_is_over(world: World) -> None:
    """End a session that a viewer has joined."""
    made = world.new_session("broadcasting")
    needed(world.api.send("join_session", made.id, by=world.viewer))
    most = world.session(made.id)["max_viewers"]
    ended = world.api.send("end_session", made.id, by=world.host).must(200)
    ended.equal(ended.data("status"), "ended", "`status`")
    ended.equal(ended.data("viewer_count"), 0, "`viewer_count`")
    kept = ended.data("max_viewers")
    ended.check(kept >= max(most, 1), f"`max_viewers` of at least {max(most, 1)}", shown(kept))
    ended.data("ended_at")
    ended.data("duration")
    again = world.api.send("get_session", made.id).must(200)
    again.equal(steady(again.data()), steady(ended.data()), "the session read afterwards")


@rule(
    "session.mode",
    level="decided",
    must="A session's mode MUST be the body's, or else `webcam` for a `whip` preset and `rtmp` "
    "for an `rtmp` one",
    contract="#/components/schemas/CreateSessionRequest",
    operations=("create_session",),
)
@pytest.mark.parametrize("preset", ["whip", "rtmp"])
@pytest.mark.parametrize("mode", [None, "webcam", "rtmp"])
def test_the_mode_is_the_bodys_or_the_presets(world: World, preset: str, mode: str | None) -> None:
    """Create sessions with both types of preset, with and without a mode."""
    room, made = world.new_room()["id"], world.new_preset(type=preset)["id"]
    body = {"title": world.title(), "preset_id": made, **({"mode": mode} if mode else {})}
    reply = world.api.send("create_session", room, by=world.host, body=body).must(201)
    expected = mode or {"whip": "webcam", "rtmp": "rtmp"}[preset]
    reply.equal(reply.data("session", "mode"), expected, "`mode`")


@rule(
    "session.host_state",
    level="decided",
    must="The answer MUST be the state that was asked for, and without one the other than before",
    contract="#/components/schemas/HostStateResponse",
    operations=("host_video_state", "host_audio_state"),
)
@pytest.mark.parametrize("operation", ["host_video_state", "host_audio_state"])
def test_host_state_is_set_or_toggled(world: World, operation: str) -> None:
    """Set the state both ways, twice each, then toggle it twice."""
    made = world.new_session("live")
    for enabled in (True, True, False, False, True):
        reply = world.api.send(operation, made.id, by=world.host, body={"enabled": enabled})
        reply.must(200).equal(reply.data("enabled"), enabled, "`enabled`")
    for expected in (False, True):
        reply = world.api.send(operation, made.id, by=world.host).must(200)
        reply.equal(reply.data("enabled"), expected, "`enabled` after a toggle")
    reply = world.api.send(operation, made.id, by=world.host, body={}).must(200)
    reply.equal(reply.data("enabled"), False, "`enabled` after a toggle with an empty object")


@rule(
    "session.stream_health",
    level="decided",
    must="`stream_health` MUST answer in every state, with zeros while nothing arrives, and with "
    "no `started_at` when nothing has arrived",
    contract="#/components/schemas/StreamHealthResponse",
    operations=("stream_health",),
)
@pytest.mark.parametrize("state", ["scheduled", "live", "ended", "broadcast"])
def test_health_is_all_zeros_when_idle(world: World, state: str) -> None:
    """Ask for the health of a stream that has not begun, of a session and a broadcast over."""
    made = world.new_session("broadcasting" if state == "broadcast" else state)
    if state == "broadcast":
        needed(world.api.send("end_session", made.id, by=world.host))
    reply = world.api.send("stream_health", made.id, by=world.viewer).must(200)
    idle = reply.data("status") == "ENDPOINT_INACTIVE"
    if idle and state != "broadcast":
        since = reply.data().get("started_at")
        reply.check(since is None, "no `started_at` when nothing has arrived", shown(since))
    if state == "live" and not idle:
        return
    for part in ("video", "audio"):
        for name, value in reply.data(part).items():
            if isinstance(value, int | float):
                reply.equal(value, 0, f"`{part}.{name}`")


@rule(
    "session.expiry",
    level="decided",
    must="A session MUST expire 24 hours after its scheduled start when nobody started it",
    contract="#/x-lifecycles/session",
    operations=(),
)
def test_a_forgotten_session_expires(world: World) -> None:
    """Say that nobody can wait for a day."""
    world.bring("", "expired")

"""Tokens and addresses for the media: what they grant, and where they lead."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from conformance.identities import Identity, claims, unpadded
from conformance.reply import Reply, shown
from conformance.rule import rule
from conformance.world import A_CLOCKS_STEP, World, needed

Json = Any

INGRESS_ID = re.compile(r"IN_[2-9A-HJ-NP-Za-km-z]{12}")
TOKEN = "#/components/schemas/JoinSessionResponse"


def grant(world: World, reply: Reply, session: str, by: Identity) -> Json:
    """Return the `video` grant of an answer's LiveKit token, once its other claims hold."""
    token = reply.data("livekit_token")
    found = claims(token)
    if found is None:
        reply.check(False, "`livekit_token` to be a JWT", shown(token[:20]))
        return {}
    me = needed(world.api.send("get_me", by=by))
    reply.equal(found.get("sub"), me.data("id"), "`sub` of the token")
    reply.check(isinstance(found.get("iss"), str), "`iss` in the token", "none")
    now = time.time()
    starts, ends = found.get("nbf", 0), found.get("exp", 0)
    reply.check(starts <= now + 60 and now < ends, "`nbf` ≤ now < `exp`", f"{starts}, {ends}")
    video: dict[str, Json] = found.get("video") or {}
    reply.check(video, "a `video` grant in the token", shown(found.get("video")))
    reply.equal(video.get("room"), session, "`video.room`")
    reply.equal(video.get("roomJoin"), True, "`video.roomJoin`")
    _verify(world, reply, token)
    return video


def _verify(world: World, reply: Reply, token: str) -> None:
    """Check the signature where the key is known: only a mock tells it."""
    secret = world.who.livekit_secret
    if secret is None:
        return
    signed, _, signature = token.rpartition(".")
    expected = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    valid = hmac.compare_digest(expected, unpadded(signature))
    reply.check(valid, "a token signed with LiveKit's secret", "another signature")


@rule(
    "media.token.host",
    level="decided",
    must="The host's LiveKit token MUST let them publish in the room of the session, and "
    "administer it where starting or going live gave it, the first time and again",
    contract="#/components/schemas/StartSessionResponse",
    operations=("start_session", "go_live", "join_session"),
)
@pytest.mark.parametrize("state", ["scheduled", "live", "broadcasting"])
@pytest.mark.parametrize("operation", ["start_session", "go_live", "join_session"])
def test_the_host_may_publish(world: World, operation: str, state: str) -> None:
    """Read the token a host gets from starting, going live and joining, in each state."""
    made = world.new_session(state)
    reply = world.api.send(operation, made.id, by=world.host).must(200)
    video = grant(world, reply, made.id, world.host)
    reply.check(video.get("canPublish") is not False, "`canPublish`", "false")
    if operation != "join_session":
        reply.equal(video.get("roomAdmin"), True, "`video.roomAdmin`")
    reply.check(not video.get("hidden"), "a host who is not hidden", "`hidden`")


@rule(
    "media.token.audience",
    level="decided",
    must="Who joins and is not the room's host MUST get a token that may only subscribe: it "
    "publishes no media and no data",
    contract=TOKEN,
    operations=("join_session",),
)
@pytest.mark.parametrize("who", ["viewer", "other_host"])
def test_the_audience_may_only_subscribe(world: World, who: str) -> None:
    """Read the token a viewer and another host get from joining."""
    by = world.viewer if who == "viewer" else world.other_host
    made = world.new_session("live")
    reply = world.api.send("join_session", made.id, by=by).must(200)
    video = grant(world, reply, made.id, by)
    _only_subscribes(reply, video)
    reply.equal(reply.data("room_name"), made.id, "`room_name`")


def _only_subscribes(reply: Reply, video: Json) -> None:
    # LiveKit takes what is not said for a yes, and data to be as `canPublish` is.
    reply.equal(video.get("canPublish"), False, "`video.canPublish`")
    reply.check(video.get("canSubscribe") is not False, "`canSubscribe`", "false")
    reply.check(not video.get("canPublishData"), "no `canPublishData`", "`canPublishData`")
    reply.check(not video.get("roomAdmin"), "no `roomAdmin`", "`roomAdmin`")


@rule(
    "media.token.monitor",
    level="decided",
    must="Who monitors MUST get a token that is hidden, subscribes, and may not publish media or "
    "data",
    contract="#/paths/~1sessions~1{id}~1monitor/get",
    operations=("monitor_session",),
)
@pytest.mark.parametrize("caller", ["viewer", "host"])
def test_a_monitor_is_hidden(world: World, caller: str) -> None:
    """Read the token that a viewer and the host of the room get to monitor."""
    made, by = world.new_session("live"), world.viewer if caller == "viewer" else world.host
    reply = world.api.send("monitor_session", made.id, by=by).must(200)
    video = grant(world, reply, made.id, by)
    reply.equal(video.get("hidden"), True, "`video.hidden`")
    _only_subscribes(reply, video)
    reply.equal(reply.data("room_name"), made.id, "`room_name`")


@rule(
    "media.token.fresh",
    level="decided",
    must="Starting, going live and joining again MUST give a fresh LiveKit token, not the last one",
    contract=TOKEN,
    operations=("start_session", "go_live", "join_session"),
)
@pytest.mark.conformance_long
def test_a_token_is_fresh_each_time(world: World) -> None:
    """Ask for each token again after a clock's step: what is issued within one may be equal."""
    made = world.new_session("broadcasting")
    asked = [
        ("start_session", world.host),
        ("go_live", world.host),
        ("join_session", world.host),
        ("join_session", world.viewer),
    ]

    def tokens() -> list[Reply]:
        return [world.api.send(name, made.id, by=by).must(200) for name, by in asked]

    first = tokens()
    time.sleep(A_CLOCKS_STEP)
    for before, reply in zip(first, tokens(), strict=True):
        same = reply.data("livekit_token") == before.data("livekit_token")
        reply.check(not same, "another `livekit_token`", "the same as a second before")


@rule(
    "media.stream_key.secret",
    level="decided",
    must="No answer to anybody but the host who owns the room MUST hold the stream key",
    contract="#/components/schemas/CreateSessionResponse/properties/stream_key",
    operations=("get_session", "list_live_sessions", "join_session", "monitor_session"),
)
def test_the_stream_key_is_for_its_host(world: World) -> None:
    """Look for the key of a broadcast in what a viewer is told of it."""
    made = world.new_session("broadcasting")
    replies = [
        world.api.send("get_session", made.id, by=world.viewer),
        world.api.send("list_live_sessions", by=world.viewer, query={"limit": 100}),
        world.api.send("join_session", made.id, by=world.viewer),
        world.api.send("monitor_session", made.id, by=world.viewer),
    ]
    for reply in replies:
        held = made.stream_key.encode() in reply.must(200).content
        reply.check(not held, "no stream key in what a viewer is told", "that of the session")


@rule(
    "media.ingress_id",
    level="decided",
    must="`rtmp.ingress_id` MUST be `IN_` and 12 characters of base57",
    contract="#/components/schemas/StartSessionResponse",
    operations=("start_session",),
)
def test_the_ingress_id_has_livekits_form(world: World) -> None:
    """Look at the ingress id of a started session."""
    made = world.new_session()
    reply = world.api.send("start_session", made.id, by=world.host).must(200)
    received = reply.data("rtmp", "ingress_id")
    matches = isinstance(received, str) and INGRESS_ID.fullmatch(received)
    reply.check(matches, "`IN_` and 12 characters of base57", shown(received))


@rule(
    "media.hls_url.own",
    level="decided",
    must="Two broadcasts MUST NOT share an `hls_url`",
    contract="#/components/schemas/SessionResponse",
    operations=("go_live",),
)
def test_every_broadcast_has_its_own_address(world: World) -> None:
    """Broadcast two sessions and compare where they can be watched."""
    first, second = world.new_session("broadcasting"), world.new_session()
    other = world.session(first.id).get("hls_url")
    reply = world.api.send("go_live", second.id, by=world.host).must(200)
    url = reply.data("session", "hls_url")
    reply.check(url != other, "another `hls_url`", shown(url))


ADDRESSES = {
    "rtmp": ("rtmp", "rtmps"),
    "whip": ("http", "https"),
    "hls": ("http", "https"),
}


@rule(
    "media.addresses",
    level="decided",
    must="Media addresses MUST be absolute: RTMP, WHIP and HLS each with their scheme and a host",
    contract="#/components/schemas/StartSessionResponse",
    operations=("create_session", "start_session", "go_live"),
)
@pytest.mark.parametrize("kind", ADDRESSES)
def test_media_addresses_are_absolute(world: World, kind: str) -> None:
    """Look at the addresses of a session that broadcasts."""
    made = world.new_session()
    reply = world.api.send("go_live", made.id, by=world.host).must(200)
    address = {
        "rtmp": lambda: reply.data("rtmp", "url"),
        "whip": lambda: reply.data("whip_url"),
        "hls": lambda: reply.data("session", "hls_url"),
    }[kind]()
    parts = urlsplit(address)
    schemes = " or ".join(ADDRESSES[kind])
    whole = parts.scheme in ADDRESSES[kind] and parts.hostname
    reply.check(whole, f"an absolute {schemes} address", shown(address))

"""The broadcast as a player and an encoder meet it, where the target's media can be reached."""

from __future__ import annotations

import re
import time
from urllib.parse import urljoin

import pytest

from conformance.errors import Unreachable
from conformance.reply import Reply, Request, shown
from conformance.rule import rule
from conformance.world import World, needed, unsupported

PATIENCE = 15.0
BETWEEN = 0.5
INFO = re.compile(r"#EXTINF:(\d+(?:\.\d+)?)")
SEQUENCE = re.compile(r"#EXT-X-MEDIA-SEQUENCE:(\d+)$", re.MULTILINE)
ENDLIST = b"#EXT-X-ENDLIST"
LOOKS = 4
TARGET = re.compile(r"#EXT-X-TARGETDURATION:(\d+)$", re.MULTILINE)
SERVER_ERRORS = BROKEN = 500
MAP = re.compile(r'#EXT-X-MAP:(?:.*,)?URI="([^"]+)"')
VERSION = re.compile(r"#EXT-X-VERSION:(\d+)$", re.MULTILINE)
# RFC 8216, 7: a playlist with `EXT-X-MAP` is of this version at least.
VERSION_OF_MAP = 6
SDP = "application/sdp"
SESSION = (
    "v=0",
    "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0",
)
FINGERPRINT = "a=fingerprint:sha-256 " + ":".join(["7B"] * 32)
AUDIO = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "c=IN IP4 0.0.0.0",
    "a=ice-ufrag:4ZcD",
    "a=ice-pwd:2/1muCWoOi3uLifh0NuRHlLT",
    "a=setup:actpass",
    "a=mid:0",
    "a=sendonly",
    "a=rtcp-mux",
    "a=rtpmap:111 opus/48000/2",
)
OFFER = "\r\n".join((*SESSION, *AUDIO, FINGERPRINT, "")).encode()
# Both are right (RFC 8122, 5): browsers say it of each media, or once of all.
OFFERS = {
    "fingerprint of the media": OFFER,
    "fingerprint of the session": "\r\n".join((*SESSION, FINGERPRINT, *AUDIO, "")).encode(),
}


def fetched(
    world: World, method: str, url: str, content: bytes | None = None, **sent: str
) -> Reply:
    """Ask media, which stand beside the API and may be anywhere; without an answer: unsupported."""
    headers = tuple((name.replace("_", "-"), value) for name, value in sent.items())
    try:
        return world.api.exchange(Request(None, method, url, headers, content))
    except Unreachable as error:
        unsupported(f"needs media that can be reached: {error}")


def playlist(world: World, url: str) -> Reply:
    """Wait for a broadcast's media playlist; a master playlist is followed to its first variant."""
    until = time.monotonic() + PATIENCE
    while (reply := fetched(world, "GET", url)).status != 200:
        # Others of 5xx are a gateway's, which may wait for a broadcast as we do.
        reply.check(reply.status != BROKEN, f"no {BROKEN}", reply.summary())
        if time.monotonic() > until:
            unsupported("needs a broadcast that something is sent to: its playlist never came")
        time.sleep(BETWEEN)
    text = reply.content.decode("utf-8", "replace")
    if "#EXT-X-STREAM-INF" not in text:
        return reply
    variants = [line for line in text.splitlines() if line and not line.startswith("#")]
    reply.check(variants, "a variant in the master playlist", shown(text[:80]))
    return playlist(world, urljoin(url, variants[0]))


@rule(
    "media.playlist",
    level="decided",
    must="The playlist at `hls_url` MUST obey RFC 8216: begin with `#EXTM3U`, name a target "
    "duration that no segment exceeds, tell each segment's, and have segments that can be fetched, "
    "and what comes before them",
    contract="#/components/schemas/SessionResponse",
    operations=("go_live",),
)
@pytest.mark.conformance_long
def test_a_broadcast_can_be_watched(world: World) -> None:
    """Fetch the playlist of a broadcast, its ends, and what a player reads before any segment."""
    made = world.new_session("broadcasting")
    reply = playlist(world, world.session(made.id)["hls_url"])
    text = reply.content.decode("utf-8", "replace")
    reply.check(text.startswith("#EXTM3U"), "`#EXTM3U` first", shown(text[:40]))
    target = TARGET.search(text)
    reply.check(target, "`#EXT-X-TARGETDURATION`", shown(text[:120]))
    lengths = [round(float(each)) for each in INFO.findall(text)]
    most, longest = int(target[1]) if target else 0, max(lengths, default=0)
    reply.check(longest <= most, f"no segment longer than {most} s", f"{longest} s")
    segments = _segments(reply)
    reply.check(segments, "a segment", shown(text[:120]))
    told = f"`#EXTINF` for each of {len(segments)} segments"
    reply.check(len(lengths) == len(segments), told, f"{len(lengths)}")
    needed_first = MAP.findall(text)
    if needed_first:
        version = VERSION.search(text)
        enough = version and int(version[1]) >= VERSION_OF_MAP
        expected = f"`#EXT-X-VERSION` of {VERSION_OF_MAP} or more with `#EXT-X-MAP`"
        reply.check(enough, expected, shown(version and version[0]))
    addresses = [urljoin(reply.request.url, each) for each in needed_first[-1:]]
    for address in dict.fromkeys((*addresses, segments[0], segments[-1])):
        part = fetched(world, "GET", address)
        part.must(200, 206)
        part.check(part.content, "something in it", "nothing")


@rule(
    "media.playlist.on_air",
    level="decided",
    must="While a session is on air its playlist MUST NOT end, its media sequence MUST NOT "
    "decrease, and a segment MUST keep its number in it (RFC 8216, 6.2.1)",
    contract="#/components/schemas/SessionResponse",
    operations=("go_live",),
)
@pytest.mark.conformance_long
def test_a_playlist_goes_on_while_the_session_is_on_air(world: World) -> None:
    """Fetch the playlist of a broadcast several times."""
    made = world.new_session("broadcasting")
    first = playlist(world, world.session(made.id)["hls_url"])
    seen, before = [_sequence(first)], _numbered(first)
    for _ in range(LOOKS):
        time.sleep(BETWEEN)
        again = fetched(world, "GET", first.request.url)
        again.must(200)
        seen.append(_sequence(again))
        again.check(ENDLIST not in again.content, "no `#EXT-X-ENDLIST` on air", "one")
        again.check(seen == sorted(seen), "a media sequence that never decreases", f"{seen}")
        now = _numbered(again)
        moved = [number for number in before.keys() & now if before[number] != now[number]]
        # Addresses may be new each time, as signed ones are: then none is there again.
        known = set(before.values()) & set(now.values())
        again.check(not (moved and known), "each segment to keep its number", f"{moved} are others")
        before = now


def _segments(reply: Reply) -> list[str]:
    """Return the whole addresses of a playlist's segments, the oldest first."""
    lines = reply.content.decode("utf-8", "replace").splitlines()
    return [urljoin(reply.request.url, x) for x in lines if x and not x.startswith("#")]


def _numbered(reply: Reply) -> dict[int, str]:
    """Return a playlist's segments by their media sequence numbers."""
    return dict(enumerate(_segments(reply), start=_sequence(reply)))


def _sequence(reply: Reply) -> int:
    """Return the number of a playlist's first segment, 0 where it does not say (4.3.3.2)."""
    found = SEQUENCE.search(reply.content.decode("utf-8", "replace"))
    return int(found[1]) if found else 0


@rule(
    "media.playlist.ended",
    level="decided",
    must="When the session has ended its playlist MUST end with `#EXT-X-ENDLIST`, or be gone, so "
    "that players stop",
    contract="#/paths/~1sessions~1{id}~1end/post",
    operations=("go_live", "end_session"),
)
@pytest.mark.conformance_long
def test_the_playlist_ends_with_the_session(world: World) -> None:
    """Wait for the end of a playlist whose session has ended."""
    made = world.new_session("broadcasting")
    url = playlist(world, world.session(made.id)["hls_url"]).request.url
    needed(world.api.send("end_session", made.id, by=world.host))
    until = time.monotonic() + PATIENCE
    while True:
        reply = fetched(world, "GET", url)
        if reply.status in (404, 410) or ENDLIST in reply.content:
            return
        late = time.monotonic() > until
        reply.check(not late, f"`#EXT-X-ENDLIST` within {PATIENCE:.0f} s", reply.summary())
        time.sleep(BETWEEN)


def offered(world: World, content: bytes, media_type: str, *, after_the_end: bool = False) -> Reply:
    """Start a session, end it if asked, and post to its WHIP address, which must be in service."""
    made = world.new_session(mode="webcam")
    url = needed(world.api.send("start_session", made.id, by=world.host)).data("whip_url")
    if after_the_end:
        needed(world.api.send("end_session", made.id, by=world.host))
    reply = fetched(world, "POST", url, content, Content_Type=media_type)
    if reply.status >= SERVER_ERRORS:
        unsupported("needs a WHIP endpoint that is in service")
    return reply


@rule(
    "media.whip.session",
    level="decided",
    must="An offer MUST be answered with 201, `application/sdp` and a `Location`, which DELETE "
    "ends (RFC 9725, 4.2)",
    contract="#/components/schemas/StartSessionResponse",
    operations=("start_session",),
)
@pytest.mark.parametrize("offer", OFFERS)
def test_an_offer_is_answered_with_a_session_that_can_be_ended(world: World, offer: str) -> None:
    """Publish, and leave at once."""
    reply = offered(world, OFFERS[offer], SDP).must(201)
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    reply.check(kind == SDP, f"`{SDP}`", shown(kind))
    where = reply.headers.get("location", "")
    reply.check(where, "a `Location`", "none")
    ended = fetched(world, "DELETE", urljoin(reply.request.url, where))
    ended.check(200 <= ended.status < 300, "a 2xx status", ended.summary())


@rule(
    "media.whip.media_type",
    level="decided",
    must="The WHIP endpoint MUST refuse what is no SDP (RFC 9725)",
    contract="#/components/schemas/StartSessionResponse",
    operations=("start_session",),
)
def test_an_offer_must_be_sdp(world: World) -> None:
    """Post JSON where an offer is expected."""
    reply = offered(world, b"{}", "application/json")
    reply.check(400 <= reply.status < SERVER_ERRORS, "a 4xx status", reply.summary())


@rule(
    "media.whip.after_the_end",
    level="decided",
    must="The ingress MUST refuse the encoder when the session has ended",
    contract="#/paths/~1sessions~1{id}~1end/post",
    operations=("start_session", "end_session"),
)
def test_the_ingress_closes_with_the_session(world: World) -> None:
    """Send an offer to the WHIP address of a session that has ended."""
    reply = offered(world, OFFER, SDP, after_the_end=True)
    reply.check(400 <= reply.status < SERVER_ERRORS, "a 4xx status", reply.summary())

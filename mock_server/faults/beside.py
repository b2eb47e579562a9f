"""Faults of what stands beside the API: playlists, segments, and where a publisher comes in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_server.env import Env
from mock_server.faults.fault import Fault

_fault = partial(Fault, family="media", of_media=True)


def _beside(
    method: str, begins: str, change: Callable[[int, bytes], tuple[int, bytes]], *, ends: str = ""
) -> Callable[[ASGIApp, Env], ASGIApp]:
    """Change what is answered at media addresses, which stand beside the API."""

    def wrap(app: ASGIApp, _: Env) -> ASGIApp:
        async def changed(scope: Scope, receive: Receive, send: Send) -> None:
            path = scope["path"] if scope["type"] == "http" else ""
            of_media = path.startswith(begins) and path.endswith(ends)
            if not of_media or scope["method"] != method:
                await app(scope, receive, send)
                return
            told: list[Message] = []

            async def keep(message: Message) -> None:
                told.append(message)

            await app(scope, receive, keep)
            body = b"".join(message.get("body", b"") for message in told[1:])
            status, body = change(told[0]["status"], body)
            kept = [pair for pair in told[0]["headers"] if pair[0].lower() != b"content-length"]
            headers = [*kept, (b"content-length", b"%d" % len(body))]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        return changed

    return wrap


def _without(tag: bytes, status: int, body: bytes) -> tuple[int, bytes]:
    return status, b"\n".join(x for x in body.split(b"\n") if not x.startswith(tag))


def _hasty(status: int, body: bytes) -> tuple[int, bytes]:
    lines = body.split(b"\n")
    hasty = b"#EXT-X-TARGETDURATION:1"
    return status, b"\n".join(
        hasty if line.startswith(b"#EXT-X-TARGETDURATION") else line for line in lines
    )


def _taken(status: int, body: bytes) -> tuple[int, bytes]:
    return (201, b"v=0\r\n") if 400 <= status < 500 else (status, body)  # noqa: PLR2004


def _unended(status: int, body: bytes) -> tuple[int, bytes]:
    return status, body.replace(b"#EXT-X-ENDLIST\n", b"")


def _outdated(status: int, body: bytes) -> tuple[int, bytes]:
    return status, body.replace(b"#EXT-X-VERSION:6", b"#EXT-X-VERSION:3")


def _gone(_: int, __: bytes) -> tuple[int, bytes]:
    return 404, b""


def _broken(_: int, __: bytes) -> tuple[int, bytes]:
    return 500, b""


def _newest_first(status: int, body: bytes) -> tuple[int, bytes]:
    head, *segments = body.split(b"#EXTINF")
    return status, b"#EXTINF".join((head, *reversed(segments)))


def _ended_on_air(status: int, body: bytes) -> tuple[int, bytes]:
    return status, body + b"#EXT-X-ENDLIST\n" if b"#EXTINF" in body else body


def _merely_ok(status: int, body: bytes) -> tuple[int, bytes]:
    return (200 if status == 201 else status), body  # noqa: PLR2004


def _for_each_media_only(app: ASGIApp, _: Env) -> ASGIApp:
    """Read of an offer no fingerprint that stands before its media."""

    async def changed(scope: Scope, receive: Receive, send: Send) -> None:
        async def listen() -> Message:
            message = await receive()
            general, mark, media = message.get("body", b"").partition(b"\nm=")
            lines = [x for x in general.split(b"\n") if not x.startswith(b"a=fingerprint")]
            return {**message, "body": b"\n".join(lines) + mark + media}

        offered = scope["type"] == "http" and scope["path"].startswith("/whip/")
        await app(scope, listen if offered else receive, send)

    return changed


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="playlist-never-ends",
        breaks="A playlist ends with its session, so that players stop",
        wrap=_beside("GET", "/hls/", _unended),
    ),
    _fault(
        name="playlist-ends-on-air",
        breaks="A playlist goes on while the session is on air",
        wrap=_beside("GET", "/hls/", _ended_on_air),
    ),
    _fault(
        name="offer-answered-200",
        breaks="An offer is answered with 201 (RFC 9725)",
        wrap=_beside("POST", "/whip/", _merely_ok),
    ),
    _fault(
        name="playlist-without-target",
        breaks="A playlist names the duration that no segment exceeds",
        wrap=_beside("GET", "/hls/", partial(_without, b"#EXT-X-TARGETDURATION")),
    ),
    _fault(
        name="segments-longer-than-said",
        breaks="No segment is longer than its playlist's target duration",
        wrap=_beside("GET", "/hls/", _hasty),
    ),
    _fault(
        name="segments-without-length",
        breaks="A playlist tells how long each of its segments is (RFC 8216, 4.3.2.1)",
        wrap=_beside("GET", "/hls/", partial(_without, b"#EXTINF")),
    ),
    _fault(
        name="playlist-of-an-old-version",
        breaks="A playlist says the version that its tags need (RFC 8216, 7)",
        wrap=_beside("GET", "/hls/", _outdated),
    ),
    _fault(
        name="segments-without-beginning",
        breaks="What a player reads before a segment can be fetched (RFC 8216, 4.3.2.5)",
        wrap=_beside("GET", "/hls/", _gone, ends="/init.mp4"),
    ),
    _fault(
        name="oldest-segment-gone",
        breaks="Every segment that a playlist lists can be fetched (RFC 8216, 6.2.2)",
        wrap=_beside("GET", "/hls/", _gone, ends="-0.m4s"),
    ),
    _fault(
        name="playlist-is-500",
        breaks="The address of a broadcast is where it can be watched, or will be",
        wrap=_beside("GET", "/hls/", _broken, ends=".m3u8"),
    ),
    _fault(
        name="playlist-newest-first",
        breaks="New segments come at the end of a playlist, so others keep their numbers",
        wrap=_beside("GET", "/hls/", _newest_first, ends=".m3u8"),
    ),
    _fault(
        name="offer-read-by-its-media-only",
        breaks="What an offer says of all its media holds for each (RFC 8122)",
        wrap=_for_each_media_only,
    ),
    _fault(
        name="ingress-takes-anything",
        breaks="The ingress refuses the encoder of a session that has ended",
        wrap=_beside("POST", "/whip/", _taken),
    ),
)

"""A session's broadcast over HTTP: its playlists, and the segments they name.

    /hls/{session}/index.m3u8                       the renditions
    /hls/{session}/{rendition}/index.m3u8           the segments that are there now
    /hls/{session}/{rendition}/init.mp4             what a player reads before them
    /hls/{session}/{rendition}/{ms}-{place}.m4s     one of them (`media.hls` says what is counted)

Everybody may watch, as on any address of HLS: players have no credentials to send.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from datetime import UTC, datetime
from functools import cache, cached_property, partial

from mock_server.domain.encoder import publishing
from mock_server.domain.entities import Encoder, Session
from mock_server.domain.lifecycle import observe
from mock_server.env import Env
from mock_server.http.errors import Headers, Refusal
from mock_server.http.media import Asked, Content, method_refused
from mock_server.http.partial import as_asked
from mock_server.http.transactions import Transactions
from mock_server.media import hls, loop
from mock_server.settings import Settings
from mock_server.storage.protocol import Needs
from mock_server.worlds import Worlds

PREFIX = "/hls/"
_METHODS = ("GET", "HEAD")
_PATH = re.compile(
    r"/hls/(?P<session>[^/]{1,100})/(?:(?P<rendition>[0-9a-z]{1,10})/)?"
    r"(?:(?P<list>index\.m3u8)|(?P<init>init\.mp4)|(?P<ms>[0-9]{1,15})-(?P<place>[0-9]{1,12})\.m4s)"
)
# A playlist may be another one in a moment, in a world whose clock is put forward.
_PLAYLIST: Headers = (
    (b"content-type", b"application/vnd.apple.mpegurl"),
    (b"cache-control", b"no-store"),
)
# What an address names never changes.
_MEDIA: Headers = (
    (b"content-type", b"video/mp4"),
    (b"cache-control", b"public, max-age=86400, immutable"),
    (b"accept-ranges", b"bytes"),
)
_BYTES_OF_RUN, _BYTES_OF_SEGMENT = 200, 100
_FOREVER = datetime.max.replace(tzinfo=UTC)


class Broadcast:
    """Hold what of a session's broadcast is there at a time; it holds until there is more.

    `length` is how many segments a playlist has.
    """

    def __init__(
        self, runs: tuple[hls.Run, ...], *, ended: bool, until: datetime, length: int
    ) -> None:
        self.runs = runs
        self.until = until
        self._ended = ended
        self._length = length

    @cached_property
    def playlist(self) -> Content:
        """Return the media playlist of every rendition: their segments have the same names."""
        text = hls.media_playlist(self.runs, length=self._length, ended=self._ended)
        return Content(200, _PLAYLIST, (text.encode(),))

    def size(self) -> int:
        """Return about how many bytes it takes, with its playlist."""
        return _BYTES_OF_RUN * len(self.runs) + _BYTES_OF_SEGMENT * (self._length + 5)

    def require(self, after_ms: int, place: int) -> None:
        """Refuse a segment that is not there yet, was never there, or is there no longer."""
        found = bisect_left(self.runs, after_ms, key=lambda each: each.after_ms)
        run = self.runs[found] if found < len(self.runs) else None
        if run is None or run.after_ms != after_ms or place >= run.segments:
            newest = hls.window(self.runs, 1)[0].name
            raise Refusal(404, f"segment {after_ms}-{place} is not there, the newest is {newest}")
        if run.first + place < hls.kept_from(self.runs, self._length):
            raise Refusal(
                404,
                f"segment {after_ms}-{place} is no longer there, as players can't go back so far: "
                "start with a larger `--dvr-window`",
            )


class Hls:
    """Answer requests for playlists and segments."""

    def __init__(self, worlds: Worlds, transactions: Transactions, settings: Settings) -> None:
        self._worlds = worlds
        self._transactions = transactions
        self._length = hls.window_length(settings.dvr_window)

    async def __call__(self, asked: Asked) -> Content:
        """Return what is there; raises Refusal."""
        found = _PATH.fullmatch(asked.path)
        rendition = found and found["rendition"]
        if found is None or (rendition or "360p") not in loop.NAMES:
            raise _nothing_here()
        if rendition is None and found["list"] is None:
            raise _nothing_here()
        if asked.method == "OPTIONS":
            return Content(204, ((b"allow", b"GET, HEAD"),))
        if asked.method not in _METHODS:
            raise method_refused(asked.method, _METHODS)
        return await self._transactions.do(partial(self._answer, asked, found, rendition))

    def _answer(self, asked: Asked, found: re.Match[str], rendition: str | None) -> Content:
        broadcast = self._find(asked.world, found["session"].lower())
        if rendition is None:
            return _renditions()
        if found["list"] is not None:
            return broadcast.playlist
        shown = loop.rendition(rendition, hls.SECONDS)
        tag = shown.digest.encode()
        parts: tuple[bytes | memoryview, ...] = (shown.initialization,)
        if found["init"] is None:
            after_ms, place = int(found["ms"]), int(found["place"])
            broadcast.require(after_ms, place)
            tag = b"%s-%d-%d" % (tag, after_ms, place)
            parts = shown.fragment(place, after_ms)
        tag = b'"%s"' % tag
        content = Content(200, (*_MEDIA, (b"etag", tag)), parts)
        return as_asked(content, tag, asked.method, asked.scope["headers"])

    def _find(self, world: str, session: str) -> Broadcast:
        """Return what is there of a broadcast now; raises Refusal where there is none to see."""
        env = self._worlds.known(world)
        if not env.store.blocking:
            env = self._worlds.find(world)
            known: Broadcast | None = env.playlists.find(session, env.clock())
            if known is not None:
                return known
        version = env.store.version
        with self._transactions.reading(world, _needs(session)) as (env, tx):
            now = env.clock()
            found = tx.get(Session, session), tx.get(Encoder, session)
            broadcast = _broadcast(env, *found, now, self._length)
        env.playlists.keep(session, broadcast, broadcast.size(), version, (now, broadcast.until))
        return broadcast


@cache
def _renditions() -> Content:
    shown = (loop.rendition(name, hls.SECONDS) for name in loop.NAMES)
    return Content(200, _PLAYLIST, (hls.multivariant_playlist(shown).encode(),))


def _needs(session: str) -> Needs:
    return Needs(entities=((Session, session), (Encoder, session)))


def _nothing_here() -> Refusal:
    renditions = " or ".join(f"`{name}`" for name in loop.NAMES)
    return Refusal(
        404,
        "no media has this path, `hls_url` of a session leads to it: "
        f"/hls/{{session}}/index.m3u8 and what it names, below {renditions}",
    )


def _broadcast(
    env: Env, session: Session | None, encoder: Encoder | None, now: datetime, length: int
) -> Broadcast:
    if session is None:
        raise Refusal(404, f"no session of world `{env.name}` has this id, so it has no broadcast")
    if session.broadcast_at is None:
        raise Refusal(
            404,
            f"session is `{observe(session, now)}` and was never broadcast, must be first "
            "(`go_live`, or `start_webcam_hls` in mode `webcam`)",
        )
    spans = env.remembered.once(f"publishing/{session.id}", publishing, session, encoder)
    runs = hls.complete_runs(spans, session.broadcast_at, now)
    ended = session.ended_at is not None
    if not runs:
        raise _too_early(ended=ended)
    until = None if ended else hls.next_segment(spans, now)
    return Broadcast(runs, ended=ended, until=until or _FOREVER, length=length)


def _too_early(*, ended: bool) -> Refusal:
    if ended:
        return Refusal(404, "the broadcast ended before its first segment was complete")
    return Refusal(
        404,
        f"no segment of the broadcast is complete, the first one is {hls.SECONDS:g} s after "
        "the encoder began to publish",
        headers=((b"retry-after", b"2"),),
    )

"""A session's broadcast over HTTP: its playlists, and the segments they name.

    /hls/{session}/index.m3u8                       the renditions
    /hls/{session}/{rendition}/index.m3u8           the segments that are there now
    /hls/{session}/{rendition}/init.mp4             what a player reads before them
    /hls/{session}/{rendition}/{run}-{place}.m4s    one of them

Everybody may watch, as on any address of HLS: players have no credentials to send.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

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
    r"(?:(?P<list>index\.m3u8)|(?P<init>init\.mp4)|(?P<run>[0-9]{1,9})-(?P<place>[0-9]{1,12})\.m4s)"
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
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
_FOREVER = datetime.max.replace(tzinfo=UTC)


class Broadcast(NamedTuple):
    """Hold what of a session's broadcast is there at a time, and when there is more."""

    runs: tuple[hls.Run, ...]
    ended: bool
    until: datetime


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
        session = found["session"].lower()
        if found["list"] is not None:
            return self._playlist(asked.world, session, of_renditions=rendition is None)
        broadcast = self._broadcast(asked.world, session)
        shown = loop.rendition(rendition or "", hls.SECONDS)
        if found["init"] is not None:
            tag = b'"%s"' % shown.digest.encode()
            parts: tuple[bytes | memoryview, ...] = (shown.initialization,)
        else:
            run, place = int(found["run"]), int(found["place"])
            self._require_there(broadcast, run, place)
            tag = b'"%s-%d"' % (shown.digest.encode(), place)
            parts = shown.fragment(place)
        content = Content(200, (*_MEDIA, (b"etag", tag)), parts)
        return as_asked(content, tag, asked.method, asked.scope["headers"])

    def _playlist(self, world: str, session: str, *, of_renditions: bool) -> Content:
        # All renditions have one text: their segments have the same names.
        question = session, of_renditions
        env = self._worlds.known(world)
        if not env.store.blocking:
            env = self._worlds.find(world)
            known: Content | None = env.playlists.find(question, env.clock())
            if known is not None:
                return known
        version = env.store.version
        with self._transactions.reading(world, _needs(session)) as (env, tx):
            now = env.clock()
            broadcast = _broadcast(env, tx.get(Session, session), tx.get(Encoder, session), now)
        if of_renditions:
            text = hls.multivariant_playlist(
                loop.rendition(name, hls.SECONDS) for name in loop.NAMES
            )
        else:
            text = hls.media_playlist(broadcast.runs, length=self._length, ended=broadcast.ended)
        content = Content(200, _PLAYLIST, (text.encode(),))
        env.playlists.keep(question, content, len(text), version, (now, broadcast.until))
        return content

    def _broadcast(self, world: str, session: str) -> Broadcast:
        with self._transactions.reading(world, _needs(session)) as (env, tx):
            found = tx.get(Session, session), tx.get(Encoder, session)
            return _broadcast(env, *found, env.clock())

    def _require_there(self, broadcast: Broadcast, run: int, place: int) -> None:
        runs = broadcast.runs
        oldest = hls.kept_from(runs, self._length)
        newest = hls.window(runs, 1)[0]
        if run >= len(runs) or place >= runs[run].segments:
            raise Refusal(404, f"segment {run}-{place} is not there, the newest is {newest.name}")
        if runs[run].first + place < oldest:
            raise Refusal(
                404,
                f"segment {run}-{place} is no longer there, as players can't go back so far: "
                "start with a larger `--dvr-window`",
            )


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
    env: Env, session: Session | None, encoder: Encoder | None, now: datetime
) -> Broadcast:
    """Return what is there of a broadcast; raises Refusal where there is none to see."""
    if session is None:
        raise Refusal(404, f"no session of world `{env.name}` has this id, so it has no broadcast")
    if session.broadcast_at is None:
        raise Refusal(
            404,
            f"session is `{observe(session, now)}` and was never broadcast, must be first "
            "(`go_live`, or `start_webcam_hls` in mode `webcam`)",
        )
    spans = publishing(session, encoder)
    runs = hls.complete_runs(spans, now)
    ended = session.ended_at is not None
    if not runs:
        raise _too_early(ended=ended)
    until = None if ended else hls.next_segment(spans, now)
    return Broadcast(runs, ended, until or _FOREVER)


def _too_early(*, ended: bool) -> Refusal:
    if ended:
        return Refusal(404, "the broadcast ended before its first segment was complete")
    return Refusal(
        404,
        f"no segment of the broadcast is complete, the first one is {hls.SECONDS:g} s after "
        "the encoder began to publish",
        headers=((b"retry-after", b"2"),),
    )

"""WHIP, RFC 9725: where a browser or OBS publishes to a session.

The stream key is the credential: in the path, as `whip_url` has it, or as the bearer token, or
both. It identifies the session, too, so a key that nobody has is a 401, and one that contradicts
the path is a 403. A WHIP session's connection is in the process that took the offer; every process
knows of it from the store.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from ipaddress import ip_address
from time import time
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from mock_server.domain.entities import Encoder, Session
from mock_server.domain.errors import Conflict, NotFound
from mock_server.domain.lifecycle import observe
from mock_server.domain.publishing import publication_of
from mock_server.env import Common, Env
from mock_server.http.body import read_body
from mock_server.http.errors import Headers, Refusal
from mock_server.http.headers import RequestHeaders
from mock_server.http.ingress import OPEN, SessionIngress
from mock_server.http.media import Asked, Content, method_refused
from mock_server.http.origin import OriginReader
from mock_server.http.transactions import Transactions
from mock_server.journal import BODY
from mock_server.media.ingress import Addresses
from mock_server.media.offer import Fragment, Malformed, Offer, read_fragment, read_offer
from mock_server.media.peer import NoMedia
from mock_server.media.publications import Named, Publication, TooManyPublications
from mock_server.storage.indexes import SESSION_BY_STREAM_KEY
from mock_server.storage.protocol import Needs
from mock_server.worlds import Worlds

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
MAX_SDP = 64 * 1024
_ENDPOINT = ("GET", "HEAD", "OPTIONS", "POST")
_SESSION = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH")
_DOING = frozenset({"DELETE", "PATCH", "POST"})
_CHALLENGE = b'Bearer realm="greenroom"'
_LATER = ((b"retry-after", b"5"),)
_NO_STORE = (b"cache-control", b"no-store")


class Found(NamedTuple):
    """Hold the session a key is for, in its world, as of `now`."""

    env: Env
    session: Session
    now: datetime
    # What its encoder says of who publishes (`domain.publishing.publication_of`).
    publication: Mapping[str, Any]


class Whip:
    """Answer requests below `/whip`."""

    def __init__(self, worlds: Worlds, transactions: Transactions, common: Common) -> None:
        self._worlds = worlds
        self._transactions = transactions
        self._common = common
        self._origin = OriginReader(common.settings)
        self._addresses = media_addresses(common.settings.host)
        self._links = tuple((b"link", each.encode()) for each in common.settings.ice_servers)

    async def __call__(self, asked: Asked) -> Content:
        """Answer a request; raises what refuses it. What is done is in the journal."""
        began = time()
        content = await self._answer(asked)
        if asked.method in _DOING:
            self._worlds.note(asked.scope, asked.path, content, began)
        return content

    async def _answer(self, asked: Asked) -> Content:
        key, publication_id = _parts(asked.path)
        allowed = _ENDPOINT if publication_id is None else _SESSION
        if asked.method not in allowed:
            raise method_refused(asked.method, allowed)
        if asked.method == "OPTIONS":
            return self._options(allowed)
        key = _credential(key, RequestHeaders.read(asked.scope["headers"]).authorization)
        found = await self._found(asked.world, key)
        if publication_id is not None:
            named = _named(found, key, publication_id)
            if asked.method == "PATCH":
                return await self._patch(asked, named)
            if asked.method == "DELETE":
                return await self._delete(asked, named)
        elif asked.method == "POST":
            return await self._post(asked, key)
        return Content(204, (_NO_STORE, *self._about(allowed)))

    def _options(self, allowed: Sequence[str]) -> Content:
        return Content(200, self._about(allowed))

    def _about(self, allowed: Sequence[str]) -> Headers:
        takes = (b"accept-post", SDP) if "POST" in allowed else (b"accept-patch", FRAGMENT)
        allow = (b"allow", ", ".join(allowed).encode())
        return (allow, (takes[0], takes[1].encode()), *self._links)

    async def _post(self, asked: Asked, key: str) -> Content:
        offer = _offer(await _body(asked, SDP))
        # As it is now that the offer is there: it may have taken its time.
        found = await self._found(asked.world, key)
        _require_open(found)
        name, session_id = found.env.name, found.session.id
        publication = Publication(
            name, session_id, key, offer, lambda: self._worlds.known(name).clock()
        )
        addresses = self._addresses_in(asked, name)
        answer = await self._begin(publication, addresses)
        address = urlsplit(addresses.whip_url(key)).path
        headers = (
            (b"content-type", SDP.encode()),
            (b"location", f"{address}/{publication.id}".encode()),
            (b"etag", publication.etag.encode()),
            (b"accept-patch", FRAGMENT.encode()),
            *self._links,
            _NO_STORE,
        )
        said = answer.encode()
        return Content(201, headers, (said,), body=said)

    def _addresses_in(self, asked: Asked, world: str) -> Addresses:
        host = RequestHeaders.read(asked.scope["headers"]).host
        return self._origin.addresses(asked.scope, host, world)

    def _ingress(self, addresses: Addresses, named: Named) -> SessionIngress:
        return SessionIngress(self._worlds, self._transactions, self._common, addresses, named)

    async def _begin(self, publication: Publication, addresses: Addresses) -> str:
        ingress = self._ingress(addresses, publication.named)
        try:
            return await self._common.publications.begin(publication, self._addresses, ingress)
        except TooManyPublications as error:
            raise Refusal(503, str(error), headers=_LATER) from None
        except NoMedia as error:
            # It is the operator who can do something, and no other request would be answered.
            raise Refusal(501, str(error)) from None

    async def _patch(self, asked: Asked, named: Named) -> Content:
        fragment = _fragment(await _body(asked, FRAGMENT))
        _require_match(asked, named)
        if fragment.ice_name != named.ice_name:
            raise Refusal(
                422,
                "the fragment has another `a=ice-ufrag`, so asks for an ICE restart, which is not "
                "supported here: DELETE this session and POST a new offer",
            )
        # In another process it does without them: the publisher finds the way by our candidates.
        if (publication := self._common.publications.find(named.id)) is not None:
            await publication.add_candidates(fragment)
        return Content(204, (_NO_STORE,))

    async def _delete(self, asked: Asked, named: Named) -> Content:
        if (publication := self._common.publications.find(named.id)) is not None:
            await self._common.publications.end(publication)
        elif not await self._ingress(self._addresses_in(asked, named.world), named).end():
            raise _over(named.id)
        return Content(200, (_NO_STORE,))

    async def _found(self, world: str, key: str) -> Found:
        """Return the session of a key, and end what is published to it from here where it is over:
        another process let it go, or the session has ended.
        """
        # Before the store is read: what begins meanwhile is not named yet, and not over.
        there = self._common.publications.publishing_to(world, key)
        found = await self._transactions.do(partial(self._find, world, key))
        ended = observe(found.session, found.now) not in OPEN
        if there is not None and (ended or there.id != found.publication.get("id")):
            await self._common.publications.end(there)
        return found

    def _find(self, world: str, key: str) -> Found:
        with self._transactions.reading(world, Needs()) as (env, tx):
            session = tx.first(SESSION_BY_STREAM_KEY, key)
            if session is None:
                raise _unauthorised(
                    "no session has this stream key, must be that of its `whip_url`"
                )
            publication = publication_of(tx.get(Encoder, session.id))
            return Found(env, session, env.clock(), publication)


def _named(found: Found, key: str, publication_id: str) -> Named:
    """Return the WHIP session with an id, whichever process has it; raises NotFound."""
    told, session_id = found.publication, found.session.id
    if told.get("id") != publication_id:
        raise _over(publication_id)
    if observe(found.session, found.now) not in OPEN:
        raise NotFound(f"WHIP session {publication_id} has ended with session {session_id}")
    return Named(found.env.name, session_id, key, publication_id, told["etag"], told["ice_name"])


def _over(publication_id: str) -> NotFound:
    return NotFound(f"no WHIP session has the id {publication_id[:60]}, or it has ended")


def media_addresses(host: str) -> tuple[str, ...] | None:
    """Return the addresses media comes in at: those requests come in at, None for all there are."""
    try:
        found = {each[4][0] for each in socket.getaddrinfo(host, 0, type=socket.SOCK_DGRAM)}
    except OSError:
        found = set()
    numbers = [str(each) for each in found]
    if any(ip_address(each).is_unspecified for each in numbers):
        return None
    return tuple(sorted(numbers)) or ("127.0.0.1",)


def _parts(path: str) -> tuple[str | None, str | None]:
    """Return the key and the session's id of a path, None for what it leaves out."""
    parts = path.removeprefix("/whip").removeprefix("/").split("/")
    if len(parts) > 2 or (len(parts) == 2 and not all(parts)):  # noqa: PLR2004
        raise NotFound(
            "nothing is at this path, must be `/whip/{stream key}` or what `Location` said"
        )
    key, publication_id = (*parts, None)[:2]
    return key or None, publication_id


def _credential(key: str | None, authorization: Sequence[bytes]) -> str:
    """Return the stream key a request comes with; raises Refusal 401, 403."""
    given = [each.decode("latin-1").partition(" ") for each in authorization]
    bearers = {token.strip() for scheme, _, token in given if scheme.lower() == "bearer"} - {""}
    if key is None and len(bearers) == 1:
        return bearers.pop()
    if key is None:
        raise _unauthorised(
            "there is no stream key, must be the last part of the path or `Authorization: "
            "Bearer <stream key>`"
        )
    if bearers - {key}:
        raise Refusal(
            403,
            "the bearer token is not the stream key of the path, must be the same or left out",
        )
    return key


def _unauthorised(sentence: str) -> Refusal:
    return Refusal(401, sentence, headers=((b"www-authenticate", _CHALLENGE),))


def _require_open(found: Found) -> None:
    status = observe(found.session, found.now)
    if status not in OPEN:
        raise Conflict(f"session {found.session.id} is `{status}`, must be `scheduled` or `live`")


async def _body(asked: Asked, wanted: str) -> bytes:
    """Read a body of one media type; raises Refusal 415, 413, 400, ClientGone."""
    given = RequestHeaders.read(asked.scope["headers"]).content_type or b""
    media_type = given.split(b";", 1)[0].strip().lower().decode("latin-1")
    raw = await read_body(asked.receive)
    if media_type != wanted:
        shown = f"`{media_type[:100]}`" if media_type else "missing"
        raise Refusal(415, f"the Content-Type is {shown}, must be `{wanted}`")
    if len(raw) > MAX_SDP:
        raise Refusal(
            413, f"the description is larger than {MAX_SDP:,} bytes, must be at most that"
        )
    asked.scope[BODY] = raw
    return raw


def _offer(raw: bytes) -> Offer:
    try:
        return read_offer(raw)
    except Malformed as error:
        raise Refusal(400, str(error)) from None


def _fragment(raw: bytes) -> Fragment:
    try:
        return read_fragment(raw)
    except Malformed as error:
        raise Refusal(400, str(error)) from None


def _require_match(asked: Asked, publication: Named) -> None:
    """Refuse a change of a state that is not the present one (RFC 9725, 4.3; RFC 9110, 13.1.1)."""
    given = [value for name, value in asked.scope["headers"] if name == b"if-match"]
    if not given:
        raise Refusal(428, "`If-Match` is missing, must be the `ETag` of the 201 or `*`")
    tags = {each.strip() for value in given for each in value.decode("latin-1").split(",")}
    if not tags & {"*", publication.etag}:
        raise Refusal(412, "`If-Match` is not the `ETag` of this session, must be that of the 201")

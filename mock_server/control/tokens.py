"""A token, decoded: whose it is, what it lets do, until when, and why it would be refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from math import floor
from typing import Any, Literal

from mock_server.domain.errors import Unauthenticated
from mock_server.env import Call
from mock_server.http.security import Authenticator
from mock_server.http.views import View, date_time
from mock_server.media.decoded import Decoded, MalformedToken, decode, grants_in_words
from mock_server.settings import Settings

Kind = Literal["livekit", "webhook", "access", "unknown"]
_ALGORITHM = "HS256"
_SHOWN = 60


def decode_token(call: Call) -> View:
    """Say what is in a token, and in one sentence why it would be refused, if it would."""
    token = call.body["token"].strip()
    scheme, _, rest = token.partition(" ")
    token = rest.strip() if scheme.lower() == "bearer" else token
    view: View = {"now": date_time(call.now)}
    try:
        decoded = decode(token)
    except MalformedToken as error:
        return view | {"kind": "unknown", "good": False, "reason": str(error)}
    settings = call.env.settings
    kind = _kind(decoded, settings)
    reason = _reason(decoded, kind, settings, call.now)
    if reason is None and kind == "access":
        reason = _refusal_of_the_api(call, token)
    view |= {"kind": kind, "good": reason is None}
    if reason is not None:
        view["reason"] = reason
    return view | {
        "header": decoded.header,
        "claims": decoded.claims,
        "signature": "good" if _is_well_signed(decoded, kind, settings) else "wrong",
        "grants": list(_grants(decoded, kind)),
        **_times(decoded, call.now),
    }


def _kind(decoded: Decoded, settings: Settings) -> Kind:
    claims = decoded.claims
    if "sha256" in claims:
        return "webhook"
    if "video" in claims or claims.get("iss") == settings.livekit_key:
        return "livekit"
    return "access" if "role" in claims or "sid" in claims else "unknown"


def _is_well_signed(decoded: Decoded, kind: Kind, settings: Settings) -> bool:
    if decoded.header.get("alg") != _ALGORITHM:
        return False
    return decoded.is_signed_with(_secret(kind, settings))


def _secret(kind: Kind, settings: Settings) -> str:
    return settings.token_secret if kind == "access" else settings.livekit_secret


def _reason(decoded: Decoded, kind: Kind, settings: Settings, now: datetime) -> str | None:
    """Return what is wrong with a token, in the order in which a verifier looks."""
    claims, algorithm = decoded.claims, decoded.header.get("alg")
    if algorithm != _ALGORITHM:
        return f"`alg` is {_shown(algorithm)}, must be `{_ALGORITHM}`"
    if kind == "unknown":
        return (
            "the claims are of no token the mock knows, must have `video` (LiveKit's), "
            "`role` (the API's) or `sha256` (of a webhook)"
        )
    if not _is_well_signed(decoded, kind, settings):
        whose = "secret of access tokens" if kind == "access" else "LiveKit secret"
        return f"the signature does not verify, must be made with the mock's {whose}"
    if kind != "access" and claims.get("iss") != settings.livekit_key:
        return f"`iss` is {_shown(claims.get('iss'))}, must be the key `{settings.livekit_key}`"
    return _out_of_time(decoded, now)


def _out_of_time(decoded: Decoded, now: datetime) -> str | None:
    begins, ends = decoded.time("nbf"), decoded.time("exp")
    if ends is None:
        return f"`exp` is {_shown(decoded.claims.get('exp'))}, must be a time in Unix seconds"
    if now >= ends:
        return f"the token expired at {date_time(ends)}, must be used before"
    if begins is None and "nbf" in decoded.claims:
        return f"`nbf` is {_shown(decoded.claims['nbf'])}, must be a time in Unix seconds"
    if begins is not None and now < begins:
        return f"the token is good from {date_time(begins)} on, must not be used before"
    return None


def _refusal_of_the_api(call: Call, token: str) -> str | None:
    """Return what the API itself says of an access token: its sign-in or user may be gone."""
    header = b"Bearer " + token.encode()
    with call.env.store.read() as tx:
        try:
            Authenticator(call.env.settings.token_secret).identify((header,), (), tx, call.now)
        except Unauthenticated as error:
            return str(error)
    return None


def _grants(decoded: Decoded, kind: Kind) -> Iterator[str]:
    claims = decoded.claims
    video = claims.get("video")
    if kind == "livekit" and isinstance(video, Mapping):
        yield from grants_in_words(video)
    if kind == "webhook":
        yield f"vouch for a body whose sha256 is {_shown(claims['sha256'])}"
    if kind == "access":
        yield f"call the API as user {_shown(claims.get('sub'))}, a {_shown(claims.get('role'))}"


def _times(decoded: Decoded, now: datetime) -> View:
    names = {"issued_at": "iat", "not_before": "nbf", "expires_at": "exp"}
    times = {name: decoded.time(claim) for name, claim in names.items()}
    view: View = {name: date_time(each) for name, each in times.items() if each is not None}
    if (ends := times["expires_at"]) is not None:
        view["seconds_left"] = floor((ends - now).total_seconds())
    return view


def _shown(value: Any) -> str:
    return "missing" if value is None else f"`{str(value)[:_SHOWN]}`"

"""Tokens taken apart, whoever made them: what is in them, and what LiveKit would let them do."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hmac import compare_digest, digest
from typing import Any

import orjson

_PARTS = 3
_SHOWN = 60
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


class MalformedToken(ValueError):
    """Say what keeps a text from being a JWT, and what it must be."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """Hold a JWT in its parts; nothing about it has been verified."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes

    def is_signed_with(self, secret: str) -> bool:
        """Tell whether the signature is HMAC-SHA256 with a secret, whatever `alg` says."""
        return compare_digest(self.signature, digest(secret.encode(), self.signed, "sha256"))

    def time(self, claim: str) -> datetime | None:
        """Return the time of a claim, None where there is none a date can be (RFC 7519, 2)."""
        seconds = self.claims.get(claim)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            return None
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):
            return None


def decode(token: str) -> Decoded:
    """Take a JWT in compact form apart (RFC 7515, 7.1); raises MalformedToken."""
    parts = token.split(".")
    if len(parts) != _PARTS:
        raise MalformedToken(
            f"the token has {len(parts) - 1} dots, must have two: between header and claims, and "
            "before the signature"
        )
    header, claims = (
        _object(name, part) for name, part in zip(("header", "claims"), parts, strict=False)
    )
    signed = token.rpartition(".")[0].encode()
    return Decoded(header, claims, signed, _bytes("signature", parts[2]))


def _object(name: str, part: str) -> Mapping[str, Any]:
    try:
        value = orjson.loads(_bytes(name, part))
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise MalformedToken(f"the token's {name} is no JSON object, must be one in base64url")
    return value


def _bytes(name: str, part: str) -> bytes:
    # A decoder passes over what is no letter of it; four letters are three bytes, one is none.
    if not _BASE64URL.fullmatch(part) or len(part) % 4 == 1:
        raise MalformedToken(f"the token's {name} is not base64url, must be, without padding")
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def grants_in_words(video: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a LiveKit grant lets its holder do, a phrase each, its defaults included.

    https://docs.livekit.io/home/get-started/authentication/: who joins may publish and subscribe
    unless the grant says otherwise, and data goes with publishing.
    """
    for claim, words in _ROOM:
        if video.get(claim) is True:
            yield words(_room(video))
    if video.get("roomJoin") is not True:
        return
    publish = video.get("canPublish") is not False
    sources = video.get("canPublishSources")
    if publish and isinstance(sources, list) and sources:
        yield f"publish {', '.join(str(each)[:_SHOWN] for each in sources[:10])}"
    else:
        yield "publish audio and video" if publish else "not publish audio or video"
    subscribe = video.get("canSubscribe") is not False
    yield "see and hear the others" if subscribe else "not see or hear the others"
    data = video.get("canPublishData", publish) is not False
    yield "send data" if data else "not send data"
    if video.get("canUpdateOwnMetadata") is True:
        yield "change its own metadata"
    if video.get("hidden") is True:
        yield "stay hidden from the others"


def _room(video: Mapping[str, Any]) -> str:
    room = video.get("room")
    return f"the room `{str(room)[:_SHOWN]}`" if room else "any room"


_ROOM: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("roomCreate", lambda _: "make and end rooms"),
    ("roomList", lambda _: "list rooms"),
    ("roomJoin", lambda room: f"join {room}"),
    ("roomAdmin", lambda room: f"moderate {room}: mute and remove people"),
    ("roomRecord", lambda _: "record rooms"),
    ("ingressAdmin", lambda _: "manage ingress"),
)

"""Tokens that open a LiveKit room: the same claims LiveKit's own server SDKs write."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from mock_server.media.jws import sign

Grant = Literal["host", "audience", "monitor"]
_WEBHOOK_SECONDS = 300

_GRANTS: dict[Grant, dict[str, bool]] = {
    "host": {
        "roomJoin": True,
        "roomAdmin": True,
        "canPublish": True,
        "canSubscribe": True,
        "canPublishData": True,
    },
    "audience": {
        "roomJoin": True,
        "canPublish": False,
        "canSubscribe": True,
        "canPublishData": False,
    },
    "monitor": {
        "roomJoin": True,
        "canPublish": False,
        "canSubscribe": True,
        "canPublishData": False,
        "hidden": True,
    },
}


def webhook_token(*, key: str, secret: str, body: bytes, now: datetime) -> str:
    """Return the token that goes with a webhook: its claim `sha256` is the hash of the body.

    It is good for five minutes, as LiveKit's own is; `now` is the time of who will verify it.
    """
    issued = int(now.timestamp())
    claims = {
        "iss": key,
        "nbf": issued,
        "exp": issued + _WEBHOOK_SECONDS,
        "sha256": b64encode(sha256(body).digest()).decode(),
    }
    return sign(claims, secret)


def access_token(
    *,
    key: str,
    secret: str,
    identity: str,
    name: str,
    room: str,
    grant: Grant,
    now: datetime,
    lifetime: timedelta = timedelta(hours=6),
    serial: int | None = None,
) -> str:
    """Return a signed token that lets a person into a LiveKit room.

    Two tokens of one second differ when their `serial` does. The claims are those of
    https://docs.livekit.io/home/get-started/authentication/.
    """
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": key,
        "sub": identity,
        "name": name,
        "nbf": issued,
        "iat": issued,
        "exp": issued + int(lifetime.total_seconds()),
        "video": {"room": room, **_GRANTS[grant]},
    }
    if serial is not None:
        claims["jti"] = str(serial)
    return sign(claims, secret)

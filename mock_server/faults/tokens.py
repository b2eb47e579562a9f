"""Read JWTs without asking whether they are good, and sign claims anew."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

Claims = dict[str, Any]
_HEADER = {"alg": "HS256", "typ": "JWT"}
_PARTS = 3


def read(token: str) -> tuple[Claims, Claims] | None:
    """Return header and claims of a token, None where it is no JWT; nothing is verified."""
    parts = token.split(".")
    if len(parts) != _PARTS:
        return None
    try:
        header, claims = (json.loads(_decoded(part)) for part in parts[:2])
    except ValueError:
        return None
    return (header, claims) if isinstance(header, dict) and isinstance(claims, dict) else None


def sign(secret: str, claims: Claims) -> str:
    """Return a token with an HS256 signature."""
    signed = ".".join(_encoded(json.dumps(part).encode()) for part in (_HEADER, claims))
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_encoded(digest)}"


def is_signed_by(secret: str, token: str) -> bool:
    """Tell whether a token has the HS256 signature of a secret."""
    signed, _, signature = token.rpartition(".")
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return hmac.compare_digest(_encoded(digest).encode(), signature.encode())


def changed(secret: str, token: str, change: Callable[[Claims], Claims]) -> str:
    """Return a token with other claims, well signed."""
    found = read(token)
    assert found is not None, "the mock's own tokens are JWTs"
    return sign(secret, change(found[1]))


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))

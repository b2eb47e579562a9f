"""Access tokens: HS256 JWTs with `sub`, `role`, `exp`, `iat` and the sign-in as `sid`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt

from mock_server.domain.entities import User
from mock_server.domain.errors import Unauthenticated
from mock_server.media.jws import sign

ACCESS_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Claims:
    """Hold what a verified token says; times are Unix seconds."""

    subject: str
    sign_in_id: str | None
    expires: int
    not_before: int


def mint_access_token(
    secret: str,
    user: User,
    sign_in_id: str,
    *,
    now: datetime,
    lifetime: timedelta = ACCESS_LIFETIME,
    serial: int | None = None,
) -> str:
    """Return a signed token; `serial` makes two tokens of one second differ."""
    claims: dict[str, object] = {
        "sub": user.id,
        "role": user.role,
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "sid": sign_in_id,
    }
    if serial is not None:
        claims["jti"] = str(serial)
    return sign(claims, secret)


def verify_access_token(secret: str, token: str) -> Claims:
    """Verify the form and the signature, not the times; raises Unauthenticated saying why."""
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            options={
                "require": ["sub", "exp"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "verify_aud": False,
                "verify_iss": False,
            },
        )
        sign_in_id = claims.get("sid")
        if not isinstance(sign_in_id, str | None):
            raise Unauthenticated("the token's `sid` must be a text, sign in for a new one")
        return Claims(
            subject=str(claims["sub"]),
            sign_in_id=sign_in_id,
            # int() refuses what JSON in Python lets through: Infinity and NaN.
            expires=int(claims["exp"]),
            not_before=int(claims.get("nbf", 0)),
        )
    except jwt.InvalidSignatureError:
        reason = "the token's signature does not verify"
    except jwt.InvalidAlgorithmError:
        reason = "the token's `alg` must be `HS256`"
    except jwt.MissingRequiredClaimError as error:
        reason = f"the token has no `{error.claim}`"
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
        reason = "the token is not a JWT"
    raise Unauthenticated(f"{reason}, sign in for a new one")

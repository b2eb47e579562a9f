"""What is in a token, as a frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

from mock_server.client.values import Json, time


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedToken:
    """Hold what is in a token; `reason` says why it would be refused, None where it would not.

    A text that is no token has no header and no claims.
    """

    now: datetime
    kind: Literal["livekit", "webhook", "access", "unknown"]
    good: bool
    reason: str | None
    header: Json
    claims: Json
    signature: Literal["good", "wrong"] | None
    grants: tuple[str, ...]
    issued_at: datetime | None
    not_before: datetime | None
    expires_at: datetime | None
    seconds_left: int | None

    @classmethod
    def read(cls, data: Json) -> Self:
        """Read it from the mock's answer."""
        times = {
            name: time(data[name]) if name in data else None
            for name in ("issued_at", "not_before", "expires_at")
        }
        return cls(
            now=time(data["now"]),
            kind=data["kind"],
            good=data["good"],
            reason=data.get("reason"),
            header=data.get("header", {}),
            claims=data.get("claims", {}),
            signature=data.get("signature"),
            grants=tuple(data.get("grants", ())),
            seconds_left=data.get("seconds_left"),
            **times,
        )

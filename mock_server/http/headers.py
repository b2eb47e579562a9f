"""The request headers the contract pass needs, found in one walk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self


@dataclass(slots=True)
class RequestHeaders:
    """Hold header values as sent; credentials as lists, since two of them are a mistake."""

    host: bytes | None = None
    content_type: bytes | None = None
    authorization: list[bytes] = field(default_factory=list)
    api_keys: list[bytes] = field(default_factory=list)

    @classmethod
    def read(cls, headers: Iterable[tuple[bytes, bytes]]) -> Self:
        """Read ASGI headers: pairs of a lower-case name and a value."""
        found = cls()
        for name, value in headers:
            match name:
                case b"host":
                    found.host = value
                case b"authorization":
                    found.authorization.append(value)
                case b"x-api-key":
                    found.api_keys.append(value)
                case b"content-type":
                    found.content_type = value
        return found

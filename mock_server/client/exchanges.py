"""The journal's exchanges, as frozen values. Times are aware datetimes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from mock_server.client.values import Json, time

Verdict = Literal["answered", "refused", "fault", "bug"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeSummary:
    """Hold what was asked and how it went.

    `status` is None where the connection was dropped, `operation` where the path has none.
    """

    id: int
    at: datetime
    took_ms: float
    verdict: Verdict
    method: str
    target: str
    operation: str | None
    status: int | None
    reason: str | None

    @classmethod
    def read(cls, data: Json) -> Self:
        """Read it from the mock's answer."""
        return cls(**_summary(data))

    def __str__(self) -> str:
        """Say it in a line."""
        said = self.reason or self.operation or ""
        return f"{self.method} {self.target}  {self.status or 'dropped'}  {said}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Hold one half of an exchange: headers by name in lower case, and the first 4 KiB of it."""

    headers: Mapping[str, str]
    body: str
    size: int
    cut: bool

    @classmethod
    def read(cls, data: Json) -> Self:
        """Read it from the mock's answer."""
        headers = {each["name"]: each["value"] for each in data["headers"]}
        return cls(headers=headers, body=data["body"], size=data["size"], cut=data["cut"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange(ExchangeSummary):
    """Hold a whole exchange without its credentials, and its request as a `curl` command."""

    request: Message
    answer: Message
    curl: str

    @classmethod
    def read(cls, data: Json) -> Self:
        """Read it from the mock's answer."""
        return cls(
            **_summary(data),
            request=Message.read(data["request"]),
            answer=Message.read(data["answer"]),
            curl=data["curl"],
        )


def _summary(data: Json) -> dict[str, Any]:
    whole = {name: data[name] for name in ("id", "took_ms", "verdict", "method", "target")}
    known = {name: data.get(name) for name in ("operation", "status", "reason")}
    return {**whole, **known, "at": time(data["at"])}

"""One request, the answer to it, and the questions rules ask of the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from conformance.errors import Mismatch

Json = Any
MISSING: Any = object()
LATEST = 10**11


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was sent. `literal` says that its credential is no secret."""

    operation: str | None
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    content: bytes | None = None
    literal: bool = False

    def header(self, name: str) -> str | None:
        """Return the first header of that name, or None."""
        found = (value for key, value in self.headers if key.lower() == name.lower())
        return next(found, None)

    def body(self) -> Json:
        """Return the JSON that was sent; None when there was none, or it has no one meaning."""
        return parsed(self.content)


@dataclass(frozen=True, slots=True)
class Reply:
    """The target's answer to a request."""

    request: Request
    status: int
    headers: Mapping[str, str]
    content: bytes
    json: Json = field(default=MISSING)

    def must(self, *statuses: int) -> Reply:
        """Return the reply when its status is one of those, else raise Mismatch."""
        if self.status not in statuses:
            raise Mismatch(" or ".join(str(status) for status in statuses), self.summary(), self)
        return self

    def must_refuse(self, status: int, *, strictly: bool) -> Reply:
        """Return the reply when it is that refusal, or, not strictly, any 4xx."""
        if strictly:
            return self.must(status)
        if not 400 <= self.status < 500:  # noqa: PLR2004 - the client errors of HTTP
            raise Mismatch("a 4xx status", self.summary(), self)
        return self

    def at(self, *keys: str | int) -> Json:
        """Return the value at a path into the body, or raise Mismatch naming what is absent."""
        node = self.json
        for depth, key in enumerate(keys):
            try:
                node = node[key]
            except (KeyError, IndexError, TypeError):
                path = ".".join(str(part) for part in keys[: depth + 1])
                raise Mismatch(
                    f"a value at `{path}`", f"no `{path}` in {self.summary()}", self
                ) from None
        return node

    def data(self, *keys: str | int) -> Json:
        """Return the value at a path into `data`."""
        return self.at("data", *keys)

    def check(self, holds: object, expected: str, received: str) -> None:
        """Raise Mismatch with this reply unless the condition holds."""
        if not holds:
            raise Mismatch(expected, received, self)

    def equal(self, received: object, expected: object, what: str) -> None:
        """Raise Mismatch with this reply unless both are equal."""
        if received != expected:
            raise Mismatch(f"{what} to be {shown(expected)}", shown(received), self)

    def made_at(self) -> datetime:
        """Return the moment the answer says it was made, or raise Mismatch when it says none."""
        stamp = self.at("timestamp")
        plausible = isinstance(stamp, int) and 0 < stamp < LATEST
        self.check(plausible, "a `timestamp` in Unix seconds", shown(stamp))
        return datetime.fromtimestamp(stamp, UTC)

    def summary(self) -> str:
        """Return the status and, of a refusal, its sentence."""
        sentence = self.json.get("error") if isinstance(self.json, dict) else None
        return f"{self.status} ({sentence})" if isinstance(sentence, str) else str(self.status)


def parsed(content: bytes | None) -> Json:
    """Return strict JSON; None for what is none, names a field twice, or holds NaN."""
    try:
        return json.loads(
            content or b"", object_pairs_hook=_once_each, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        return None


def _once_each(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field is named twice")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def shown(value: object) -> str:
    """Return a value as a report prints it: JSON, shortened in its middle when long."""
    try:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    except (TypeError, ValueError):
        text = repr(value)
    most = 160
    return f"`{text}`" if len(text) <= most else f"`{text[:100]} … {text[-40:]}`"

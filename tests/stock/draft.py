"""A request while it is being made up: parts that can be exchanged one by one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from contract_table import Operation
from exchange import Headers, Request

API = "/v1/webinar"
# How a body is framed: its length told, in several parts, or in parts without a length (chunked).
Framing = Literal["length", "parts", "chunked"]
JSON_TYPE: Headers = ((b"content-type", b"application/json"),)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """`value` is the body to be written as JSON; `raw` is written in its place where it is set."""

    operation: Operation
    id: str = ""
    credentials: Headers = ()
    query: tuple[tuple[str, str], ...] = ()
    raw_query: bytes | None = None
    value: Any = None
    raw: bytes | None = None
    media_type: Headers = JSON_TYPE
    framing: Framing = "length"
    host: bytes = b"127.0.0.1:4010"
    extra: Headers = ()
    # Another method or path than the operation's.
    method: str | None = None
    path: str | None = None

    def written(self) -> Request:
        """Return the request as it goes over the wire."""
        path = self.operation.template.replace("{id}", quote(self.id, safe="!$&'()*+,;=:@~"))
        if self.raw_query is not None:
            query = self.raw_query
        else:
            query = "&".join(f"{name}={quote(value)}" for name, value in self.query).encode()
        body = self._body()
        known = self.method in {None, self.operation.method} and self.path is None
        return Request(
            operation=self.operation.id if known else None,
            method=self.method or self.operation.method,
            path=f"{API}{path}" if self.path is None else self.path,
            query=query,
            headers=(
                (b"host", self.host),
                *self.credentials,
                *self.extra,
                *(self.media_type if body else ()),
                *self._length(body),
            ),
            body=body,
        )

    def _body(self) -> tuple[bytes, ...]:
        content = self.raw
        if content is None:
            if self.value is None:
                return ()
            content = json.dumps(self.value, ensure_ascii=False).encode()
        if self.framing == "length":
            return (content,)
        half = len(content) // 2
        return (content[:half], content[half:])

    def _length(self, body: tuple[bytes, ...]) -> Headers:
        if not body or self.framing == "chunked":
            return ()
        return ((b"content-length", str(sum(map(len, body))).encode()),)

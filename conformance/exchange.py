"""A request and its answer as a report shows them: shortened, and without credentials."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.redaction import Secrets
from conformance.reply import Reply, parsed

Json = Any
Headers = tuple[tuple[str, str], ...]

LONGEST_BODY = 4000
LONGEST_READ = 200_000
LONGEST_URL = 2000
LONGEST_HEADER = 500
MOST_HEADERS = 40


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was sent and what came back, as text."""

    method: str
    url: str
    sent_headers: Headers
    sent: str
    status: int
    headers: Headers
    body: str


def exchange_of(reply: Reply, secrets: Secrets) -> Exchange:
    """Return a reply and its request as text that may be shown to anybody."""
    request = reply.request
    return Exchange(
        method=request.method,
        url=_cut(secrets.hide(request.url), LONGEST_URL),
        sent_headers=_bounded(secrets.headers(request.headers, literal=request.literal)),
        sent=_cut(secrets.hide_all(_text(request.content)), LONGEST_BODY),
        status=reply.status,
        headers=_bounded(secrets.headers(reply.headers.items())),
        body=_cut(secrets.hide_all(_text(reply.content)), LONGEST_BODY),
    )


def exchange_from_json(document: Mapping[str, Json]) -> Exchange:
    """Return the exchange that became JSON."""
    pairs = {name: tuple(map(tuple, document[name])) for name in ("sent_headers", "headers")}
    return Exchange(**{**document, **pairs})


def _bounded(headers: Headers) -> Headers:
    return tuple((name, _cut(value, LONGEST_HEADER)) for name, value in headers[:MOST_HEADERS])


def _text(content: bytes | None) -> str:
    """Return a body as text: JSON indented, the rest as it is, what is no text counted."""
    if not content:
        return ""
    if len(content) > LONGEST_READ:
        return f"({len(content):,} bytes, too many to show)"
    found = parsed(content)
    if isinstance(found, dict | list):
        return json.dumps(found, ensure_ascii=False, indent=2)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return f"({len(content):,} bytes that are no text)"


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    return f"{text[:longest]} … ({len(text):,} characters in all)"

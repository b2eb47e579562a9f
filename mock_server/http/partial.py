"""Parts of media that a client asks for, and what it has already (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mock_server.http.errors import Refusal
from mock_server.http.media import Content

_RANGE = re.compile(rb"bytes=[ \t]*([0-9]{0,15})-([0-9]{0,15})[ \t]*", re.IGNORECASE)
_HEADERS = (b"range", b"if-range", b"if-none-match")


def as_asked(
    content: Content, tag: bytes, method: str, headers: Iterable[tuple[bytes, bytes]]
) -> Content:
    """Return content whose `ETag` is `tag`, or 304, or the range of bytes a GET asks for.

    Raises Refusal 416 for a range beyond its end. Several ranges, or what is none, get the whole,
    as a server may do.
    """
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _HEADERS:
            found[name] = b",".join((found[name], value)) if name in found else value
    if not found:
        return content
    if b"if-none-match" in found and _has(found[b"if-none-match"], tag):
        return content._replace(status=304, parts=())
    asked = _RANGE.fullmatch(found.get(b"range", b""))
    if asked is None or method != "GET" or found.get(b"if-range", tag) != tag:
        return content
    return _part(content, asked[1], asked[2])


def _has(given: bytes, tag: bytes) -> bool:
    known = (each.strip().removeprefix(b"W/") for each in given.split(b","))
    return any(each in {tag, b"*"} for each in known)


def _part(content: Content, first: bytes, last: bytes) -> Content:
    size = sum(map(len, content.parts))
    if first:
        start, end = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < start:
            return content
    elif last:
        start, end = max(0, size - int(last)), size
    else:
        return content
    if start >= end:
        raise Refusal(
            416,
            f"the range begins after the end, there are {size:,} bytes",
            headers=((b"content-range", b"bytes */%d" % size),),
        )
    where = (b"content-range", b"bytes %d-%d/%d" % (start, end - 1, size))
    parts = tuple(_sliced(content.parts, start, end))
    return content._replace(status=206, headers=(*content.headers, where), parts=parts)


def _sliced(parts: tuple[bytes | memoryview, ...], start: int, end: int) -> Iterable[memoryview]:
    for part in parts:
        size = len(part)
        if start < size and end > 0:
            yield memoryview(part)[max(0, start) : end]
        start, end = start - size, end - size

"""What a single request asks to be answered: `?__code=409` or `Prefer: code=409` (RFC 7240)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import parse_qsl

from mock_server.injection.offers import OperationOffers, one_of
from mock_server.injection.rules import why_not_offered

# RFC 9110, 5.6.2 and 5.6.4; RFC 7240, 2.
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_ELEMENT = re.compile(rf'(?:[^,"]|{_QUOTED})+')
_PREFERENCE = re.compile(rf"\s*({_TOKEN})\s*(?:=\s*({_TOKEN}|{_QUOTED}|))?\s*(?:;.*)?", re.DOTALL)
_STATUS = re.compile(r"[1-5][0-9]{2}", re.ASCII)
# A longer header is somebody else's, or nobody's.
_MAX_PREFER = 1000
_MAX_SHOWN = 100
_MARK = b"__"
_CODE, _EXAMPLE = "code", "example"
_PREFER = "Prefer: "


class UnmetWish(Exception):
    """Say why a wish can't be met, and what could be."""


class Wish(NamedTuple):
    """Hold what a request asks for: a status, the name of an example, or both; and how it did."""

    status: int | None
    example: str | None
    source: str

    @property
    def preferred(self) -> bool:
        """Tell whether it came by `Prefer`."""
        return self.source.startswith(_PREFER)


def is_wishing(query_string: bytes, prefer: tuple[bytes, ...]) -> bool:
    """Tell whether a request may hold a wish, so that others need not be read."""
    return bool(prefer) or _MARK in query_string


def read_wish(query_string: bytes, prefer: tuple[bytes, ...]) -> Wish | None:
    """Return the wish of a request: the query's, else that of its `Prefer`, None without either.

    Raises UnmetWish for a status that is none. Other preferences are left alone.
    """
    query = dict(_query(query_string)) if _MARK in query_string else {}
    if query:
        return _wish(query, "?" + "&".join(f"__{name}={value}" for name, value in query.items()))
    preferences = dict(_preferences(prefer))
    if not preferences:
        return None
    shown = ", ".join(f"{name}={value}" for name, value in preferences.items())
    return _wish(preferences, f"{_PREFER}{shown}")


def _query(query_string: bytes) -> Iterable[tuple[str, str]]:
    given: dict[str, str] = {}
    for name, value in parse_qsl(query_string.decode("latin-1"), keep_blank_values=True):
        if name in ("__code", "__example"):
            given.setdefault(name.removeprefix("__"), value)
    return given.items()


def _preferences(headers: tuple[bytes, ...]) -> Iterable[tuple[str, str]]:
    given: dict[str, str] = {}
    whole = b",".join(headers)
    if len(whole) > _MAX_PREFER:
        return ()
    for element in _ELEMENT.findall(whole.decode("latin-1")):
        found = _PREFERENCE.fullmatch(element)
        # Names are without case, the first of a name counts, an empty value is none (RFC 7240, 2).
        if found and found[1].lower() in (_CODE, _EXAMPLE) and found[2]:
            given.setdefault(found[1].lower(), _unquoted(found[2]))
    return given.items()


def _unquoted(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1], flags=re.DOTALL) if word[0] == '"' else word


def _wish(given: dict[str, str], source: str) -> Wish:
    source = source[:_MAX_SHOWN]
    code = given.get(_CODE)
    if code is not None and not _STATUS.fullmatch(code):
        raise UnmetWish(f"`{source}`: the code must be a status such as 409")
    return Wish(None if code is None else int(code), given.get(_EXAMPLE), source)


def grant(wish: Wish, operation: OperationOffers) -> tuple[int, str | None]:
    """Return the status and example that a wish means; raises UnmetWish listing what there is.

    An example alone is looked for among all statuses, the successes first.
    """
    if wish.status is not None:
        unmet = why_not_offered(operation, wish.status, wish.example)
        if unmet is not None:
            raise UnmetWish(f"`{wish.source}`: {unmet}")
        return wish.status, wish.example
    for status, offer in operation.responses.items():
        if wish.example in offer.examples:
            return status, wish.example
    known = dict.fromkeys(name for offer in operation.responses.values() for name in offer.examples)
    raise UnmetWish(
        f"`{wish.source}`: the contract gives `{operation.id}` no such example, "
        f"must be one of {one_of(known)}"
    )

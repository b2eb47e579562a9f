"""Asks the target once whether it is there, is this API, and knows us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx

from conformance.contract import BASE_PATH
from conformance.errors import NotTestable
from conformance.identities import Identities, Identity

Json = Any

PUBLIC_READS = ("/rooms?limit=1", "/sessions?limit=1", "/sessions/live?limit=1")
SIGNED_IN_READS = ("/rooms/my?limit=1", "/sessions/stats", "/auth/me")
UNAUTHORIZED = 401


def base_of(url: str, http: httpx.Client) -> str:
    """Return the API's base URL below the URL that was given, without a slash at its end.

    Raises NotTestable when nothing answers there, or what answers is not this API.
    """
    given = url.rstrip("/")
    if urlsplit(given).scheme not in ("http", "https") or not urlsplit(given).hostname:
        raise NotTestable(f"`{url}` is no URL, it must begin with `http://` or `https://`")
    for base in (given, given + BASE_PATH):
        if any(_is_envelope(body) for body in _bodies(http, base)):
            return base
    raise NotTestable(
        f"`{given}` answers, but not as this API: "
        f"`GET {urlsplit(given).path}/rooms` must answer with `success` and `data`"
    )


def _bodies(http: httpx.Client, base: str) -> Iterator[Json]:
    for path in PUBLIC_READS:
        try:
            yield http.get(base + path).json()
        except httpx.TransportError as error:
            kind = type(error).__name__
            raise NotTestable(
                f"nothing answers at `{base}`: {str(error) or kind}; start it, or correct the URL"
            ) from error
        except ValueError:
            continue


def _is_envelope(body: Json) -> bool:
    return isinstance(body, dict) and isinstance(body.get("success"), bool) and "data" in body


def personas(base: str, http: httpx.Client) -> Json:
    """Return what `/_mock/personas` of the target's host answers, None when it is no mock."""
    root = base.removesuffix(BASE_PATH)
    try:
        answer = http.get(f"{root}/_mock/personas")
        return answer.json() if answer.status_code == httpx.codes.OK else None
    except (httpx.HTTPError, ValueError):
        return None


def refuse_dead_tokens(base: str, who: Identities, http: httpx.Client) -> None:
    """Raise NotTestable when the target refuses a token that was given."""
    for identity in (who.host, who.other_host, who.viewer):
        if identity and _is_refused(base, identity, http):
            raise NotTestable(
                f"`{base}` refuses the token of `{identity.name}` (from {who.source}) with 401, "
                "it must be a token that is valid now"
            )


def _is_refused(base: str, identity: Identity, http: httpx.Client) -> bool:
    """Tell whether some read refuses the token and none accepts it; one may be broken."""
    headers = {"Authorization": f"Bearer {identity.token}"}
    statuses = []
    for path in SIGNED_IN_READS:
        with suppress(httpx.TransportError):
            statuses.append(http.get(base + path, headers=headers).status_code)
    return UNAUTHORIZED in statuses and all(status >= UNAUTHORIZED for status in statuses)

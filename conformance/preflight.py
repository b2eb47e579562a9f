"""Asks the target once whether it is there, is this API, and knows us."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn
from urllib.parse import urljoin, urlsplit

import httpx

from conformance.contract import BASE_PATH
from conformance.errors import NotTestable
from conformance.identities import Identities, Identity
from conformance.manners import MOST_BYTES, TOO_MANY_REQUESTS, asked_wait
from conformance.reply import parsed

Json = Any

PUBLIC_READS = ("/rooms?limit=1", "/sessions?limit=1", "/sessions/live?limit=1")
SIGNED_IN_READS = ("/rooms/my?limit=1", "/sessions/stats", "/auth/me")
UNAUTHORIZED = 401
BUSY_TRIES, LONGEST_WAIT = 8, 20.0
# An answer may come in parts for so many times as long as the target may be silent.
SLOWEST = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What the preflight keeps of an answer."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def base_of(url: str, http: httpx.Client) -> str:
    """Return the API's base URL below the URL that was given, without a slash at its end.

    Raises NotTestable when nothing answers there, or what answers is not this API.
    """
    given = url.rstrip("/")
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not _host_and_port(given):
        raise NotTestable(f"`{url}` is no URL, it must begin with `http://` or `https://`")
    if parts.query or parts.fragment or parts.username:
        raise NotTestable(
            f"`{url}` must end with a path: no `?`, no `#`, and no user before the host"
        )
    answers: list[tuple[str, Answer]] = []
    for base in (given, given + BASE_PATH):
        for path in PUBLIC_READS:
            answer = _asked(http, base, path)
            if _is_envelope(parsed(answer.content)):
                return base
            answers.append((base + path, answer))
    _refuse_what_redirects(given, answers)
    raise NotTestable(
        f"`{given}` answers, but not as this API: `GET {parts.path}/rooms` must answer with "
        f"`success` and `data`, it answers {_shown(answers[0][1])}"
    )


def _host_and_port(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _refuse_what_redirects(given: str, answers: list[tuple[str, Answer]]) -> None:
    for asked, answer in answers:
        target = answer.headers.get("location")
        if 300 <= answer.status < 400 and target:  # noqa: PLR2004 - the redirections of HTTP
            whole = urljoin(asked, target)
            path = urlsplit(asked).path.removeprefix(urlsplit(given).path)
            base = whole.partition("?")[0].removesuffix(path)
            raise NotTestable(
                f"`{given}` redirects to `{whole}`, which is not followed, for credentials would "
                f"go along; if that is the API, check `{base}`"
            )


def _shown(answer: Answer) -> str:
    kind = answer.headers.get("content-type", "").partition(";")[0] or "no type"
    if len(answer.content) > MOST_BYTES:
        return f"{answer.status} with more than {MOST_BYTES:,} bytes of {kind}"
    return f"{answer.status} with {kind}"


def _asked(http: httpx.Client, base: str, path: str) -> Answer:
    """Return an answer, of which little is read. Raises NotTestable when none comes."""
    try:
        return _got(http, base + path)
    except httpx.TimeoutException as error:
        silent = http.timeout.read or 0
        raise NotTestable(
            f"`{base}` does not answer within {silent:g} s; start it, or wait longer with "
            "`--timeout`"
        ) from error
    except (httpx.TransportError, httpx.DecodingError) as error:
        _say_why(base, error)


def _say_why(base: str, error: Exception) -> NoReturn:
    said = str(error) or type(error).__name__
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        raise NotTestable(
            f"the certificate of `{base}` is not trusted: {cause.verify_message}; "
            "`--ca FILE` must name the one that signed it"
        ) from error
    if cause is not None:
        raise NotTestable(
            f"`{base}` does not speak TLS as it must: {said}; correct the URL, perhaps to `http://`"
        ) from error
    if isinstance(error, (httpx.RemoteProtocolError, httpx.ReadError, httpx.DecodingError)):
        raise NotTestable(
            f"`{base}` accepts connections and gives no HTTP answer: {said}; correct the URL, "
            "perhaps to `https://`"
        ) from error
    raise NotTestable(
        f"nothing answers at `{base}`: {said}; start it, or correct the URL"
    ) from error


def _got(http: httpx.Client, url: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an answer, waiting as long as a busy target asks for, within reason."""
    answer = _once(http, url, headers)
    for _ in range(BUSY_TRIES):
        if answer.status != TOO_MANY_REQUESTS:
            break
        asked = asked_wait(answer.headers.get("retry-after"), datetime.now(UTC))
        time.sleep(min(max(asked, 0.1), LONGEST_WAIT))
        answer = _once(http, url, headers)
    return answer


def _once(http: httpx.Client, url: str, headers: Mapping[str, str] | None) -> Answer:
    content = bytearray()
    latest = time.monotonic() + SLOWEST * (http.timeout.read or 0)
    with http.stream("GET", url, headers=headers) as answer:
        for part in answer.iter_bytes():
            content += part
            if len(content) > MOST_BYTES:
                break
            if time.monotonic() > latest:
                raise httpx.ReadTimeout("the answer trickles in")
        return Answer(answer.status_code, answer.headers, bytes(content))


def _is_envelope(body: Json) -> bool:
    return isinstance(body, dict) and isinstance(body.get("success"), bool) and "data" in body


def personas(base: str, http: httpx.Client) -> Json:
    """Return what `/_mock/personas` of the target's host answers, None when it is no mock."""
    root = base.removesuffix(BASE_PATH)
    try:
        answer = _got(http, f"{root}/_mock/personas")
    except httpx.HTTPError:
        return None
    return parsed(answer.content) if answer.status == httpx.codes.OK else None


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
    refused = False
    for path in SIGNED_IN_READS:
        with suppress(httpx.HTTPError):
            status = _got(http, base + path, headers).status
            if status < UNAUTHORIZED:
                return False
            refused |= status == UNAUTHORIZED
    return refused

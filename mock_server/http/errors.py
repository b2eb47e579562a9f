"""Refusals over HTTP: one table from domain errors to statuses, one place that writes them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mock_server.domain.errors import (
    Conflict,
    DomainError,
    Forbidden,
    NotFound,
    Unauthenticated,
    Unprocessable,
)

STATUSES: Mapping[type[DomainError], int] = MappingProxyType(
    {Unauthenticated: 401, Forbidden: 403, NotFound: 404, Conflict: 409, Unprocessable: 422}
)
Headers = tuple[tuple[bytes, bytes], ...]
_CHALLENGE: Headers = ((b"www-authenticate", b'Bearer realm="greenroom"'),)


class Refusal(Exception):
    """Refuse a request: status, one sentence, perhaps details and headers."""

    def __init__(
        self, status: int, sentence: str, *, detail: str | None = None, headers: Headers = ()
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.detail = detail
        self.headers = headers


class ContractBreach(Exception):
    """Report an answer of the mock that breaks the contract: a bug of the mock."""


def refusal_of(error: DomainError) -> Refusal:
    """Translate a domain error by the table."""
    status = STATUSES[type(error)]
    headers = _CHALLENGE if status == 401 else ()  # noqa: PLR2004
    return Refusal(status, str(error), detail=error.detail, headers=headers)

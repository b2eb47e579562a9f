"""Refusals the rules can give, as one tree.

DomainError
├── Unauthenticated      the credentials are missing or unusable
├── Forbidden            the caller is known and may not
├── NotFound             nothing has this id
├── Conflict             the state of a resource does not allow it
└── Unprocessable        a value is well-formed and breaks a rule

One table in `mock_server/http/errors.py` maps them to statuses; a test proves it total.
"""

from __future__ import annotations


class DomainError(Exception):
    """Refuse an operation: `str(error)` is the sentence, `detail` what is wrong with each field."""

    def __init__(self, sentence: str, *, detail: str | None = None) -> None:
        super().__init__(sentence)
        self.detail = detail


class Unauthenticated(DomainError):
    """Refuse a caller whose credentials are missing or unusable."""


class Forbidden(DomainError):
    """Refuse a caller who is known and is not allowed."""


class NotFound(DomainError):
    """Refuse because nothing has this id."""


class Conflict(DomainError):
    """Refuse because of the state a resource is in."""


class Unprocessable(DomainError):
    """Refuse a value that is well-formed and breaks a rule."""

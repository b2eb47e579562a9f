"""Answers the contract allows, made of its own examples."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from http.client import responses as phrases
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from mock_server.contract.document import Document
    from mock_server.injection.offers import Offer, Offers

_WORDS: Mapping[int, str] = {
    429: "too many requests, must wait {seconds} s before the next one",
    503: "the service can't answer now, try again in {seconds} s",
}
_RETRY_AFTER = "Retry-After"


class BrokenExample(Exception):
    """Say that an example of the contract breaks the contract."""


class MadeAnswer(NamedTuple):
    """Hold an answer: its status, its headers and its body, empty where the contract gives none."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    reason: str | None


class ContractAnswers:
    """Make any answer the contract gives an operation; reads the document when first asked."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._validators: dict[tuple[str, int], Any] = {}

    @cached_property
    def offers(self) -> Offers:
        """Return what the contract gives each operation."""
        # Most mocks are never asked for it, and none before its first answer.
        from mock_server.injection.offers import read_offers  # noqa: PLC0415

        return read_offers(self.document)

    def make(
        self,
        operation: str,
        status: int,
        now: datetime,
        *,
        example: str | None = None,
        retry_after: int | None = None,
    ) -> MadeAnswer:
        """Return an answer with the body of an example: the named, the first, or a plain refusal.

        Its timestamp is `now`, and it has the headers the contract asks for. With `retry_after`
        (seconds) and no named example the refusal says that number. Raises BrokenExample when the
        contract's own example breaks its schema.
        """
        offer = self.offers[operation].responses[status]
        headers = dict(offer.headers)
        if retry_after is not None:
            headers[_RETRY_AFTER] = str(retry_after)
        written = tuple((name.lower().encode(), text.encode()) for name, text in headers.items())
        if offer.schema is None:
            return MadeAnswer(status, written, b"", None)
        body = _body(offer, example, retry_after)
        if "timestamp" in body:
            body["timestamp"] = int(now.timestamp())
        self._require_valid(operation, offer, offer.schema, body)
        return MadeAnswer(status, written, orjson.dumps(body), body.get("error"))

    def _require_valid(
        self, operation: str, offer: Offer, schema: dict[str, Any], body: Mapping[str, Any]
    ) -> None:
        from mock_server.contract.rules.examples import validator_for  # noqa: PLC0415 - as above

        key = (operation, offer.status)
        if key not in self._validators:
            self._validators[key] = validator_for(self.document, schema)
        for error in self._validators[key].iter_errors(body):
            raise BrokenExample(
                f"the contract's example of {offer.status} for `{operation}` breaks its own "
                f"schema: {error.message}"
            )


def _body(offer: Offer, example: str | None, retry_after: int | None) -> dict[str, Any]:
    if example is None and retry_after is not None and offer.status in _WORDS:
        return _refusal(_WORDS[offer.status].format(seconds=retry_after))
    if example is None and offer.examples:
        example = next(iter(offer.examples))
    if example is not None:
        return {**offer.examples[example]}
    return _refusal(phrases.get(offer.status, "refused").lower())


def _refusal(sentence: str) -> dict[str, Any]:
    return {"success": False, "error": sentence, "timestamp": 0}

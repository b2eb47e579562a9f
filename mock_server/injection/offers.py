"""What the contract gives each operation: its statuses, their named examples and headers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mock_server.contract.document import JSON, Document, follow, operations, responses

_OF_A_SESSION = "/sessions/{id}"
# Statuses below are no answer yet.
_FINAL = 200


@dataclass(frozen=True, slots=True)
class Offer:
    """Hold one response of an operation: the values of its examples by name, in the contract's
    order, the headers it must have with an example of each, and its schema, None without a body.
    """

    status: int
    examples: Mapping[str, Any]
    headers: Mapping[str, str]
    schema: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class OperationOffers:
    """Hold the responses of an operation by status, and whether its path names a session."""

    id: str
    in_session: bool
    responses: Mapping[int, Offer]


Offers = Mapping[str, OperationOffers]


def read_offers(document: Document) -> Offers:
    """Read what a bundled contract gives, by operationId; ranges such as `4XX` give nothing."""
    return {
        operation.name: OperationOffers(
            operation.name,
            operation.path.startswith(_OF_A_SESSION),
            {
                int(status): _offer(document, int(status), node)
                for status, node, _ in sorted(
                    responses(document, operation), key=lambda each: each[0]
                )
                if status.isdigit() and int(status) >= _FINAL
            },
        )
        for operation in operations(document)
    }


def _offer(document: Document, status: int, node: Mapping[str, Any]) -> Offer:
    media = node.get("content", {}).get(JSON, {})
    headers = {
        name: follow(document, header, "#")[0] for name, header in node.get("headers", {}).items()
    }
    return Offer(
        status=status,
        examples={
            name: follow(document, example, "#")[0]["value"]
            for name, example in media.get("examples", {}).items()
        },
        headers={
            name: str(header["example"])
            for name, header in headers.items()
            if header.get("required") and "example" in header
        },
        schema=media.get("schema"),
    )


def one_of(values: Iterable[object], *, last: str = "or") -> str:
    """Return `a`, `b` or `c`, for sentences."""
    shown = [f"`{value}`" for value in values]
    return f"{', '.join(shown[:-1])} {last} {shown[-1]}" if len(shown) > 1 else "".join(shown)

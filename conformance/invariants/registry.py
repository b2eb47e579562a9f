"""The register of invariants, and how an answer is put through all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from conformance.reply import Reply
from conformance.responses import Violation
from conformance.rule import Level, Rule, declare
from conformance.shapes import Asked

Json = Any
Broken = Iterator[tuple[str, str]]
Invariant = Callable[[Asked, Json], Broken]

INVARIANTS: dict[str, tuple[Rule, Invariant]] = {}


def invariant(
    name: str, *, must: str, contract: str, level: Level = "decided"
) -> Callable[[Invariant], Invariant]:
    """Declare a function to be the invariant of that name."""
    found = declare(Rule(f"invariant.{name}", level, must, contract))

    def register(function: Invariant) -> Invariant:
        INVARIANTS[found.id] = (found, function)
        return function

    return register


def violations(asked: Asked, body: Json, reply: Reply) -> Iterator[Violation]:
    """Yield every invariant a successful answer breaks, once each."""
    for found, function in INVARIANTS.values():
        for expected, received in function(asked, body):
            yield Violation(found, expected, received, reply)
            break


def asked_by(reply: Reply, path: str) -> Asked:
    """Return what a reply's request asked, given the operation's path template."""
    url = urlsplit(reply.request.url)
    pieces = path.strip("/").split("/")
    sent = url.path.rstrip("/").split("/")[-len(pieces) :]
    found = [part for piece, part in zip(pieces, sent, strict=False) if piece.startswith("{")]
    return Asked(
        operation=reply.request.operation or "",
        id=found[0].lower() if found else None,
        query=dict(parse_qsl(url.query)),
        body=reply.request.body(),
    )

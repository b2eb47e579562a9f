"""What came of many exchanges: which were the same, which are explained, and what was reached."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from differences import DIFFERENCES, explanation
from side_by_side import Exchange, SideBySide

SEED = 20260301
COUNT = 10_000


@dataclass
class Comparison:
    same: int = 0
    explained: Counter[str] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)
    # What our own refusals lack.
    bad_manners: list[str] = field(default_factory=list)
    reached: Counter[tuple[str | None, int]] = field(default_factory=Counter)
    changes: int = 0
    remains: Any = None

    def add(self, exchange: Exchange) -> None:
        self.reached[exchange.request.operation, exchange.ours.status] += 1
        self.changes += bool(exchange.our_changes) and bool(exchange.their_changes)
        if not _well_mannered(exchange):
            self.bad_manners.append(str(exchange))
        if exchange.same:
            self.same += 1
            return
        found = explanation(exchange)
        if found is None:
            self.unexplained.append(str(exchange))
        else:
            self.explained[found.name] += 1

    def table(self) -> str:
        """Return the table of the document."""
        rows = [
            f"| {self.explained[each.name]:,} | `{each.name}` | {each.sentence} |"
            for each in sorted(DIFFERENCES, key=lambda each: -self.explained[each.name])
        ]
        head = ["| requests | difference | why |", "|---:|---|---|"]
        return "\n".join([*head, f"| {self.same:,} | none | The answers are the same. |", *rows])


def _well_mannered(exchange: Exchange) -> bool:
    """Tell whether our answer keeps what the contract asks of every refusal."""
    reply = exchange.ours
    if reply.status < 400:
        return True
    needed = {401: b"www-authenticate", 405: b"allow"}.get(reply.status)
    enveloped = reply.refuses_in_envelope or exchange.request.method == "HEAD"
    return reply.status < 500 and enveloped and (needed is None or bool(reply.header(needed)))


def compared(
    contract: Any, control: Any, *, seed: int, count: int, enough: int = 5, **settings: Any
) -> Comparison:
    """Compare the answers to `count` requests, or until `enough` differences have no explanation.

    `settings` are those of our application.
    """
    comparison = Comparison()

    async def run() -> None:
        both = SideBySide(contract, control, **settings)
        async for exchange in both.exchanges(seed, count):
            comparison.add(exchange)
            if len(comparison.unexplained) == enough:
                return
        comparison.remains = both.remains()

    with _quiet_connexion():
        asyncio.run(run())
    return comparison


@contextmanager
def _quiet_connexion() -> Iterator[None]:
    # It logs every refusal, and there are thousands.
    logger = logging.getLogger("connexion")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)

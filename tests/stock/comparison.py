"""What came of many exchanges: which were the same, which are explained, and what was reached."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from contract_table import operations_of
from differences import DIFFERENCES, explanation
from manners import Manners
from side_by_side import Exchange, SideBySide

SEED = 2
COUNT = 10_000


@dataclass
class Comparison:
    manners: Manners
    same: int = 0
    explained: Counter[str] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)
    # Answers of ours that lack what the contract asks of every one.
    bad_manners: list[str] = field(default_factory=list)
    reached: Counter[tuple[str | None, int]] = field(default_factory=Counter)
    changes: int = 0
    remains: Any = None

    def add(self, exchange: Exchange) -> None:
        self.reached[exchange.request.operation, exchange.ours.status] += 1
        self.changes += bool(exchange.our_changes) and bool(exchange.their_changes)
        if not self.manners.kept(exchange.request, exchange.ours):
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


def compared(
    contract: Any, control: Any, *, seed: int, count: int, enough: int = 5, **ours: Any
) -> Comparison:
    """Compare the answers to `count` requests, or until `enough` of them should not be.

    `ours` is how our application differs from the usual one: settings, `in_threads`.
    """
    comparison = Comparison(Manners(operations_of(contract)))

    async def run() -> None:
        both = SideBySide(contract, control, **ours)
        async for exchange in both.exchanges(seed, count):
            comparison.add(exchange)
            if len(comparison.unexplained) + len(comparison.bad_manners) >= enough:
                return
        comparison.remains = both.remains()

    with _quiet_connexion():
        asyncio.run(run())
    return comparison


@contextmanager
def _quiet_connexion() -> Iterator[None]:
    # It logs every refusal, and there are thousands.
    loggers = [logging.getLogger(name) for name in ("connexion", "python_multipart")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

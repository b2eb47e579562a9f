"""The report a person reads: a line per rule, each failure once, one sentence at the end."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from conformance.rule import Rule, selects
from conformance.suite import Options, Suite
from conformance.verdicts import Failure, Tally, Verdict

Json = Any

MOST_FAILURES = 3
COLORS = {
    Verdict.PASS: "32",
    Verdict.FAIL: "31;1",
    Verdict.ERROR: "33",
    Verdict.BLOCKED: "33",
    Verdict.UNSUPPORTED: "2",
}


@dataclass(slots=True)
class Header:
    """What a run was about; the last four are known at its end."""

    contract: str
    target: str
    level: str
    seed: int
    run_id: str
    started_mock: bool
    callers: str
    requests: int = 0
    seconds: float = 0.0
    left: str = ""
    interrupted: bool = False

    @classmethod
    def of(cls, suite: Suite) -> Header:
        """Describe a run that begins."""
        return cls(
            contract=suite.contract.version,
            target=suite.client.base_url,
            level=suite.options.level,
            seed=suite.options.seed,
            run_id=suite.world.run_id,
            started_mock=suite.started_mock,
            callers=suite.world.who.source,
        )

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Measure how long the run takes, and note when it is cut short."""
        begun = time.monotonic()
        try:
            yield
        except KeyboardInterrupt:
            self.interrupted = True
            raise
        finally:
            self.seconds = time.monotonic() - begun

    def finish(self, suite: Suite) -> None:
        """Add what is known when a run is over."""
        self.requests = suite.client.requests
        left = [f"{entry.kind} {entry.id or '(never answered)'}" for entry in suite.leftovers]
        viewers = sum(entry.kind == "viewer" for entry in suite.client.ledger.since())
        if left:
            self.left = f"left behind: {', '.join(left)}"
        elif viewers:
            noun = "viewer" if viewers == 1 else "viewers"
            self.left = f"left behind: {viewers} {noun}, whom the contract cannot delete"
        else:
            self.left = "nothing left behind"

    def as_json(self) -> Json:
        """Return the header as JSON, to travel with a test report."""
        return asdict(self)

    def line(self) -> str:
        """Return the first line of a report."""
        target = self.target + (" (the mock, started for this run)" if self.started_mock else "")
        parts = (
            f"contract {self.contract}",
            target,
            f"level {self.level}",
            f"seed {self.seed}",
            f"run {self.run_id}",
            f"callers from {self.callers}",
        )
        return " · ".join(parts)


def lines(found: Iterable[Tally], header: Header | None, *, color: bool) -> Iterator[str]:
    """Yield the report of a run, line by line."""
    listed = sorted(found, key=lambda tally: tally.rule.id)
    if header is not None:
        yield header.line()
        yield ""
    yield from _rules(listed, color=color)
    for tally in listed:
        if tally.verdict is Verdict.FAIL:
            yield ""
            yield from _failures(tally, color=color)
    undecided = [tally for tally in listed if tally.verdict in (Verdict.ERROR, Verdict.BLOCKED)]
    for tally in undecided:
        yield ""
        yield _paint(f"{tally.rule.id}: {tally.verdict}", tally.verdict, color=color)
        yield from (f"  {reason}" for reason, _ in tally.reasons.most_common(MOST_FAILURES))
    yield ""
    if header is not None and header.requests:
        yield f"{header.requests:,} requests in {header.seconds:.0f} s · {header.left}"
    if header is not None and header.interrupted:
        yield "interrupted: what is not listed was not tried"
    yield _sentence(listed, color=color)


def _rules(listed: list[Tally], *, color: bool) -> Iterator[str]:
    width = max((len(tally.rule.id) for tally in listed), default=0)
    for family, members in groupby(listed, key=lambda tally: tally.rule.family):
        yield family
        for tally in members:
            word = _paint(f"{tally.verdict:<11}", tally.verdict, color=color)
            yield f"  {word}  {tally.rule.id:<{width}}  {_count(tally)}".rstrip()


def _count(tally: Tally) -> str:
    passed, tried = tally.counts[Verdict.PASS], tally.tried - tally.counts[Verdict.UNSUPPORTED]
    if tally.verdict is Verdict.UNSUPPORTED:
        return _reasons(tally)
    if tally.judges_answers:
        return f"{passed:,} of {tried:,} answers" if passed < tried else f"{tried:,} answers"
    more = tally.counts[Verdict.UNSUPPORTED]
    return f"{passed}/{tried}" + (f" · {more} unsupported: {_reasons(tally)}" if more else "")


def _reasons(tally: Tally) -> str:
    return "; ".join(reason for reason, _ in tally.reasons.most_common(2))


def _failures(tally: Tally, *, color: bool) -> Iterator[str]:
    yield _paint(tally.rule.id, Verdict.FAIL, color=color) + f" — {tally.rule.must}"
    for failure in tally.failures[:MOST_FAILURES]:
        yield from _failure(failure)
    more = [failure.subject for failure in tally.failures[MOST_FAILURES:]]
    if more:
        yield f"  and {len(more)} more: {', '.join(more[:12])}{' …' if len(more) > 12 else ''}"  # noqa: PLR2004
    yield f"  contract {tally.rule.contract}"


def _failure(failure: Failure) -> Iterator[str]:
    yield f"  {failure.subject}"
    yield f"    expected {failure.expected}"
    yield f"    received {failure.received}"
    if failure.curl:
        yield f"    {failure.curl}"


def _sentence(listed: list[Tally], *, color: bool) -> str:
    count = dict.fromkeys(Verdict, 0)
    for tally in listed:
        count[tally.verdict] += 1
    failing = count[Verdict.FAIL]
    parts = [f"{failing} of {len(listed)} rules {'fails' if failing == 1 else 'fail'}"]
    parts += [
        f"{count[verdict]} {verdict}"
        for verdict in (Verdict.PASS, Verdict.ERROR, Verdict.BLOCKED, Verdict.UNSUPPORTED)
        if count[verdict]
    ]
    verdict = Verdict.FAIL if failing else Verdict.PASS
    return _paint(" · ".join(parts), verdict, color=color)


def _paint(text: str, verdict: Verdict, *, color: bool) -> str:
    return f"\x1b[{COLORS[verdict]}m{text}\x1b[0m" if color else text


def listing(known: Iterable[Rule], options: Options) -> str:
    """Return the rules a run with these options would try, one a line."""
    chosen = [
        rule
        for rule in sorted(known, key=lambda rule: rule.id)
        if selects(rule, level=options.level, prefixes=options.rules)
    ]
    width = max((len(rule.id) for rule in chosen), default=0)
    return "".join(f"{rule.id:<{width}}  {rule.level:<9}  {rule.must}\n" for rule in chosen)

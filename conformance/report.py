"""The report a person reads: a line per rule, each failure once, one sentence at the end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from conformance.ranking import ranked
from conformance.result import Result
from conformance.rule import Rule
from conformance.suite import Options
from conformance.verdicts import NOT_TRIED, RED, UNDECIDED, Outcome, Tally, Verdict

MOST_FAILURES = 3
SHELL_SPACE = "\n\t"  # within quotes a shell keeps it
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
COLORS = {
    Verdict.PASS: "32",
    Verdict.FAIL: "31;1",
    Verdict.STALE: "31;1",
    Verdict.ERROR: "33",
    Verdict.BLOCKED: "33",
    Verdict.FLAKY: "35",
    Verdict.KNOWN: "36",
    Verdict.UNSUPPORTED: "2",
    Verdict.DISABLED: "2",
}


def lines(result: Result, *, color: bool) -> Iterator[str]:
    """Yield the report of a run, line by line."""
    listed = sorted(result.tallies, key=lambda tally: tally.rule.id)
    header = result.header
    if header is not None:
        yield header.line()
        yield ""
    yield from _rules(listed, color=color)
    for tally in ranked(listed):
        if tally.broken and tally.verdict in (Verdict.FAIL, Verdict.FLAKY, Verdict.KNOWN):
            yield ""
            yield from _failures(tally, color=color)
    for tally in listed:
        if tally.verdict in (Verdict.STALE, Verdict.ERROR, Verdict.BLOCKED):
            yield ""
            yield _paint(f"{tally.rule.id}: {tally.verdict}", tally.verdict, color=color)
            yield from (f"  {_plain(reason)}" for reason in tally.why(tally.verdict, MOST_FAILURES))
    yield ""
    if result.coverage.pairs and not result.narrowed:
        yield result.coverage.line()
    if header is not None and header.requests:
        yield f"{header.requests:,} requests in {header.seconds:.0f} s · {header.left}"
    if header is not None and header.interrupted:
        yield "interrupted: what is not listed was not tried"
    yield _paint(sentence(listed), _color_of(listed), color=color)


def _rules(listed: list[Tally], *, color: bool) -> Iterator[str]:
    width = max((len(tally.rule.id) for tally in listed), default=0)
    for family, members in groupby(listed, key=lambda tally: tally.rule.family):
        yield family
        for tally in members:
            word = _paint(f"{word_of(tally.verdict):<11}", tally.verdict, color=color)
            yield f"  {word}  {tally.rule.id:<{width}}  {count(tally)}".rstrip()


def word_of(verdict: Verdict) -> str:
    """Return a verdict as a report prints it: what is red in capitals."""
    return verdict.upper() if verdict in RED else verdict.value


def count(tally: Tally) -> str:
    """Return how many of a rule's tries passed, and why others were none."""
    passed, tried = tally.counts[Verdict.PASS], tally.judged
    if tally.verdict in NOT_TRIED:
        return "; ".join(tally.why(tally.verdict, 2))
    if tally.judges_answers:
        return f"{passed:,} of {tried:,} answers" if passed < tried else f"{tried:,} answers"
    more = tally.counts[Verdict.UNSUPPORTED]
    stale = tally.counts[Verdict.STALE]
    return f"{passed}/{tried - stale}" + (
        f" · {more} unsupported: {'; '.join(tally.why(Verdict.UNSUPPORTED, 2))}" if more else ""
    )


def _failures(tally: Tally, *, color: bool) -> Iterator[str]:
    verdict = tally.verdict
    name = _paint(tally.rule.id, verdict, color=color)
    yield f"{name}{'' if verdict is Verdict.FAIL else f' ({verdict})'} — {tally.rule.must}"
    broken = [outcome for outcome in tally.broken.values() if outcome.verdict is verdict]
    for outcome in broken[:MOST_FAILURES]:
        yield from _failure(outcome)
    more = [outcome.failure.subject for outcome in broken[MOST_FAILURES:] if outcome.failure]
    if more:
        yield f"  and {len(more)} more: {', '.join(more[:12])}{' …' if len(more) > 12 else ''}"  # noqa: PLR2004
    yield f"  contract {tally.rule.contract}"


def _failure(outcome: Outcome) -> Iterator[str]:
    failure = outcome.failure
    if failure is None:
        return
    yield f"  {_plain(failure.subject)}"
    if outcome.reason:
        yield f"    {outcome.verdict}: {_plain(outcome.reason)}"
    yield f"    expected {_plain(failure.expected)}"
    yield f"    received {_plain(failure.received)}"
    if failure.curl and outcome.verdict is not Verdict.KNOWN:
        yield f"    {_plain(failure.curl, keep=SHELL_SPACE)}"


def _plain(text: str, keep: str = "") -> str:
    """Return what a server said without what a terminal would obey or could not print."""
    printable = text.encode("utf-8", "backslashreplace").decode()
    return CONTROL.sub(lambda c: c[0] if c[0] in keep else f"\\x{ord(c[0]):02x}", printable)


def sentence(listed: Iterable[Tally]) -> str:
    """Return what a run comes to in one sentence."""
    verdicts = [tally.verdict for tally in listed]
    tried = sum(verdict is not Verdict.DISABLED for verdict in verdicts)
    failing = verdicts.count(Verdict.FAIL)
    parts = [f"{failing} of {tried} rules {'fails' if failing == 1 else 'fail'}"]
    parts += [
        f"{verdicts.count(verdict)} {verdict}"
        for verdict in Verdict
        if verdict in verdicts and verdict is not Verdict.FAIL
    ]
    return " · ".join(parts)


def _color_of(listed: list[Tally]) -> Verdict:
    verdicts = {tally.verdict for tally in listed}
    if verdicts & RED:
        return Verdict.FAIL
    return Verdict.ERROR if verdicts & UNDECIDED else Verdict.PASS


def _paint(text: str, verdict: Verdict, *, color: bool) -> str:
    return f"\x1b[{COLORS[verdict]}m{text}\x1b[0m" if color else text


def listing(known: Iterable[Rule], options: Options) -> str:
    """Return the rules a run with these options would try, one a line."""
    chosen = [rule for rule in sorted(known, key=lambda rule: rule.id) if options.selects(rule)]
    width = max((len(rule.id) for rule in chosen), default=0)
    return "".join(f"{rule.id:<{width}}  {rule.level:<9}  {rule.must}\n" for rule in chosen)

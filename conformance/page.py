"""A run's result as one HTML page: no network, no framework, readable without its script."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from string import Template

from conformance.coverage import Coverage, Pair
from conformance.document import TOLD, installed_version
from conformance.exchange import Exchange, Headers
from conformance.header import Header
from conformance.ranking import ranked
from conformance.report import count, sentence, word_of
from conformance.result import Result
from conformance.verdicts import RED, UNDECIDED, WORST_FIRST, Outcome, Tally, Verdict

TEMPLATE = Path(__file__).parent / "page.html"
MOST_OPEN = 10
LONG_COUNT = 24
HEADINGS = {
    Verdict.FAIL: "Broken by the target",
    Verdict.STALE: "Listed as known, and not true any more",
    Verdict.ERROR: "Not decided: the suite or the network failed",
    Verdict.BLOCKED: "Not decided: what the rule needs first did not work",
    Verdict.FLAKY: "Not decided: failed, and not again",
    Verdict.KNOWN: "Known deviations",
    Verdict.PASS: "Kept",
    Verdict.UNSUPPORTED: "Not tried: something is missing",
    Verdict.DISABLED: "Not tried: disabled by an option",
}


def page(result: Result) -> str:
    """Return a run's result as an HTML document."""
    listed = ranked(result.tallies)
    said = escape(_headline(result, listed))
    header = result.header
    target = f"<code>{escape(header.target)}</code>" if header else escape(result.reason)
    if header and header.started_mock:
        target += " (the mock, started for this run)"
    return Template(TEMPLATE.read_text("utf-8")).substitute(
        title=f"{said} · greenroom",
        tone=TOLD[result.status],
        sentence=said,
        target=target,
        facts="".join(_facts(header, listed)) if header else "",
        chips="".join(_chips(listed)),
        rules="".join(_groups(listed)),
        coverage="".join(_coverage(result.coverage)),
        footer=escape(f"Written by greenroom {installed_version()}".strip()),
    )


def _headline(result: Result, listed: list[Tally]) -> str:
    if not listed:
        return "Nothing was tried"
    first = sentence(listed).partition(" · ")[0]
    verdicts = {tally.verdict for tally in listed}
    if Verdict.FAIL not in verdicts and Verdict.STALE in verdicts:
        return f"{first}, but the list of known deviations is not true any more"
    return first if TOLD[result.status] != "undecided" else f"{first}, but not all is decided"


def _facts(header: Header, listed: list[Tally]) -> Iterator[str]:
    facts = {
        "Verdicts": sentence(listed).partition(" · ")[2] or "none but these",
        "Contract": f"{header.contract}, level {header.level}",
        "Profile": f"{header.profile}, seed {header.seed}",
        "Run": header.run_id,
        "Callers from": header.callers.strip("`"),
        "Begun": f"{header.started_at.replace('T', ' ')}, for {header.seconds:.0f} s",
        "Requests": f"{header.requests:,}, {header.left or 'not finished'}",
    }
    if header.interrupted:
        facts["Interrupted"] = "what is not listed was not tried"
    for name, value in facts.items():
        yield f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"


def _chips(listed: list[Tally]) -> Iterator[str]:
    verdicts = [tally.verdict for tally in listed]
    for verdict in WORST_FIRST:
        if verdict in verdicts:
            yield (
                f'<label class="chip {verdict}"><input type="checkbox" checked value="{verdict}">'
                f"{verdicts.count(verdict)} {word_of(verdict)}</label>"
            )


def _groups(listed: list[Tally]) -> Iterator[str]:
    opened = 0
    for verdict in WORST_FIRST:
        members = [tally for tally in listed if tally.verdict is verdict]
        if members:
            yield f'<section class="group"><h2>{escape(HEADINGS[verdict])}</h2>'
            for tally in members:
                unfolded = verdict in RED or verdict in UNDECIDED
                opened += unfolded
                yield from _rule(tally, unfolded=unfolded and opened <= MOST_OPEN)
            yield "</section>"


def _rule(tally: Tally, *, unfolded: bool) -> Iterator[str]:
    rule, verdict = tally.rule, tally.verdict
    counted = count(tally)
    long = " long" if len(counted) > LONG_COUNT else ""
    short = counted.partition(" · ")[0] if long and " · " in counted else counted
    long = " long" if len(short) > LONG_COUNT else ""
    about = [f"level {rule.level}", f"contract <code>{escape(rule.contract)}</code>"]
    if rule.operations:
        about.append(f"operations {escape(', '.join(rule.operations))}")
    yield (
        f'<details class="rule {verdict}" id="{escape(rule.id)}" data-verdict="{verdict}"'
        f"{' open' if unfolded else ''}>"
        f'<summary><span class="badge">{word_of(verdict)}</span><code>{escape(rule.id)}</code>'
        f'<span class="must">{_marked(rule.must)}</span>'
        f'<span class="count{long}">{escape(short)}</span></summary><div class="inside">'
        f'<p class="about">{" · ".join(about)}</p>'
    )
    for (of, reason), times in tally.reasons.most_common(20):
        tries = "one try" if times == 1 else f"{times:,} tries"
        yield f"<p>{of}, {tries}: {_marked(reason)}</p>"
    for outcome in tally.broken.values():
        yield from _failure(outcome)
    yield "</div></details>"


def _failure(outcome: Outcome) -> Iterator[str]:
    failure, verdict = outcome.failure, outcome.verdict
    if failure is None:
        return
    word = "" if verdict is Verdict.FAIL else f" ({verdict})"
    said = {"expected": failure.expected, "received": failure.received}
    yield f'<div class="failure {verdict}"><h3>{escape(failure.subject)}{word}</h3>'
    told = "".join(f"<dt>{name}</dt><dd>{_marked(value)}</dd>" for name, value in said.items())
    yield f'<dl class="said">{told}</dl>'
    if failure.curl:
        yield (
            f'<div class="curl"><pre tabindex="0">{escape(failure.curl)}</pre>'
            '<button type="button">Copy</button></div>'
        )
    if failure.exchange:
        yield from _exchange(failure.exchange)
    yield "</div>"


def _exchange(exchange: Exchange) -> Iterator[str]:
    path = "/" + exchange.url.partition("://")[2].partition("/")[2]
    line = escape(f"{exchange.method} {path} → {exchange.status}")
    sent = _message(f"{exchange.method} {exchange.url}", exchange.sent_headers, exchange.sent)
    answered = _message(str(exchange.status), exchange.headers, exchange.body)
    yield f'<details class="exchange"><summary>Exchange: <code>{line}</code></summary>'
    yield f'<div class="both"><div><h4>Request</h4>{sent}</div>'
    yield f"<div><h4>Response</h4>{answered}</div></div></details>"


def _message(first: str, headers: Headers, body: str) -> str:
    head = "\n".join([first, *(f"{name}: {value}" for name, value in headers)])
    return f'<pre tabindex="0">{escape(head + (f"{chr(10) * 2}{body}" if body else ""))}</pre>'


def _marked(text: str) -> str:
    """Return a sentence with what stands between backticks as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return "".join(
        f"<code>{escape(part)}</code>" if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )


def _coverage(coverage: Coverage) -> Iterator[str]:
    if not coverage.pairs:
        return
    statuses = sorted({pair.status for pair in coverage.pairs})
    heads = "".join(f'<th scope="col">{escape(status)}</th>' for status in statuses)
    yield '<section aria-labelledby="coverage"><h2 id="coverage">Contract coverage</h2>'
    yield f"<p>{escape(coverage.line().partition(': ')[2])}</p>"
    yield (
        f'<meter min="0" max="{len(coverage.provocable) or 1}" value="{coverage.seen}" '
        'aria-label="pairs seen"></meter>'
    )
    yield from _reasons(coverage.pairs)
    yield (
        '<p class="about" id="key">Answers by operation and status; &times; was not seen, '
        "&ndash; cannot be provoked</p>"
        '<div class="wide" tabindex="0" role="region" aria-labelledby="key"><table>'
        f'<thead><tr><th scope="col">operation</th>{heads}</tr></thead><tbody>'
    )
    rows: dict[str, dict[str, Pair]] = {}
    for pair in coverage.pairs:
        rows.setdefault(pair.operation, {})[pair.status] = pair
    for operation, row in rows.items():
        cells = "".join(_cell(row.get(status)) for status in statuses)
        yield f'<tr><th scope="row"><code>{escape(operation)}</code></th>{cells}</tr>'
    yield "</tbody></table></div></section>"


def _cell(pair: Pair | None) -> str:
    if pair is None:
        return "<td></td>"
    if pair.seen:
        return f"<td>{pair.seen:,}</td>"
    if pair.barrier:
        return f'<td class="barred" title="{escape(pair.barrier)}">&ndash;</td>'
    return f'<td class="unseen" title="{escape(pair.reason)}">&times;</td>'


def _reasons(pairs: Iterable[Pair]) -> Iterator[str]:
    """Yield a line for each reason why pairs were not seen."""
    found: dict[str, list[Pair]] = {}
    for pair in pairs:
        if not pair.seen:
            found.setdefault(pair.barrier or pair.reason, []).append(pair)
    for reason, members in found.items():
        statuses = ", ".join(sorted({pair.status for pair in members}))
        noun = "pair" if len(members) == 1 else "pairs"
        yield f"<p>{len(members)} {noun} not seen ({statuses}): {escape(reason)}</p>"

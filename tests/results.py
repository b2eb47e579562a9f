"""A result with every verdict in it, made without a server."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.contract import bundled
from conformance.coverage import coverage
from conformance.exchange import Exchange
from conformance.header import Header
from conformance.result import Result
from conformance.rule import Rule
from conformance.verdicts import Failure, Outcome, Verdict, tallies

NASTY = "<script>alert(1)</script> & \"quotes\" 'too' \x00\x1b[31m \ud800 $HOST_TOKEN ${x}"
EXCHANGE = Exchange(
    "POST", "http://host.test/v1/rooms?x=1", (("Content-Type", NASTY),), NASTY, 500, (), NASTY
)
VERDICTS = tuple(Verdict)
RULES: Mapping[str, Rule] = {
    f"room.is_{verdict}": Rule(
        f"room.is_{verdict}", "decided", "It MUST be & <stay>", "#/x", ("a",)
    )
    for verdict in VERDICTS
} | {"response.status": Rule("response.status", "published", "A status MUST be known", "#/paths")}


def outcome_of(verdict: Verdict) -> Outcome:
    broken = verdict in (Verdict.FAIL, Verdict.FLAKY, Verdict.KNOWN)
    failure = Failure(NASTY, NASTY, "`b`", "curl -i http://host.test", "create_room", EXCHANGE)
    reason = "" if verdict in (Verdict.PASS, Verdict.FAIL) else f"because {NASTY}"
    return Outcome(
        f"room.is_{verdict}",
        verdict,
        "test_it[x]",
        failure=failure if broken else None,
        reason=reason,
    )


OUTCOMES = (
    *map(outcome_of, VERDICTS),
    Outcome("*", Verdict.PASS, "list_rooms 200", count=1200),
    Outcome("*", Verdict.PASS, " 404", count=2),
)
HEADER = Header(
    contract="1.0.0",
    target="http://host.test/v1/webinar",
    level="decided",
    seed=1,
    run_id="gr-1",
    started_mock=False,
    callers="`ids.toml`",
    started_at="2026-05-01T10:00:00Z",
    requests=1202,
    seconds=31.4,
    left="nothing left behind",
)


def result(*verdicts: Verdict, header: Header | None = HEADER) -> Result:
    """Return a run's result with these verdicts, by default with all."""
    chosen = [o for o in OUTCOMES if o.rule == "*" or o.verdict in (verdicts or VERDICTS)]
    covered = coverage(bundled(), chosen, why_unseen="no request was answered with it")
    return Result(tuple(tallies(chosen, RULES).values()), covered, header)

"""A run's result as JSON: what `result.schema.json` describes."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from conformance.exchange import Exchange
from conformance.header import Header
from conformance.ranking import ranked
from conformance.result import Result
from conformance.verdicts import Outcome, Tally, Verdict

Json = Any

FORMAT = 1
SCHEMA = "result.schema.json"
TOLD = {0: "pass", 1: "fail", 2: "undecided"}


def document(result: Result) -> Json:
    """Return a run's result as the JSON that `result.schema.json` describes."""
    listed = ranked(result.tallies)
    verdicts = Counter(tally.verdict for tally in listed)
    return {
        "format": FORMAT,
        "greenroom": installed_version(),
        "verdict": TOLD[result.status],
        "exit_status": result.status,
        "reason": result.reason,
        "run": _run(result.header),
        "counts": {verdict.value: verdicts[verdict] for verdict in Verdict},
        "rules": [_rule(tally) for tally in listed],
        "coverage": result.coverage.as_json(),
    }


def installed_version() -> str:
    """Return greenroom's version, empty where it is not installed."""
    try:
        return version("greenroom")
    except PackageNotFoundError:
        return ""


def _run(header: Header | None) -> Json:
    if header is None:
        return None
    return {
        "contract": header.contract,
        "target": header.target,
        "started_mock": header.started_mock,
        "level": header.level,
        "profile": header.profile,
        "seed": header.seed,
        "id": header.run_id,
        "callers": header.callers,
        "started_at": header.started_at,
        "seconds": round(header.seconds, 3),
        "requests": header.requests,
        "left": header.left,
        "interrupted": header.interrupted,
    }


def _rule(tally: Tally) -> Json:
    rule = tally.rule
    return {
        "id": rule.id,
        "family": rule.family,
        "level": rule.level,
        "must": rule.must,
        "contract": rule.contract,
        "operations": list(rule.operations),
        "verdict": tally.verdict.value,
        "judges": "answers" if tally.judges_answers else "tries",
        "counts": {verdict.value: n for verdict, n in sorted(tally.counts.items()) if n},
        "reasons": [
            {"verdict": verdict.value, "reason": reason, "count": count}
            for (verdict, reason), count in tally.reasons.most_common(20)
        ],
        "failures": [_failure(outcome) for outcome in tally.broken.values()],
    }


def _failure(outcome: Outcome) -> Json:
    failure = outcome.failure
    assert failure is not None
    return {
        "verdict": outcome.verdict.value,
        "subject": failure.subject,
        "operation": failure.operation,
        "expected": failure.expected,
        "received": failure.received,
        "reason": outcome.reason,
        "curl": failure.curl,
        "exchange": _exchange(failure.exchange) if failure.exchange else None,
    }


def _exchange(exchange: Exchange) -> Json:
    return {
        "request": {
            "method": exchange.method,
            "url": exchange.url,
            "headers": [list(pair) for pair in exchange.sent_headers],
            "body": exchange.sent,
        },
        "response": {
            "status": exchange.status,
            "headers": [list(pair) for pair in exchange.headers],
            "body": exchange.body,
        },
    }


@cache
def schema() -> Json:
    """Return the JSON Schema of a result."""
    return json.loads((Path(__file__).parent / SCHEMA).read_text("utf-8"))

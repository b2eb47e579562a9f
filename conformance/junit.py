"""A run's result as JUnit's XML, which CI systems show: one testcase a rule."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from conformance.ranking import ranked
from conformance.result import Result
from conformance.verdicts import NOT_TRIED, RED, UNDECIDED, Tally, Verdict

# What XML 1.0 (section 2.2) has no way to write.
NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MOST_FAILURES = 20


def junit(result: Result) -> str:
    """Return a run's result as JUnit's XML.

    Red is `failure`, undecided `error`; known, unsupported and disabled are `skipped`. A rule's
    time is that of all of its tries, of which several are made at once; a rule that judges what
    others are answered takes none.
    """
    listed = ranked(result.tallies)
    verdicts = [tally.verdict for tally in listed]
    counts = {
        "tests": len(listed),
        "failures": sum(verdict in RED for verdict in verdicts),
        "errors": sum(verdict in UNDECIDED for verdict in verdicts),
        "skipped": sum(verdict in (*NOT_TRIED, Verdict.KNOWN) for verdict in verdicts),
    }
    header = result.header
    seconds = f"{header.seconds:.3f}" if header else "0.000"
    told = {"name": "greenroom", "time": seconds, **{name: str(n) for name, n in counts.items()}}
    root = Element("testsuites", told)
    suite = SubElement(root, "testsuite", told)
    if header is not None:
        suite.set("timestamp", header.started_at)
        given = {
            "contract": header.contract,
            "target": header.target,
            "level": header.level,
            "profile": header.profile,
            "seed": str(header.seed),
            "run_id": header.run_id,
            "requests": str(header.requests),
            "left": header.left,
            "coverage": f"{result.coverage.seen}/{len(result.coverage.provocable)}",
        }
        _properties(suite, given)
    for tally in listed:
        _testcase(suite, tally)
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, "unicode") + "\n"


def _properties(parent: Element, given: dict[str, str]) -> None:
    inner = SubElement(parent, "properties")
    for name, value in given.items():
        SubElement(inner, "property", {"name": name, "value": _clean(value)})


def _testcase(suite: Element, tally: Tally) -> None:
    rule, verdict = tally.rule, tally.verdict
    told = {"classname": rule.family, "name": rule.id, "time": f"{tally.seconds:.3f}"}
    case = SubElement(suite, "testcase", told)
    _properties(case, {"level": rule.level, "contract": rule.contract, "verdict": verdict})
    reasons = "; ".join(tally.why(verdict, 3))
    if verdict in RED or verdict in UNDECIDED:
        kind = "failure" if verdict in RED else "error"
        word = rule.must if verdict in (Verdict.FAIL, Verdict.FLAKY) else reasons
        found = SubElement(case, kind, {"type": verdict, "message": _clean(word)})
        found.text = _clean("\n".join(_told(tally)))
    elif verdict is not Verdict.PASS:
        message = f"{verdict}: {reasons}" if reasons else str(verdict)
        SubElement(case, "skipped", {"message": _clean(message)})


def _told(tally: Tally) -> Iterable[str]:
    yield tally.rule.must
    yield f"contract {tally.rule.contract}"
    yield from tally.why(tally.verdict, 3)
    broken = [outcome for outcome in tally.broken.values() if outcome.verdict is tally.verdict]
    for outcome in broken[:MOST_FAILURES]:
        failure = outcome.failure
        if failure is not None:
            yield ""
            yield failure.subject
            yield f"  expected {failure.expected}"
            yield f"  received {failure.received}"
            yield f"  {failure.curl}".rstrip()
    if len(broken) > MOST_FAILURES:
        yield f"and {len(broken) - MOST_FAILURES} more"


def _clean(text: str) -> str:
    return NO_XML.sub("�", text)

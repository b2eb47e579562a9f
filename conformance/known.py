"""The deviations somebody has listed: each with a reason, and a day until which it is accepted.

A listed failure is `known` and not red. The list cannot rot: what is listed and kept by the
target is red, and so is what is listed beyond its day.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from conformance.verdicts import ANY_ANSWER, JUDGE_ANSWERS, Outcome, Verdict, subject_of

Json = Any

REQUIRED = ("rule", "reason", "expires")
OPTIONAL = ("operation", "item")
BROKEN = (Verdict.FAIL, Verdict.FLAKY, Verdict.KNOWN)


class BadKnown(Exception):
    """The list of known deviations has a mistake."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One deviation that is accepted through the day `expires`, in all of a rule or a part."""

    rule: str
    reason: str
    expires: date
    operation: str = ""
    item: str = ""
    place: str = ""

    def covers(self, outcome: Outcome) -> bool:
        """Tell whether an outcome is of what the entry lists."""
        failure = outcome.failure
        subject = failure.subject if failure else subject_of(outcome.item)
        named = {failure.operation if failure else "", *re.split(r"[^a-z_]+", subject)}
        return (
            outcome.rule == self.rule
            and (not self.operation or self.operation in named)
            and (not self.item or fnmatchcase(subject, self.item))
        )


def read(path: Path, rules: Collection[str], operations: Collection[str]) -> tuple[Entry, ...]:
    """Read a TOML file of `[[known]]` tables.

    Raises BadKnown, in one sentence with the line, when it cannot be read, misses something, or
    names what nobody knows.
    """
    try:
        text = path.read_text("utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise BadKnown(f"`{path}` cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadKnown(f"`{path}` is no TOML: it must be UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        said = re.sub(r" \(at (line \d+), column \d+\)", "", str(error))
        line = re.search(r"at line (\d+)", str(error))
        place = f"`{path}`, line {line[1]}" if line else f"`{path}`"
        raise BadKnown(f"{place}: no TOML: {said}") from error
    stranger = next((name for name in document if name != "known"), None)
    tables = document.get("known", [])
    if stranger or not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        raise BadKnown(
            f"`{path}`, line {_line_of(text.splitlines(), 0, stranger or 'known')}: "
            "the file must hold tables `[[known]]` and nothing else"
        )
    return tuple(_entries(path, text.splitlines(), tables, rules, operations))


def _entries(
    path: Path,
    lines: Sequence[str],
    tables: Sequence[Mapping[str, Json]],
    rules: Collection[str],
    operations: Collection[str],
) -> Iterator[Entry]:
    starts = [n for n, line in enumerate(lines) if re.match(r"\s*\[\[\s*known\s*\]\]", line)]
    seen: dict[tuple[str, str, str], int] = {}
    for number, table in enumerate(tables):
        start = starts[number] if len(starts) == len(tables) else 0
        wrong = _mistake(table, rules, operations)
        if wrong is not None:
            name, sentence = wrong
            raise BadKnown(f"`{path}`, line {_line_of(lines, start, name)}: {sentence}")
        place = f"{path.name} line {start + 1}"
        given = {name: table[name] for name in (*REQUIRED, *OPTIONAL) if name in table}
        found = Entry(**{**given, "expires": _day(table["expires"])}, place=place)
        key = (found.rule, found.operation, found.item)
        if key in seen:
            raise BadKnown(
                f"`{path}`, line {start + 1}: `{found.rule}` is listed twice, "
                f"already in line {seen[key]}"
            )
        seen[key] = start + 1
        yield found


def _line_of(lines: Sequence[str], start: int, name: str) -> int:
    """Return the line of a key in the table that begins at a line, else the table's own."""
    for number, line in enumerate(lines[start:], start):
        if number > start and line.lstrip().startswith("[["):
            break
        if re.match(rf"""\s*["'\[]*\s*{re.escape(name)}\b""", line):
            return number + 1
    return start + 1


def _mistake(
    table: Mapping[str, Json], rules: Collection[str], operations: Collection[str]
) -> tuple[str, str] | None:
    """Return the key of a table that is wrong, and what is wrong with it."""
    for name, value in table.items():
        if name not in (*REQUIRED, *OPTIONAL):
            allowed = ", ".join(f"`{word}`" for word in (*REQUIRED, *OPTIONAL))
            return name, f"`{name}` is no key of a known deviation, it may have {allowed}"
        if name != "expires" and (not isinstance(value, str) or not value.strip()):
            return name, f"`{name}` must be a string that says something"
    absent = next((name for name in REQUIRED if name not in table), None)
    if absent:
        return "known", f"a known deviation must have `{absent}`"
    checks = (
        ("expires", _day(table["expires"]), "`expires` is `{}`, it must be a day as 2027-01-31"),
        ("rule", table["rule"] in rules, "no rule is called `{}`, `--rules` lists them"),
        (
            "operation",
            table.get("operation", "") in ("", *operations),
            "the contract has no operation `{}`",
        ),
    )
    return next(((key, said.format(table[key])) for key, good, said in checks if not good), None)


def _day(value: object) -> date | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def listed(outcome: Outcome, entries: Iterable[Entry], today: date) -> Outcome:
    """Return a failure as known when it is listed, with a word about it when it was."""
    if outcome.verdict not in (Verdict.FAIL, Verdict.FLAKY):
        return outcome
    covering = [entry for entry in entries if entry.covers(outcome)]
    valid = next((entry for entry in covering if today <= entry.expires), None)
    if valid is not None:
        reason = f"{valid.reason} (until {valid.expires})"
        return replace(outcome, verdict=Verdict.KNOWN, reason=reason)
    if covering:
        entry = covering[0]
        reason = f"was known until {entry.expires}, which is over ({entry.place}): {entry.reason}"
        return replace(outcome, reason=reason)
    return outcome


def stale(outcomes: Sequence[Outcome], entries: Iterable[Entry], today: date) -> Iterator[Outcome]:
    """Yield an outcome for each entry that is not true any more: kept, or beyond its day."""
    for entry in entries:
        about = [outcome for outcome in outcomes if outcome.rule == entry.rule]
        about += _answers(outcomes, entry)
        met = [outcome for outcome in about if entry.covers(outcome)]
        if not about or any(outcome.verdict in BROKEN for outcome in met):
            continue
        part = entry.item or entry.operation or "it"
        told = f"({entry.place}: {entry.reason})"
        if today > entry.expires:
            yield _stale(entry, f"was listed until {entry.expires}, which is over {told}")
        elif any(outcome.verdict is Verdict.PASS for outcome in met):
            yield _stale(entry, f"is listed as known, and the target keeps {part} {told}")
        elif not met and any(outcome.verdict is Verdict.PASS for outcome in about):
            yield _stale(entry, f"is listed as known for `{part}`, which nothing is called {told}")


def _answers(outcomes: Sequence[Outcome], entry: Entry) -> list[Outcome]:
    """Return the answers a rule for all answers has judged, as tries of that rule."""
    if entry.rule.partition(".")[0] not in JUDGE_ANSWERS:
        return []
    return [
        replace(outcome, rule=entry.rule, item=outcome.item.partition(" ")[0])
        for outcome in outcomes
        if outcome.rule == ANY_ANSWER
    ]


def _stale(entry: Entry, reason: str) -> Outcome:
    return Outcome(entry.rule, Verdict.STALE, entry.item or entry.operation or "all", reason=reason)

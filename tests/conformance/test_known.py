from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from conformance.known import BadKnown, Entry, listed, read, stale
from conformance.verdicts import Failure, Outcome, Verdict

RULES = ("room.text", "session.lifecycle.refused", "response.status")
OPERATIONS = ("end_session", "go_live")
TODAY, LATER, BEFORE = date(2026, 5, 1), date(2026, 6, 1), date(2026, 4, 30)
GOOD = """
[[known]]
rule = "room.text"
reason = "trimmed, see ticket 7"
expires = 2026-06-01

[[known]]
rule = "session.lifecycle.refused"
operation = "end_session"
item = "end_session-scheduled-*"
reason = "ends too much"
expires = "2026-06-02"
"""


def reading(folder: Path, text: str | bytes) -> tuple[Entry, ...]:
    file = folder / "known.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read(file, RULES, OPERATIONS)


def test_a_list_is_read(tmp_path) -> None:
    first, second = reading(tmp_path, GOOD)
    assert (first.rule, first.expires, first.place) == ("room.text", LATER, "known.toml line 2")
    assert (second.operation, second.expires) == ("end_session", date(2026, 6, 2))
    assert reading(tmp_path, "") == ()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"room.text"', '"room.txt"', "line 3: no rule is called `room.txt`"),
        ("2026-06-01", '"soon"', "line 5: `expires` is `soon`, it must be a day"),
        ("2026-06-01", "2026-06-01T00:00:00", "line 5: `expires` is `2026-06-01 00:00:00`"),
        ("2026-06-01", "2026-13-01", "line 5: no TOML: "),
        ('reason = "ends too much"\n', "", "line 7: a known deviation must have `reason`"),
        ('"ends too much"', '" "', "line 11: `reason` must be a string that says something"),
        ('"ends too much"', "3", "line 11: `reason` must be a string that says something"),
        ("operation =", "operations =", "line 9: `operations` is no key of a known deviation"),
        ('= "end_session"', '= "stop"', "line 9: the contract has no operation `stop`"),
        ("\n[[known]]\nrule", "\n[[knwon]]\nrule", "the file must hold tables `[[known]]`"),
        ("expires = 2026-06-01", "expires = ", "line 5: no TOML: "),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path, before: str, after: str, said: str) -> None:
    with pytest.raises(BadKnown) as caught:
        reading(tmp_path, GOOD.replace(before, after, 1))
    assert said in str(caught.value)
    assert str(tmp_path / "known.toml") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path) -> None:
    with pytest.raises(BadKnown, match="cannot be read: No such file"):
        read(tmp_path / "none.toml", RULES, OPERATIONS)
    with pytest.raises(BadKnown, match="cannot be read: Is a directory"):
        read(tmp_path, RULES, OPERATIONS)
    with pytest.raises(BadKnown, match="it must be UTF-8"):
        reading(tmp_path, b"\xff\xfe")


def test_nothing_is_listed_twice(tmp_path) -> None:
    with pytest.raises(BadKnown, match=r"line 14: `room.text` is listed twice, .* line 2"):
        reading(tmp_path, GOOD + GOOD[: GOOD.index("\n[[known", 2)])


def failed(rule: str, subject: str = "x", operation: str = "") -> Outcome:
    failure = Failure(subject, "a", "b", operation=operation)
    return Outcome(rule, Verdict.FAIL, f"test_it[{subject}]", failure=failure)


def passed(rule: str, subject: str = "x") -> Outcome:
    return Outcome(rule, Verdict.PASS, f"test_it[{subject}]")


def entry(rule: str = "room.text", expires: date = LATER, **more: str) -> Entry:
    return Entry(rule, "ticket 7", expires, place="known.toml line 2", **more)


@pytest.mark.parametrize(
    ("given", "outcome", "verdict"),
    [
        (entry(), failed("room.text"), Verdict.KNOWN),
        (entry(expires=TODAY), failed("room.text"), Verdict.KNOWN),
        (entry(expires=BEFORE), failed("room.text"), Verdict.FAIL),
        (entry(), failed("room.texts"), Verdict.FAIL),
        (entry(), passed("room.text"), Verdict.PASS),
        (entry(item="title*"), failed("room.text", "title-64"), Verdict.KNOWN),
        (entry(item="title"), failed("room.text", "title-64"), Verdict.FAIL),
        (entry(operation="go_live"), failed("room.text", "go_live-ended"), Verdict.KNOWN),
        (entry(operation="go_live"), failed("room.text", "y", "go_live"), Verdict.KNOWN),
        (entry(operation="go_live"), failed("room.text", "end-ended", "get"), Verdict.FAIL),
    ],
)
def test_a_listed_failure_is_known_until_its_day(given, outcome, verdict: Verdict) -> None:
    assert listed(outcome, [given], TODAY).verdict is verdict


def test_why_it_is_known_or_not_any_more_is_told() -> None:
    assert listed(failed("room.text"), [entry()], TODAY).reason == "ticket 7 (until 2026-06-01)"
    over = listed(failed("room.text"), [entry(expires=BEFORE)], TODAY)
    assert over.reason == "was known until 2026-04-30, which is over (known.toml line 2): ticket 7"


UNSUPPORTED = Outcome("room.text", Verdict.UNSUPPORTED, "test_it[y]", reason="needs a clock")
SEEN = Outcome("*", Verdict.PASS, "go_live 200", count=3)


@pytest.mark.parametrize(
    ("given", "outcomes", "said"),
    [
        (entry(), [passed("room.text")], "the target keeps it"),
        (entry(item="x"), [passed("room.text"), failed("room.text", "y")], "keeps x"),
        (entry(item="z"), [passed("room.text")], "`z`, which nothing is called"),
        (entry(expires=BEFORE), [passed("room.text")], "until 2026-04-30, which is over"),
        (entry(expires=BEFORE), [UNSUPPORTED], "until 2026-04-30, which is over"),
        (entry("response.status"), [SEEN], "the target keeps it"),
        (entry("response.status", operation="go_live"), [SEEN], "the target keeps go_live"),
    ],
)
def test_an_entry_that_is_not_true_any_more_is_stale(given, outcomes, said: str) -> None:
    (found,) = stale(outcomes, [given], TODAY)
    assert found.verdict is Verdict.STALE
    assert said in found.reason
    assert "known.toml line 2: ticket 7" in found.reason


@pytest.mark.parametrize(
    ("given", "outcomes"),
    [
        (entry(), [failed("room.text")]),
        (entry(), [UNSUPPORTED]),
        (entry(item="y"), [UNSUPPORTED, passed("room.text")]),
        (entry(expires=BEFORE), [failed("room.text")]),
        (entry(), []),
        (entry(), [SEEN]),
        (entry("response.status"), [SEEN, failed("response.status", "go_live")]),
    ],
)
def test_an_entry_that_is_true_or_was_not_tried_is_not_stale(given, outcomes) -> None:
    assert list(stale(outcomes, [given], TODAY)) == []

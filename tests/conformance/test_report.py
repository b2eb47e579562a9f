from __future__ import annotations

import pytest

from conformance.coverage import Coverage
from conformance.header import Header
from conformance.report import lines, listing
from conformance.result import Result
from conformance.rule import Rule
from conformance.suite import Options
from conformance.verdicts import Failure, Outcome, Tally, Verdict, exit_status, tallies

RULES = {
    found.id: found
    for found in (
        Rule(
            "session.lifecycle.refused", "decided", "A refused operation MUST change nothing", "#/x"
        ),
        Rule("session.end", "decided", "Ending MUST end", "#/components/y"),
        Rule("session.expiry", "decided", "A session MUST expire", "#/x"),
        Rule("room.created", "published", "A room MUST be the caller's", "#/components/z"),
        Rule("room.text", "decided", "Texts MUST be kept", "#/components/z"),
        Rule("response.schema", "published", "`data` MUST keep its schema", "#/paths"),
        Rule("list.page", "decided", "A page MUST hold what it says", "#/paths"),
    )
}
FAILURE = Failure(
    "go_live-ended",
    "409",
    "200",
    'curl -i -X POST -H "Authorization: Bearer $HOST_TOKEN" http://host.test/sessions/1/go_live',
)
OUTCOMES = [
    *(Outcome("session.lifecycle.refused", Verdict.PASS, f"{n}") for n in range(9)),
    Outcome("session.lifecycle.refused", Verdict.FAIL, "go_live-ended", failure=FAILURE),
    Outcome("session.lifecycle.refused", Verdict.UNSUPPORTED, "expired", reason="needs a clock"),
    Outcome("session.end", Verdict.BLOCKED, "x", reason="waits for `create_room`: 500"),
    Outcome("session.expiry", Verdict.UNSUPPORTED, "x", reason="needs a clock"),
    Outcome("room.created", Verdict.PASS, "x"),
    Outcome("room.text", Verdict.ERROR, "x", reason="Unreachable: `GET /` got no answer"),
    Outcome("list.page", Verdict.PASS, "x"),
    Outcome("response.schema", Verdict.FAIL, "x", failure=Failure("get_room", "a", "b")),
    Outcome("response.schema", Verdict.FAIL, "x", failure=Failure("get_room", "a", "b")),
    Outcome("*", Verdict.PASS, "answers", count=2000),
]
HEADER = Header(
    contract="1.0.0",
    target="http://host.test/v1/webinar",
    level="decided",
    seed=1,
    run_id="gr-1",
    started_mock=False,
    callers="me",
    requests=2345,
    seconds=31.4,
    left="nothing left behind",
)
SNAPSHOT = """\
contract 1.0.0 · http://host.test/v1/webinar · level decided · seed 1 · run gr-1 · callers from me

list
  pass         list.page                  1/1
response
  FAIL         response.schema            1,998 of 2,000 answers
room
  pass         room.created               1/1
  error        room.text                  0/1
session
  blocked      session.end                0/1
  unsupported  session.expiry             needs a clock
  FAIL         session.lifecycle.refused  9/10 · 1 unsupported: needs a clock

session.lifecycle.refused — A refused operation MUST change nothing
  go_live-ended
    expected 409
    received 200
    curl -i -X POST -H "Authorization: Bearer $HOST_TOKEN" http://host.test/sessions/1/go_live
  contract #/x

response.schema — `data` MUST keep its schema
  get_room
    expected a
    received b
  contract #/paths

room.text: error
  Unreachable: `GET /` got no answer

session.end: blocked
  waits for `create_room`: 500

2,345 requests in 31 s · nothing left behind
2 of 7 rules fail · 2 pass · 1 error · 1 blocked · 1 unsupported
"""


def told(outcomes: list[Outcome], *, color: bool = False) -> str:
    result = Result(tuple(tallies(outcomes, RULES).values()), Coverage(()), HEADER)
    return "".join(f"{line}\n" for line in lines(result, color=color))


def test_a_report_reads_as_it_always_has() -> None:
    assert told(OUTCOMES) == SNAPSHOT


def test_colour_is_added_and_nothing_else() -> None:
    coloured = told(OUTCOMES, color=True)
    assert "\x1b[31;1mFAIL" in coloured
    plain = coloured
    for code in ("32", "31;1", "33", "2", "0"):
        plain = plain.replace(f"\x1b[{code}m", "")
    assert plain == SNAPSHOT


def test_the_order_of_outcomes_does_not_matter() -> None:
    assert told(OUTCOMES[::-1]) == SNAPSHOT


def test_a_terminal_obeys_nothing_that_a_server_says() -> None:
    said = "a\x1b[31m\rb\nc\x9b\ud800"
    failure = Failure(said, said, said, "curl 'a\nb\x1b'")
    text = told([Outcome("room.text", Verdict.FAIL, "x", failure=failure, reason=said)])
    assert text.count("a\\x1b[31m\\x0db\\x0ac\\x9b\\ud800") == 4
    assert "curl 'a\nb\\x1b'" in text
    assert not set(text) & {"\x1b", "\r", "\x9b", "\ud800"}


def test_one_failing_rule_is_one() -> None:
    one = [Outcome("room.text", Verdict.FAIL, "x", failure=FAILURE)]
    assert told(one).endswith("1 of 1 rules fails\n")
    assert told([Outcome("room.text", Verdict.PASS, "x")]).endswith("0 of 1 rules fail · 1 pass\n")


def test_many_failures_of_a_rule_are_named_and_three_are_shown() -> None:
    many = [
        Outcome("room.text", Verdict.FAIL, "x", failure=Failure(f"case {n}", "a", "b"))
        for n in range(20)
    ]
    text = told(many)
    assert text.count("expected a") == 3
    assert "and 17 more: case 3, case 4" in text
    assert "…" in text


def test_a_mock_started_for_the_run_is_named_in_the_first_line() -> None:
    header = Header(**{**HEADER.as_json(), "started_mock": True})
    assert "(the mock, started for this run)" in header.line()


def test_rules_are_listed_one_a_line() -> None:
    text = listing(RULES.values(), Options(rules=("session",)))
    assert [line.split()[0] for line in text.splitlines()] == [
        "session.end",
        "session.expiry",
        "session.lifecycle.refused",
    ]
    published = listing(RULES.values(), Options(level="published"))
    assert "room.created" in published
    assert "room.text" not in published


def tally(*verdicts: Verdict) -> Tally:
    found = Tally(RULES["room.text"])
    for verdict in verdicts:
        found.add(Outcome("room.text", verdict, "x"))
    return found


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ((Verdict.PASS,), 0),
        ((Verdict.PASS, Verdict.UNSUPPORTED), 0),
        ((Verdict.PASS, Verdict.FAIL), 1),
        ((Verdict.ERROR, Verdict.FAIL), 1),
        ((Verdict.PASS, Verdict.ERROR), 2),
        ((Verdict.PASS, Verdict.BLOCKED), 2),
        ((Verdict.UNSUPPORTED,), 2),
        ((), 2),
    ],
)
def test_the_exit_status_says_pass_fail_or_undecided(
    verdicts: tuple[Verdict, ...], status: int
) -> None:
    assert exit_status([tally(verdict) for verdict in verdicts]) == status


def test_a_rule_is_as_good_as_its_worst_try() -> None:
    assert tally(Verdict.PASS, Verdict.FAIL, Verdict.ERROR).verdict is Verdict.FAIL
    assert tally(Verdict.PASS, Verdict.UNSUPPORTED).verdict is Verdict.PASS
    assert tally(Verdict.UNSUPPORTED).verdict is Verdict.UNSUPPORTED

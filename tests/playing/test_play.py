from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson
import pytest

from mock_server.playing.play import Said, play, require_played
from mock_server.scenarios import ClockStep, ScenarioFailed


@dataclass
class Stub:
    """A theatre that answers what the test says and writes down what it was asked."""

    answers: list[tuple[int, object]]
    now: datetime = datetime(2026, 3, 12, 18, tzinfo=UTC)
    asked: list = field(default_factory=list)

    def token(self, persona):
        return None if persona == "stranger" else f"token of {persona}"

    def ask(self, question):
        self.asked.append(question)
        status, answer = self.answers.pop(0)
        return Said(status, answer if isinstance(answer, bytes) else orjson.dumps(answer))

    def move(self, step: ClockStep):
        if step.to is not None and step.to < self.now:
            raise ScenarioFailed("it can't go back")
        self.now = step.to or self.now + step.by


@pytest.fixture
def run(write, catalogue):
    def run(steps: str, *answers: tuple[int, object]):
        theatre = Stub(list(answers))
        return theatre, list(play(write(steps), theatre, catalogue))

    return run


def made(**data):
    return 201, {"success": True, "data": data, "timestamp": 1}


def shown(**data):
    return 200, {"success": True, "data": data, "timestamp": 1}


SAVED = """\
  - operation: create_room
    with: {body: {title: Attic, list: [1, a]}}
    save: {room: room.id, name: room.title, number: rooms.1.size}
"""


def test_what_was_saved_goes_where_it_is_named(run):
    steps = SAVED + (
        "  - operation: list_room_sessions\n    as: $name\n"
        "    with: {id: $room, query: {limit: $number, page: 2}, body: {deep: [{er: $number}]}}\n"
        "    expect: {data: {id: $room}}\n"
    )
    first = made(room={"id": "r1", "title": "Attic"}, rooms=[{}, {"size": 7}])
    theatre, played = run(steps, first, shown(id="r1"))
    one, two = theatre.asked
    assert [each.problems for each in played] == [(), ()]
    assert (one.operation_id, one.token, one.id, one.query) == (
        "create_room",
        "token of host",
        "",
        {},
    )
    assert orjson.loads(one.body) == {"title": "Attic", "list": [1, "a"]}
    assert (two.token, two.id, two.query) == ("Attic", "r1", {"limit": "7", "page": "2"})
    assert orjson.loads(two.body) == {"deep": [{"er": 7}]}


def test_nobody_has_no_token_and_no_body_is_none(run):
    theatre, _ = run("  - operation: get_me\n    as: nobody\n", (401, {"error": "no"}))
    assert (theatre.asked[0].token, theatre.asked[0].body) == (None, None)


def test_a_time_may_be_counted_from_the_clock(run):
    steps = (
        "  - clock: +30m\n  - operation: create_session\n    with:\n      id: x\n"
        "      body: {title: +2h, scheduled_start_time: +2h}\n"
    )
    theatre, _ = run(steps, made())
    body = orjson.loads(theatre.asked[0].body)
    assert body == {"title": "+2h", "scheduled_start_time": "2026-03-12T20:30:00Z"}


EXPECTED = [
    ("{data: {total: 2}}", shown(total=2, more=1), ()),
    ("{data: {rooms: [{id: a}]}}", shown(rooms=[{"id": "a", "title": "b"}]), ()),
    ("{data: {rooms: []}}", shown(rooms=[]), ()),
    ("{data: {logo: null}}", shown(), ()),
    ("{data: {limit: 1.0}}", shown(limit=1), ()),
    ("{status: 409, error: Full}", (409, {"error": "Full"}), ()),
    ("{data: {total: 2}}", shown(total=3), ("`data.total` is `3`, must be `2`",)),
    ("{data: {total: 1}}", shown(total=True), ("`data.total` is `true`, must be `1`",)),
    ("{data: {total: 1, page: 1}}", shown(total=2), (
        "`data.total` is `2`, must be `1`", "`data.page` is absent, must be `1`",
    )),
    ("{data: {logo: null}}", shown(logo=""), ("`data.logo` is ``, must be absent",)),
    ("{data: {rooms: [{}]}}", shown(rooms=[]), ("`data.rooms` is `[]`, must be `[{}]`",)),
    ("{data: {rooms: [{id: a}]}}", shown(rooms=[{"id": "b"}]), (
        "`data.rooms.0.id` is `b`, must be `a`",
    )),
    ("{data: {rooms: {}}}", shown(rooms=[]), ("`data.rooms` is `[]`, must be `{}`",)),
    ("{}", (409, {"error": "It is full"}), ("status is 409, must be 200: It is full",)),
    ("{status: 409}", shown(), ("status is 200, must be 409",)),
    ("{status: 409, error: Full}", (409, {"error": "No"}), ("`error` is `No`, must be `Full`",)),
    ("{}", (502, b"<html>"), ("status is 502 and the answer is no JSON",)),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "answer", "problems"), EXPECTED)
def test_an_answer_is_compared_part_by_part(expected, answer, problems, run):
    _, (played,) = run(f"  - operation: list_rooms\n    expect: {expected}\n", answer)
    assert played.problems == problems


def test_what_is_to_be_saved_must_be_there(run):
    _, (played,) = run(SAVED, made(room={"id": "r1"}, rooms=[]))
    assert played.problems == (
        "`data.room.title` is absent, must be there to be saved as `name`",
        "`data.rooms.1.size` is absent, must be there to be saved as `number`",
    )


def test_it_ends_with_the_first_step_that_goes_otherwise(run):
    steps = "  - operation: get_me\n" * 3
    theatre, played = run(steps, shown(), (401, {"error": "Out"}))
    assert [bool(each.problems) for each in played] == [False, True]
    assert len(theatre.asked) == 2


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ("  - operation: get_you\n", "no operation has the name `get_you`"),
        ("  - operation: get_me\n    as: stranger\n", "no persona has the name `stranger`"),
        ("  - clock: 2026-03-12T17:00:00Z\n", "it can't go back"),
    ],
)
def test_what_cannot_be_asked_is_a_problem_too(steps, problem, run, write):
    _, (played,) = run(steps)
    assert problem in played.problems[0]
    with pytest.raises(ScenarioFailed, match=r"story\.yaml:6: `(get_\w+|clock)`: "):
        require_played(write(steps), played)


def test_what_would_meet_the_scenarios_own_fault_is_not_asked(run):
    steps = "  - operation: add_fault\n  - clock: +1m\n  - operation: get_me\n"
    theatre, played = run(steps, made(), shown())
    assert "comes after `add_fault`" in played[-1].problems[0]
    assert len(theatre.asked) == 1

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import jsonschema_rs
import pytest
import yaml

from mock_server.errors import OperatorError
from mock_server.scenarios import (
    AskStep,
    ClockStep,
    Reference,
    Scenario,
    ScenarioMistakes,
    load_scenario,
    names,
    story_names,
)
from mock_server.seeds import SeedError
from mock_server.seeds.errors import SeedMistake, SeedNotFound, SeedSyntax
from mock_server.seeds.load import fixtures

SCHEMA = Path(__file__).resolve().parents[2] / "mock_server" / "scenarios" / "schema.json"

SCENARIO = dedent("""\
    version: 1
    description: A room is made and looked at.
    seed_file: empty
    seed: 7
    now: 2026-03-12T18:00:00+01:00
    steps:
      - operation: create_room
        with: {body: {title: Attic}}
        expect: {status: 201, data: {room: {title: Attic, active_session_id: null}}}
        save: {room: room.id}
      - clock: +1h30m
      - operation: get_room
        as: viewer
        with:
          id: $room
          query: {page: 2}
        expect:
          data: {id: $room}
      - clock: 2026-03-13T00:00:00Z
      - clock: freeze
    """)

Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> str:
        path = tmp_path / "attic.yaml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def first_mistake(path: str) -> SeedError:
    with pytest.raises(OperatorError) as caught:
        load_scenario(path)
    if isinstance(caught.value, ScenarioMistakes):
        return caught.value.mistakes[0]
    assert isinstance(caught.value, SeedError)
    return caught.value


def test_a_file_is_read_into_values(write: Write) -> None:
    scenario = load_scenario(write(SCENARIO))

    assert isinstance(scenario, Scenario)
    assert (scenario.name, scenario.seed, scenario.seed_file.name) == ("attic", 7, "empty")
    assert scenario.now == datetime(2026, 3, 12, 17, tzinfo=UTC)
    made, later, looked, midnight, stop = scenario.steps
    assert isinstance(made, AskStep)
    assert (made.operation, made.caller, made.status) == ("create_room", "host", 201)
    assert made.body == {"title": "Attic"}
    assert made.data == {"room": {"title": "Attic", "active_session_id": None}}
    assert made.save == {"room": ("room", "id")}
    assert later == ClockStep(line=11, by=timedelta(minutes=90))
    assert isinstance(looked, AskStep)
    assert (looked.id, looked.caller, looked.query) == (Reference("room", 0), "viewer", {"page": 2})
    assert (looked.status, looked.data) == (None, {"id": Reference("room", 0)})
    assert midnight == ClockStep(line=19, to=datetime(2026, 3, 13, tzinfo=UTC))
    assert stop == ClockStep(line=20, freeze=True)


def test_a_part_of_a_step_knows_its_line(write: Write) -> None:
    made, _, looked, *_ = load_scenario(write(SCENARIO)).steps

    assert isinstance(made, AskStep)
    assert isinstance(looked, AskStep)
    parts = [("operation",), ("body", "title"), ("save.room",)]
    assert [made.line_of(*each) for each in parts] == [7, 8, 10]
    assert [looked.line_of("query", "page"), looked.line_of("data", "x")] == [16, 18]
    assert looked.line_of("error") == looked.line == 12


def test_every_name_of_the_design_is_there() -> None:
    stories = "back-to-back demo empty expired-week first-show flaky-encoder sold-out town-hall"

    assert story_names() == tuple(stories.split())
    assert names() == story_names()


@pytest.mark.parametrize("name", ["demo", "empty"])
def test_what_a_seed_alone_begins_has_no_steps_and_no_time(name: str) -> None:
    scenario = load_scenario(name)

    assert (scenario.seed_file.name, scenario.steps, scenario.now) == (name, (), None)


def test_a_seed_file_is_a_scenario_in_which_nothing_happens(write: Write) -> None:
    scenario = load_scenario(write("version: 1\ndescription: Nobody\n"))

    assert (scenario.name, scenario.description, scenario.steps) == ("attic", "Nobody", ())
    assert scenario.seed_file.people == {}


def test_a_scenario_of_the_users_may_have_its_own_seed_file_beside_it(
    write: Write, tmp_path: Path
) -> None:
    (tmp_path / "home.yaml").write_text("version: 1\ndescription: Home\n", encoding="utf-8")
    scenario = load_scenario(write(SCENARIO.replace("empty", "home.yaml")))

    assert scenario.seed_file.description == "Home"


@pytest.mark.parametrize("name", ["nothing", "no/such.yaml", "Demo", "", ".."])
def test_a_name_of_nothing_is_answered_with_the_names_there_are(name: str) -> None:
    with pytest.raises(SeedNotFound, match="is no scenario, must be one of `back-to-back`, `demo`"):
        load_scenario(name)


def test_texts_that_begin_with_a_dollar_are_names_or_say_that_they_are_not(write: Write) -> None:
    scenario = load_scenario(
        write(SCENARIO.replace("title: Attic}}\n", "title: $$5 off, list: [$$room, a$b]}}\n", 1))
    )
    made = scenario.steps[0]

    assert isinstance(made, AskStep)
    assert made.body == {"title": "$5 off", "list": ["$room", "a$b"]}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("5", 5),
        ("-0.5", -0.5),
        ("1e3", "1e3"),  # YAML 1.1 wants a point in it
        ("1.0e+3", 1000.0),
        ("true", True),
        ("'true'", "true"),
        ("null", None),
        ("~", None),
        ("2026-03-12", "2026-03-12"),
        ("[1, {a: b}]", [1, {"a": "b"}]),
    ],
)
def test_values_are_those_of_json(write: Write, written: str, read: object) -> None:
    made = load_scenario(
        write(SCENARIO.replace("title: Attic}}\n", f"x: {written}}}}}\n", 1))
    ).steps[0]

    assert isinstance(made, AskStep)
    assert made.body == {"x": read}


# What is changed in the file above, what it becomes, the line of the mistake, its message, and
# whether the JSON Schema knows it too.
MISTAKES = [
    ("version: 1", "version: 2", 1, "`version` is `2`, must be `1`", True),
    ("description: A room is made and looked at.\n", "", 1, "has no `description`, must", True),
    ("seed_file: empty", "seed_file: party", 3, "`seed_file` is `party`, must be one of", False),
    ("seed_file: empty", "seed_file: [a]", 3, "`seed_file` is a list, must be text", True),
    ("seed: 7", "seed: -7", 4, "`seed` is `-7`, must be a whole number from 0", True),
    ("seed: 7", "sed: 7", 4, "unknown field `sed`, nearest is `seed`", True),
    ("18:00:00+01:00", "18:00:00", 5, "must be a time with an offset such as", True),
    ("2026-03-12T18", "2026-13-12T18", 5, "must be a time with an offset such as", False),
    ("2026-03-12T18", "1914-03-12T18", 5, "must be in the years 1970 to 9000", False),
    ("operation: create_room", "operation: Create room", 7, "must be the name of an oper", True),
    ("operation: create_room", "operatio: x", 7, "step 1 has no `operation`, must have one", True),
    ("with: {body", "wiht: {body", 8, "unknown field `wiht`, nearest is `with`", True),
    ("{body: {title: Attic}}", "{body: Attic}", 8, "`body` is `Attic`, must be a mapping", True),
    ("{body: {title: Attic}}", "{bdy: {title: Attic}}", 8, "unknown field `bdy`, nearest", True),
    ("title: Attic}}\n", "title: yes}}\n", 8, "is `yes`, must be in quotes, or a value as", False),
    ("title: Attic}}\n", "title: 010}}\n", 8, "is `010`, must be in quotes", False),
    ("title: Attic}}\n", "title: 10:30}}\n", 8, "is `10:30`, must be in quotes", False),
    ("title: Attic}}\n", "title: .inf}}\n", 8, "is `.inf`, must be in quotes", False),
    ("title: Attic}}\n", "title: 1.0e+999}}\n", 8, "is `1.0e+999`, must be in quotes", False),
    ("title: Attic}}\n", "title: $5 off}}\n", 8, "`$5 off`, must be `$` and a name that an", True),
    ("title: Attic}}\n", "title: $room}}\n", 8, "`$room` is saved by no earlier step", False),
    ("title: Attic}}\n", "title: a, title: b}}\n", 8, "is there twice, first on line 8", False),
    ("status: 201", "status: 20", 9, "`status` is `20`, must be a whole number from 100", True),
    ("status: 201", "status: created", 9, "`status` is `created`, must be a whole number", True),
    ("status: 201", "error: Nothing", 9, "has `data` and `error`, must have one", True),
    ("data: {room", "dat: {room", 9, "has the unknown field `dat`, nearest is `data`", True),
    ("save: {room: room.id}", "save: {Room: room.id}", 10, "`Room` is no name, must be", True),
    ("save: {room: room.id}", "save: {room: $.id}", 10, "must be the place of a value in", True),
    ("save: {room: room.id}", "save: {attic: room.id}", 15, "saved are `$attic`", False),
    ("clock: +1h30m", "clock: -1h30m", 11, "`clock` is `-1h30m`, must go forward", True),
    ("clock: +1h30m", "clock: +0m", 11, "`clock` is `+0m`, must go forward", False),
    ("clock: +1h30m", "clock: tomorrow", 11, "`clock` is `tomorrow`, must be a length such", True),
    ("clock: +1h30m", "clock: [freeze]", 11, "`clock` is a list, must be a length such", True),
    ("clock: +1h30m", "clock: +1h, as: host}", 11, "is not YAML", False),
    ("- clock: freeze", "- {clock: freeze, as: host}", 20, "unknown field `as`, known are", True),
    ("as: viewer", "as: The viewer", 13, "must be a persona, `nobody`, or a saved access", True),
    ("as: viewer", "as: $viewer", 13, "`$viewer` is saved by no earlier step, saved", False),
    ("as: viewer", "as: [viewer]", 13, "is a list, must be text", True),
    ("id: $room", "id: 5", 15, "`id` is `5`, must be text (in quotes", True),
    ("query: {page: 2}", "query: [page]", 16, "`query` is a list, must be a mapping", True),
    ("data: {id: $room}", "data: {id: $rom}", 18, "`$rom` is saved by no earlier step", False),
    ("- clock: freeze", "- freeze", 20, "step 5 is `freeze`, must be a mapping", True),
    ("- clock: freeze", "- &a {clock: freeze}\n  - *a", 21, "alias `*a`, must be written", False),
    ("- clock: freeze", f"- {'[' * 30}{']' * 30}", 20, "is nested deeper than 20", False),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "message", "_"), MISTAKES)
def test_a_mistake_is_told_with_its_line(
    write: Write, old: str, new: str, line: int, message: str, _: bool
) -> None:
    assert old in SCENARIO
    found = first_mistake(write(SCENARIO.replace(old, new, 1)))

    assert isinstance(found, SeedMistake | SeedSyntax)
    assert message in str(found)
    assert found.line == line


def test_every_step_that_is_wrong_is_told_at_once(write: Write) -> None:
    text = SCENARIO.replace("clock: +1h30m", "clock: soon").replace("as: viewer", "as: 5")
    with pytest.raises(ScenarioMistakes) as caught:
        load_scenario(write(text))

    assert [mistake.line for mistake in caught.value.mistakes] == [11, 13]
    assert len(str(caught.value).splitlines()) == 2


def test_a_mistake_in_the_seed_file_is_told_in_its_place(write: Write, tmp_path: Path) -> None:
    (tmp_path / "home.yaml").write_text("version: 1\nrooms: 5\n", encoding="utf-8")
    found = first_mistake(write(SCENARIO.replace("empty", "home.yaml")))

    assert str(found).endswith("home.yaml:2: `rooms` is `5`, must be a mapping")


class Plain(yaml.SafeLoader):
    """YAML as an editor reads it for a JSON Schema: a time is a text."""


Plain.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if not tag.endswith(":timestamp")]
    for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@pytest.fixture(scope="module")
def schema() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads(SCHEMA.read_text()))


@pytest.mark.parametrize("name", story_names())
def test_the_schema_knows_what_is_built_in(name: str, schema) -> None:
    path = fixtures("scenarios") / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")

    assert [str(each) for each in schema.iter_errors(yaml.load(text, Plain))] == []
    marked = text.partition("\n")[0].removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / marked).resolve() == SCHEMA.resolve()


@pytest.mark.parametrize(
    ("old", "new", "known"), [(old, new, known) for old, new, _, _, known in MISTAKES]
)
def test_the_schema_refuses_what_a_schema_can(old: str, new: str, known: bool, schema) -> None:
    text = SCENARIO.replace(old, new, 1)
    assert schema.is_valid(yaml.load(SCENARIO, Plain))
    if known:
        assert not schema.is_valid(yaml.load(text, Plain))

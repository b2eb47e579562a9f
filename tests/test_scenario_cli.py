from __future__ import annotations

import json

import pytest

from mock_server import cli
from mock_server.scenarios import story_names

HEAD = "version: 1\ndescription: A story.\nseed_file: empty\nnow: 2026-03-12T18:00:00Z\nsteps:\n"


@pytest.fixture
def story(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(steps):
        (tmp_path / "story.yaml").write_text(HEAD + steps, encoding="utf-8")
        return "story.yaml"

    return write


def test_list_names_every_scenario_with_its_story(capsys):
    assert cli.main(["scenario", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(story_names())
    assert "sold-out        24 steps  A workshop with four places, all taken and on air." in lines


def test_schema_prints_a_schema(capsys):
    assert cli.main(["scenario", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "A scenario of greenroom, version 1"


def test_check_finds_nothing_in_what_is_built_in(capsys):
    assert cli.main(["scenario", "check"]) == 0
    assert capsys.readouterr() == ("", f"{len(story_names())} scenarios, no mistakes\n")


def test_check_tells_every_mistake_with_file_and_line(capsys, story, tmp_path):
    story("  - operation: go_liv\n  - operation: get_room\n")
    (tmp_path / "other.yaml").write_text(f"{HEAD}  - clock: soon\n", encoding="utf-8")
    (tmp_path / "seed.yaml").write_text("version: 1\nrooms: 5\n", encoding="utf-8")
    assert cli.main(["scenario", "check", "story.yaml", "other.yaml", "seed.yaml", "demo"]) == 1
    said = capsys.readouterr()
    clock = (
        "a length such as `+10m`, a time with an offset such as `2026-03-12T18:00:00Z`, or `freeze`"
    )
    assert said.out.splitlines() == [
        "story.yaml:6: no operation has the name `go_liv`, nearest is `go_live`",
        "story.yaml:7: `get_room` has no `id`, must have one in `with`",
        f"other.yaml:6: step 1: `clock` is `soon`, must be {clock}",
        "seed.yaml:2: `rooms` is `5`, must be a mapping",
    ]
    assert said.err == "4 scenarios, 4 mistakes\n"


@pytest.mark.parametrize("action", ["check", "run"])
def test_a_scenario_that_is_not_there_is_told(capsys, action):
    assert cli.main(["scenario", action, "party"]) == 2
    assert "greenroom: party: is no scenario, must be one of" in capsys.readouterr().err


def test_run_tells_a_line_a_step(capsys):
    assert cli.main(["scenario", "run", "first-show"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 22 + 1
    assert lines[6] == "2026-03-12T17:28:00Z  pass  join_session             viewer        409"
    assert lines[9] == "2026-03-12T18:19:30Z  pass  clock"
    assert "pass  join_session             $zoe          200" in lines[13]
    assert lines[-1] == "22 of 22 steps pass"


def test_run_prints_the_answers_where_they_are_wanted(capsys, story):
    assert cli.main(["scenario", "run", story("  - operation: get_me\n"), "--answers"]) == 0
    _, answer, _ = capsys.readouterr().out.splitlines()
    assert json.loads(answer)["data"]["email"] == "host@pinecove.test"


def test_run_ends_at_the_step_that_goes_otherwise(capsys, story):
    steps = "  - operation: list_rooms\n    expect: {data: {total: 2}}\n  - operation: get_me\n"
    assert cli.main(["scenario", "run", story(steps)]) == 1
    line, summary = capsys.readouterr().out.splitlines()
    assert line.endswith("200  line 6: `data.total` is `0`, must be `2`")
    assert summary == "0 of 2 steps pass, the next does not"


def test_run_plays_nothing_that_has_a_mistake(capsys, story):
    assert cli.main(["scenario", "run", story("  - clock: +1h\n  - operation: dance\n")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("greenroom: story.yaml:7: no operation has the name `dance`")


def test_the_seed_can_be_chosen(capsys, story):
    name = story("  - operation: get_me\n")
    answers = []
    for seed in ("1", "2", "1"):
        assert cli.main(["scenario", "run", name, "--seed", seed, "--answers"]) == 0
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[2] != answers[1]


def test_a_request_is_answered_at_the_end_of_a_story(capsys):
    asked = ["request", "get_session", "id=$session", "--scenario", "sold-out"]
    assert cli.main(asked) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["data"]["viewer_count"] == 4
    assert said.err == "get_session host: 200\n"


def test_a_request_that_is_refused_is_shown_and_fails(capsys):
    asked = ["request", "join_session", "id=$session", "as=viewer", "--scenario", "sold-out"]
    assert cli.main(asked) == 1
    said = capsys.readouterr()
    assert "4 of 4 places are taken" in json.loads(said.out)["error"]
    assert said.err == "join_session viewer: 409\n"


def test_a_request_may_have_a_body_a_query_and_a_seed_file(capsys, tmp_path):
    assert cli.main(["request", "create_room", 'body={"title": "Attic"}']) == 0
    assert json.loads(capsys.readouterr().out)["data"]["room"]["title"] == "Attic"
    assert cli.main(["request", "list_rooms", "limit=3", "page=2", "--seed", "9"]) == 0
    assert json.loads(capsys.readouterr().out)["data"]["limit"] == 3
    (tmp_path / "seed.yaml").write_text("version: 1\n", encoding="utf-8")
    assert cli.main(["request", "list_rooms", "--scenario", str(tmp_path / "seed.yaml")]) == 0
    assert json.loads(capsys.readouterr().out)["data"]["total"] == 0


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["dance"], "no operation has the name `dance`"),
        (["get_me", "as=stranger"], "no persona has the name `stranger`"),
        (["get_me", "host"], "`host` has no `=`, must be like id=… or as=viewer"),
        (["create_room", "body={"], "`body` is not JSON"),
        (["create_room", "body=5"], "`body` is `5`, must be a mapping"),
        (["get_room", "id=$room"], "nothing is saved under the name `room`"),
        (["Dance!"], "must be the name of an operation"),
        (["get_me", "--scenario", "party"], "party: is no scenario"),
    ],
)
def test_a_request_that_cannot_be_made_is_told(capsys, asked, told):
    assert cli.main(["request", *asked]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert told in said.err


def test_a_request_after_a_story_that_fails_is_not_made(capsys, story):
    name = story("  - operation: list_rooms\n    expect: {data: {total: 2}}\n")
    assert cli.main(["request", "get_me", "--scenario", name]) == 2
    assert "story.yaml:6: `list_rooms`: `data.total` is `0`" in capsys.readouterr().err

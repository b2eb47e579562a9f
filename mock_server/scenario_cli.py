"""The commands `greenroom scenario …` and `greenroom request`; each imports what it needs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mock_server import options
from mock_server.console import say
from mock_server.errors import OperatorError
from mock_server.settings import Settings

if TYPE_CHECKING:
    from mock_server.playing.catalogue import Catalogue
    from mock_server.playing.play import Played
    from mock_server.scenarios import AskStep, Scenario

_SCHEMA = Path(__file__).parent / "scenarios" / "schema.json"
_FAILED, _IMPOSSIBLE = 1, 2
_WORLD = "default"


def add_scenario(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `greenroom scenario`."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the scenarios that come with greenroom")
    listing.set_defaults(run=_list)
    check = actions.add_parser("check", help="look for mistakes, and tell their files and lines")
    check.add_argument("scenarios", nargs="*", metavar="NAME|FILE", help="all, when none is given")
    check.set_defaults(run=_check)
    schema = actions.add_parser("schema", help="print the JSON Schema of the format")
    schema.set_defaults(run=_schema)
    run = actions.add_parser("run", help="play a scenario and tell each step's verdict")
    run.set_defaults(run=_run)
    add = run.add_argument
    add("scenario", metavar="NAME|FILE")
    add("--url", help="a running mock to play it on (default: one in this process)")
    add("--world", metavar="NAME", default=_WORLD, help="the world of that mock")
    add("--seed", type=options.seed, help="what to grow ids, names and curves from")
    add(
        "--control-token",
        default=os.environ.get("GREENROOM_CONTROL_TOKEN") or None,
        metavar="TOKEN",
        help="what that mock's control plane asks for (default: $GREENROOM_CONTROL_TOKEN)",
    )
    add("--answers", action="store_true", help="print each answer below its step")


def add_request(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `greenroom request`."""
    parser.add_argument("operation", help="the operationId, such as go_live")
    parser.add_argument(
        "values",
        nargs="*",
        metavar="NAME=VALUE",
        help="id=…, as=PERSONA, body=JSON, and the parameters of the query; "
        "$name stands for what the scenario saved",
    )
    parser.add_argument("--scenario", metavar="NAME|FILE", default="demo", help="what went before")
    parser.add_argument("--seed", type=options.seed, help="what to grow ids, names and curves from")
    parser.set_defaults(run=_request)


def _list(_: argparse.Namespace) -> int:
    from mock_server.scenarios import load_scenario, story_names  # noqa: PLC0415

    for name in story_names():
        scenario = load_scenario(name)
        first, end, _rest = scenario.description.partition(". ")
        say(f"{name:<14} {len(scenario.steps):>3} steps  {first}{end.strip()}")
    return 0


def _schema(_: argparse.Namespace) -> int:
    say(_SCHEMA.read_text(encoding="utf-8").rstrip("\n"))
    return 0


def _check(chosen: argparse.Namespace) -> int:
    from mock_server.playing.check import check_scenario  # noqa: PLC0415
    from mock_server.scenarios import (  # noqa: PLC0415
        ScenarioMistakes,
        load_scenario,
        story_names,
    )
    from mock_server.seeds.errors import SeedError, SeedNotFound  # noqa: PLC0415

    asked: Sequence[str] = chosen.scenarios or story_names()
    catalogue = _catalogue()
    mistakes: list[SeedError] = []
    for each in asked:
        try:
            mistakes += check_scenario(load_scenario(each), catalogue)
        except SeedNotFound as error:
            return _impossible(error)
        except ScenarioMistakes as error:
            mistakes += error.mistakes
        except SeedError as error:
            mistakes.append(error)
    for mistake in mistakes:
        say(str(mistake))
    sys.stderr.write(f"{len(asked)} scenarios, {len(mistakes) or 'no'} mistakes\n")
    return _FAILED if mistakes else 0


def _run(chosen: argparse.Namespace) -> int:
    from mock_server.playing.check import check_scenario  # noqa: PLC0415
    from mock_server.scenarios import ScenarioFailed, ScenarioMistakes, load_scenario  # noqa: PLC0415

    told = _Told(answers=chosen.answers)
    try:
        scenario = load_scenario(chosen.scenario)
        catalogue = _catalogue()
        mistakes = check_scenario(scenario, catalogue)
        if mistakes:
            raise ScenarioMistakes(mistakes)
        if chosen.url is None:
            _play_here(scenario, chosen.seed, told)
        else:
            _play_there(scenario, chosen, catalogue, told)
    except ScenarioFailed:
        # The line of the step has said it.
        pass
    except OperatorError as error:
        return _impossible(error)
    failed = told.failed
    say(f"{told.passed} of {len(scenario.steps)} steps pass{', the next does not' * failed}")
    return _FAILED if failed else 0


class _Told:
    """Print a line for each step, and count those that pass."""

    def __init__(self, *, answers: bool) -> None:
        self.passed = 0
        self.failed = False
        self._answers = answers

    def __call__(self, played: Played) -> None:
        self.failed = bool(played.problems)
        self.passed += not self.failed
        verdict = "FAIL" if self.failed else "pass"
        said = played.said
        line = f"{played.now:%Y-%m-%dT%H:%M:%SZ}  {verdict}  {_named(played.step)}"
        if said is not None:
            line = f"{line} {said.status}"
        if played.problems:
            line = f"{line}  line {played.step.line}: {'; '.join(played.problems)}"
        say(line.rstrip())
        if self._answers and said is not None:
            say(f"    {said.body.decode()}")


def _named(step: object) -> str:
    from mock_server.scenarios import AskStep, Reference  # noqa: PLC0415

    if not isinstance(step, AskStep):
        return "clock"
    caller = f"${step.caller.name}" if isinstance(step.caller, Reference) else step.caller
    return f"{step.operation:<24} {caller:<13}"


def _play_here(scenario: Scenario, seed: int | None, watch: Any) -> None:
    from mock_server.contract.load import bundle_path, load_contract  # noqa: PLC0415
    from mock_server.playing.inside import play_here  # noqa: PLC0415

    play_here(load_contract(bundle_path("openapi")), scenario, Settings(seed=seed), watch)


def _play_there(
    scenario: Scenario, chosen: argparse.Namespace, catalogue: Catalogue, watch: _Told
) -> None:
    from mock_server.playing.over_http import OverHttp, connect  # noqa: PLC0415
    from mock_server.playing.play import play  # noqa: PLC0415

    with connect(chosen.url) as client:
        there = OverHttp(client, chosen.world, scenario, chosen.control_token)
        there.begin(seed=scenario.seed if chosen.seed is None else chosen.seed)
        for played in play(scenario, there, catalogue):
            watch(played)
        there.finish()


def _request(chosen: argparse.Namespace) -> int:
    from mock_server.scenarios import ScenarioFailed, load_scenario  # noqa: PLC0415

    played: list[Played] = []
    try:
        step = _step(chosen.operation, chosen.values)
        story = load_scenario(chosen.scenario)
        asked = replace(story, steps=(*story.steps, step))
        try:
            _play_here(asked, chosen.seed, played.append)
        except ScenarioFailed:
            # The last answer may well be a refusal; a story that fails before it may not.
            if played[-1].step is not step:
                raise
            if played[-1].said is None:
                raise OperatorError("; ".join(played[-1].problems)) from None
    except OperatorError as error:
        return _impossible(error)
    said = played[-1].said
    assert said is not None, "what was asked was answered"
    sys.stderr.write(f"{' '.join(_named(step).split())}: {said.status}\n")
    say(said.body.decode())
    return 0 if said.status < 400 else _FAILED  # noqa: PLR2004


def _step(operation: str, values: Sequence[str]) -> AskStep:
    from mock_server.scenarios import AskStep  # noqa: PLC0415
    from mock_server.scenarios.read import read_step  # noqa: PLC0415
    from mock_server.seeds.nodes import compose  # noqa: PLC0415

    asked: dict[str, Any] = {}
    query: dict[str, str] = {}
    written: dict[str, Any] = {"operation": operation, "with": asked}
    for value in values:
        name, is_given, text = value.partition("=")
        if not is_given:
            raise OperatorError(f"`{value}` has no `=`, must be like id=… or as=viewer")
        if name == "as":
            written["as"] = text
        elif name == "id":
            asked["id"] = text
        elif name == "body":
            asked["body"] = _json(text)
        else:
            query[name] = text
    if query:
        asked["query"] = query
    # JSON is YAML: so what is typed is read, and refused, as what is written in a file.
    step = read_step(compose("the command", json.dumps(written), kind="request"))
    assert isinstance(step, AskStep), "a request is no change of the clock"
    return step


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise OperatorError(f"`body` is not JSON: {error}") from None


def _catalogue() -> Catalogue:
    from mock_server.contract.load import bundle_path, load_contract  # noqa: PLC0415
    from mock_server.playing.catalogue import Catalogue  # noqa: PLC0415

    return Catalogue(load_contract(bundle_path("openapi")))


def _impossible(error: OperatorError) -> int:
    sys.stderr.write(f"greenroom: {error}\n")
    return _IMPOSSIBLE

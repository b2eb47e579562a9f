from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from schemathesis.checks import CHECKS, load_all_checks

from conformance import generated, stagehand
from conformance.contract import bundled
from conformance.generated import RULES, configuration
from conformance.ledger import Ledger
from conformance.manners import Gate, Manners
from conformance.stagehand import Stagehand
from conformance.world import Stage

FOREIGN = "0b6f3c1e-8a4d-4f7b-9c52-3e1d7a60b4f8"
OWN = "d4a1e7b2-56c3-4e0f-8b9d-2f7c61a0935e"
KEPT = "5b08d3f6-e94a-4c27-a1b3-70e6c5d29f18"
FRESH = "9e25c7d1-04ab-4c3f-b6e8-51f0d2a7c934"
STAGE = Stage(room=KEPT, session=KEPT, preset=KEPT)


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Stagehand:
    """A stagehand in a world with one thing of its own and one that is kept for others."""
    ledger = Ledger("run")
    for id_ in (OWN, KEPT):
        ledger.confirm(ledger.intend("room", "host", scope=1), id_)
    ledger.keep(KEPT)
    scene = SimpleNamespace(id=FRESH)
    monkeypatch.setattr(stagehand, "scene_for", lambda *_: scene)
    world: Any = SimpleNamespace(
        contract=bundled(),
        api=SimpleNamespace(ledger=ledger, scope=1, gate=Gate(Manners())),
        stage=lambda: STAGE,
        run_id="run",
    )
    return Stagehand(world)


def case(operation: str, id_: str | None = None, body: object = None) -> Any:
    found = bundled().operations[operation]
    raw = {"operationId": operation}
    return SimpleNamespace(
        id="case",
        method=found.method,
        path_parameters={"id": id_} if id_ else {},
        body=body,
        operation=SimpleNamespace(
            definition=SimpleNamespace(raw=raw), label=operation, method=found.method
        ),
    )


@pytest.mark.parametrize("operation", ["delete_room", "update_room", "end_session", "join_session"])
@pytest.mark.parametrize("id_", [FOREIGN, FOREIGN.upper(), KEPT])
def test_what_belongs_to_others_is_never_touched(hand: Stagehand, operation: str, id_: str) -> None:
    sent = case(operation, id_)
    hand.before(sent)
    assert sent.path_parameters["id"] == FRESH


@pytest.mark.parametrize("id_", [OWN, OWN.upper(), "not-a-uuid", "1"])
def test_own_things_and_malformed_ids_are_left_alone(hand: Stagehand, id_: str) -> None:
    sent = case("delete_room", id_)
    hand.before(sent)
    assert sent.path_parameters["id"] == id_


def test_generated_requests_use_the_runs_preset_and_session(hand: Stagehand) -> None:
    sent = case("create_session", OWN, {"title": "xyz", "preset_id": FOREIGN})
    hand.before(sent)
    assert sent.body == {"title": "run xyz", "preset_id": KEPT}
    sent = case("create_auth_code", None, {"session_id": FOREIGN})
    hand.before(sent)
    assert sent.body == {"session_id": KEPT}


def test_what_is_generated_is_written_down_before_and_after(hand: Stagehand, reply) -> None:
    ledger = hand.world.api.ledger
    sent = case("create_room", None, {"title": "xyz"})
    hand.before(sent)
    assert next(entry.id for entry in ledger.entries()) is None
    hand.after(sent, reply("create_room", 201, {"data": {"room": {"id": FRESH}}}))
    assert next(entry.id for entry in ledger.entries()) == FRESH
    gone = case("delete_room", FRESH)
    hand.after(gone, reply("delete_room", 200, {}, method="DELETE", path=f"/rooms/{FRESH}"))
    assert FRESH not in [entry.id for entry in ledger.entries()]


def test_no_file_in_the_users_folder_configures_the_run() -> None:
    suite: Any = SimpleNamespace(
        options=SimpleNamespace(profile="full", seed=7, manners=Manners()),
        client=SimpleNamespace(base_url="http://host.test/v1/webinar"),
        world=SimpleNamespace(host=SimpleNamespace(token="t")),
    )
    found = configuration(suite, generated.UNIT_PHASES["full"])
    assert found.seed == 7
    assert not found.cache.enabled
    project = found.projects.default
    assert project.generation.database == "none"
    assert project.phases.fuzzing.enabled
    assert project.max_redirects == 0
    assert not project.phases.stateful.enabled
    assert not project.checks.get_by_name(name="response_schema_conformance").enabled


def test_every_check_of_the_generator_has_a_rule_or_is_off() -> None:
    load_all_checks()
    assert {check.__name__ for check in CHECKS.get_all()} == {*RULES, *generated.OFF}


def test_what_has_most_to_try_begins_first_and_nothing_is_lost() -> None:
    contract = bundled()
    paths = list(generated.longest_first(contract)["paths"])
    assert set(paths[:2]) == {"/presets", "/presets/{id}"}
    assert sorted(paths) == sorted(contract.document["paths"])

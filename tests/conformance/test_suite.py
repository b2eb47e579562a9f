from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.identities import BadIdentities
from conformance.ledger import Entry
from conformance.suite import Options, Suite, opened
from conformance.verdicts import Verdict
from conformance.world import Blocked, found, needed

BASE = "/v1/webinar"
ROOM = "0b6f3c1e-8a4d-4f7b-9c52-3e1d7a60b4f8"
SESSION = "d4a1e7b2-56c3-4e0f-8b9d-2f7c61a0935e"
DONE = (200, {"success": True, "data": {}, "timestamp": 1})


@pytest.fixture
def suite(stub, monkeypatch) -> Iterator[Suite]:
    monkeypatch.setenv("GREENROOM_HOST_TOKEN", "host-token")
    with opened(Options(base_url=stub.url, run_id="gr-test")) as made:
        stub.seen.clear()
        yield made


def book(suite: Suite, kind: str, id_: str | None) -> Entry:
    entry = suite.client.ledger.intend(kind, "host", name="gr-test a thing")
    if id_:
        suite.client.ledger.confirm(entry, id_)
    return entry


def test_a_live_session_is_ended_before_its_room_goes(stub, suite: Suite) -> None:
    tries = [DONE, (409, {})]
    stub.answers[f"DELETE {BASE}/rooms/{ROOM}"] = lambda _: tries.pop()
    stub.answers[f"GET {BASE}/rooms/{ROOM}"] = (200, {"data": {"active_session_id": SESSION}})
    stub.answers[f"POST {BASE}/sessions/{SESSION}/end"] = DONE
    book(suite, "room", ROOM)
    assert suite.clean() == []
    assert [f"{method} {path.removeprefix(BASE)}" for method, path in stub.seen] == [
        f"DELETE /rooms/{ROOM}",
        f"GET /rooms/{ROOM}",
        f"POST /sessions/{SESSION}/end",
        f"DELETE /rooms/{ROOM}",
    ]


def test_what_is_gone_already_is_gone(stub, suite: Suite) -> None:
    book(suite, "room", ROOM)
    book(suite, "preset", SESSION)
    assert suite.clean() == []


def test_what_will_not_go_is_left_behind_without_a_verdict(stub, suite: Suite) -> None:
    stub.answers[f"DELETE {BASE}/presets/{ROOM}"] = (409, {})
    stub.answers[f"DELETE {BASE}/rooms/{ROOM}"] = lambda _: 1 / 0
    book(suite, "preset", ROOM)
    book(suite, "room", ROOM)
    assert [entry.kind for entry in suite.clean()] == ["room", "preset"]
    suite.client.ledger.gone(ROOM)


def test_a_creation_that_was_never_answered_is_found_by_the_run_id(stub, suite: Suite) -> None:
    rows = [{"id": ROOM, "title": "gr-test a thing"}, {"id": SESSION, "title": "gr-test another"}]
    stub.answers[f"GET {BASE}/rooms/my"] = (200, {"data": {"rooms": rows}})
    stub.answers[f"DELETE {BASE}/rooms/{ROOM}"] = DONE
    book(suite, "room", None)
    assert suite.clean() == []
    assert [method for method, _ in stub.seen] == ["GET", "DELETE"]


def test_everything_goes_when_the_run_ends(stub, monkeypatch) -> None:
    monkeypatch.setenv("GREENROOM_HOST_TOKEN", "host-token")
    stub.answers[f"DELETE {BASE}/rooms/{ROOM}"] = DONE
    with opened(Options(base_url=stub.url)) as made:
        book(made, "room", ROOM)
    assert ("DELETE", f"{BASE}/rooms/{ROOM}") in stub.seen


def test_the_file_comes_before_the_environment_and_it_before_personas(
    stub, tmp_path, monkeypatch
) -> None:
    persona = {"name": "host", "access_token": "viewer-token"}
    stub.answers["GET /_mock/personas"] = (200, {"data": {"personas": [persona]}})
    with opened(Options(base_url=stub.url)) as made:
        assert made.world.host.token == "viewer-token"
    monkeypatch.setenv("GREENROOM_HOST_TOKEN", "host-token")
    with opened(Options(base_url=stub.url)) as made:
        assert made.world.host.token == "host-token"
    file = tmp_path / "ids.toml"
    file.write_text('[viewer]\ntoken = "viewer-token"')
    with opened(Options(base_url=stub.url, identities=file)) as made:
        assert made.world.viewer.token == "viewer-token"
        assert made.world.host.token == "host-token"
    with (
        pytest.raises(BadIdentities),
        opened(Options(base_url=stub.url, identities=tmp_path / "no.toml")),
    ):
        pytest.fail("the file is not there")


def test_a_missing_caller_makes_the_rule_unsupported(stub) -> None:
    with (
        opened(Options(base_url=stub.url)) as made,
        pytest.raises(pytest.skip.Exception, match="GREENROOM_OTHER_HOST_TOKEN"),
    ):
        made.world.other_host  # noqa: B018


def test_a_scene_that_cannot_be_set_blocks_and_names_what_it_waits_for(reply) -> None:
    with pytest.raises(Blocked, match="waits for `create_room`: 500"):
        needed(reply("create_room", 500, {}))
    with pytest.raises(Blocked, match=r"no `data.room` in the answer"):
        found(reply("create_room", 201, {"data": {}}), "data", "room")


def test_an_answer_is_judged_by_the_rules_for_all_answers(suite: Suite, reply) -> None:
    refusal = {"success": False, "error": "x", "timestamp": 1}
    suite.watch(reply("get_me", 401, refusal))
    suite.watch(reply("get_session_stats", 200, {"success": True, "timestamp": 1}))
    told = {(outcome.rule, outcome.item): outcome.verdict for outcome in suite.drain()}
    assert told == {
        ("response.challenge", "get_me"): Verdict.FAIL,
        ("response.envelope", "get_session_stats"): Verdict.FAIL,
        ("*", "get_me 401"): Verdict.PASS,
        ("*", "get_session_stats 200"): Verdict.PASS,
    }
    assert suite.drain() == []


def test_only_selected_rules_judge_an_answer(stub, reply) -> None:
    options = Options(base_url=stub.url, rules=("response.status",))
    with opened(options) as made:
        made.watch(reply("get_me", 401, {"success": False, "error": "x", "timestamp": 1}))
        assert [outcome.rule for outcome in made.drain()] == ["*"]


def test_the_run_is_named_in_every_title(suite: Suite) -> None:
    assert suite.world.title("a room").startswith("gr-test ")

from __future__ import annotations

from dataclasses import replace

from conformance.errors import UNCHANGED
from conformance.exchange import Exchange
from conformance.ranking import ranked
from conformance.rule import Rule, rules
from conformance.verdicts import Failure, Outcome, Verdict, tallies


def named(*broken: tuple[str, str, int, int]) -> list[str]:
    """Return the order of rules of which some tries failed: id, operations, failed, passed."""
    outcomes = []
    for rule, operations, failed, passed in broken:
        for number in range(failed):
            where = operations.split()[number % len(operations.split())] if operations else ""
            failure = Failure(f"try {number}", "a", "b", operation=where)
            outcomes.append(Outcome(rule, Verdict.FAIL, f"{number}", failure=failure))
        outcomes.append(Outcome(rule, Verdict.PASS, "others", count=passed))
    return [tally.rule.id for tally in ranked(tallies(outcomes, rules()).values())]


def first_of(*broken: tuple[str, str, str, int]) -> str:
    """Return the first of rules that failed once each: id, operation, what was due, the status."""
    outcomes = []
    for rule, operation, due, status in broken:
        exchange = Exchange("GET", "/", (), "", status, (), "")
        failure = Failure(operation, due, "else", operation=operation, exchange=exchange)
        outcomes.append(Outcome(rule, Verdict.FAIL, operation, failure=failure))
    return ranked(tallies(outcomes, rules()).values())[0].rule.id


def test_an_answer_of_the_wrong_shape_comes_before_what_is_built_on_it():
    assert named(("room.change", "get_room", 3, 0), ("response.schema", "get_room", 9, 900)) == [
        "response.schema",
        "room.change",
    ]


def test_shapes_are_named_from_the_outside_in():
    everything = (
        "response.schema",
        "response.envelope",
        "response.content_type",
        "response.status",
    )
    assert named(*((rule, "get_room", 9, 900) for rule in everything)) == list(everything[::-1])


def test_an_unknown_path_is_named_by_the_rule_about_paths():
    assert named(("response.envelope", "", 30, 900), ("http.path", "", 27, 0))[0] == "http.path"


def test_a_story_and_a_race_come_after_the_rule_that_fails_without_them():
    assert named(
        ("concurrency.code", "exchange_auth_code", 1, 0),
        ("journey.evening", "exchange_auth_code", 1, 0),
        ("auth.code", "exchange_auth_code", 2, 0),
    ) == ["auth.code", "concurrency.code", "journey.evening"]


def test_the_rule_that_failed_at_every_place_comes_before_those_that_met_one_of_them():
    assert named(
        ("access.private_lists", "list_my_rooms", 1, 0),
        ("list.bounds", "list_rooms list_my_rooms list_sessions", 3, 0),
        ("room.shown_alike", "list_rooms", 3, 0),
        ("session.delete", "list_sessions", 2, 0),
    )[0] == "list.bounds"  # fmt: skip


def test_one_failed_row_of_a_table_comes_before_an_only_try():
    assert named(
        ("access.private_lists", "list_my_rooms", 1, 0),
        ("access.role", "create_room", 1, 17),
        ("credentials.both", "create_room", 1, 2),
    ) == ["access.role", "credentials.both", "access.private_lists"]


def test_two_mistakes_at_once_and_two_things_apart_come_after_the_rule_about_one():
    assert named(
        ("refusal.order", "get_room", 1, 99),
        ("session.join.apart", "join_session", 1, 0),
        ("access.owner", "get_room", 1, 0),
        ("session.join.limit", "join_session", 1, 0),
    )[2:] == ["refusal.order", "session.join.apart"]


def test_an_undocumented_refusal_is_explained_by_the_rule_that_asked_for_it():
    refused = Exchange("GET", "/rooms", (), "", 404, (), "")
    made = replace(refused, status=204)

    def first(exchange):
        failure = Failure("a", "b", "c", operation="list_rooms", exchange=exchange)
        outcomes = [
            Outcome("response.status", Verdict.FAIL, "an answer", failure=failure),
            Outcome("list.past_the_end", Verdict.FAIL, "past", failure=failure),
        ]
        return ranked(tallies(outcomes, rules()).values())[0].rule.id

    assert first(refused) == "list.past_the_end"
    assert first(made) == "response.status"


def test_a_contradiction_is_explained_by_the_rule_that_asked_for_the_answer():
    asked = ("preset.foreign", "create_session", 1, 1)
    contradiction = ("invariant.session.preset", "create_session", 1, 5000)
    assert named(contradiction, asked)[0] == "preset.foreign"


def test_a_contradiction_that_nobody_asked_for_is_the_cause():
    counted = ("stats.exact", "get_session_stats", 1, 0)
    contradiction = ("invariant.session.expiry", "list_sessions", 27, 5000)
    assert named(counted, contradiction)[0] == "invariant.session.expiry"


def test_the_shape_of_an_answer_that_had_to_be_a_refusal_is_explained_by_what_asked_for_it():
    shape = ("response.schema", "list_rooms", "a body that keeps the schema", 200)
    assert first_of(shape, ("list.malformed", "list_rooms", "400", 200)) == "list.malformed"
    assert first_of(shape, ("list.malformed", "list_rooms", "400", 422)) == "response.schema"
    assert first_of(shape, ("list.malformed", "list_sessions", "400", 200)) == "response.schema"


def test_a_wrong_answer_comes_before_the_refusals_that_follow_from_it():
    refused = ("session.lifecycle.webcam_only", "start_webcam_hls", "200", 409)
    bounds = ("body.bounds.inside", "start_webcam_hls", "200 for `title` being long", 409)
    otherwise = ("session.lifecycle.refused", "start_webcam_hls", "409", 403)
    without_data = ("list.past_the_end", "list_rooms", "a value at `data`", 401)
    for each in (refused, bounds, otherwise, without_data):
        mode = ("session.mode", "create_session", "a mode", 201)
        assert first_of(each, each, mode) == "session.mode"


def test_reading_that_changes_something_comes_before_refusals_beside_which_it_changed():
    beside = (("access.role", place, UNCHANGED, 403) for place in ("update_room", "delete_room"))
    assert first_of(*beside, ("read.safe", "get_room", UNCHANGED, 200)) == "read.safe"


def test_a_rule_that_failed_in_all_its_tries_and_places_comes_before_one_that_failed_in_some():
    missing = " ".join(rules()["body.missing"].operations)
    assert named(("access.malformed_id", missing, 13, 9), ("body.missing", missing, 14, 0)) == [
        "body.missing",
        "access.malformed_id",
    ]


def test_tries_that_all_failed_at_one_of_the_rules_operations_say_less_than_the_row_of_a_table():
    assert named(
        ("media.addresses", "go_live", 3, 0), ("session.lifecycle.allowed", "go_live", 1, 32)
    ) == ["session.lifecycle.allowed", "media.addresses"]


def test_tries_that_all_failed_at_a_later_step_say_no_more_than_the_rule_about_that_step():
    outcomes = [
        Outcome(rule, Verdict.FAIL, about, failure=Failure(about, "a", "b", operation="logout"))
        for rule, abouts in (
            ("auth.pair", ("login", "register_viewer", "device_login", "refresh_tokens")),
            ("auth.logout", ("logging out",)),
        )
        for about in abouts
    ]
    assert ranked(tallies(outcomes, rules()).values())[0].rule.id == "auth.logout"


def test_of_rules_that_failed_alike_the_one_with_more_that_passed_comes_first():
    assert named(
        ("body.read_only", "update_room", 1, 2), ("resource.empty_change", "update_room", 2, 4)
    ) == ["resource.empty_change", "body.read_only"]


def test_what_is_explained_already_explains_nothing():
    assert named(
        ("access.malformed_id", "end_session", 1, 8),
        ("journey.evening", "end_session", 1, 0),
        ("refusal.order", "end_session", 1, 30),
        ("room.change", "get_room", 1, 9),
        ("room.text", "get_room", 1, 0),
    )[0] == "room.change"  # fmt: skip


def test_what_did_not_fail_follows_by_its_id():
    assert named(
        ("room.change", "", 0, 1), ("auth.code", "", 0, 1), ("time.updated", "", 1, 0)
    ) == [
        "time.updated",
        "auth.code",
        "room.change",
    ]


def test_a_rule_of_somebody_elses_is_ranked_too():
    own = Rule("ours.house", "decided", "It MUST be so", "#/x")
    failing = Outcome("ours.house", Verdict.FAIL, "x", failure=Failure("x", "a", "b"))
    assert [t.rule.id for t in ranked(tallies([failing], {own.id: own}).values())] == ["ours.house"]

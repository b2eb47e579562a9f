"""What `greenroom serve` shows first: enough of everything, and nothing that looks generated."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from mock_server.domain.entities import (
    Entity,
    Participant,
    Preset,
    Room,
    Session,
    Status,
    User,
)
from mock_server.domain.lifecycle import observe
from mock_server.domain.sessions import effective_join_limit
from mock_server.seeds import load_seed, person_id, plant

NOW = datetime(2026, 3, 1, 12, 34, 56, tzinfo=UTC)


@pytest.fixture(scope="module", params=[1, 42])
def world(request: pytest.FixtureRequest) -> list[Entity]:
    return plant(load_seed("demo"), seed=request.param, now=NOW)


def sessions(world: list[Entity], status: Status) -> list[Session]:
    found = [entity for entity in world if isinstance(entity, Session)]
    return [session for session in found if observe(session, NOW) == status]


def test_there_are_enough_rooms_sessions_presets_and_people(world: list[Entity]) -> None:
    counts = Counter(type(entity) for entity in world)

    assert counts[Room] >= 6
    assert counts[Session] >= 30
    assert counts[Preset] >= 4
    assert counts[User] >= 12
    assert {preset.type for preset in world if isinstance(preset, Preset)} == {"whip", "rtmp"}


@pytest.mark.parametrize("status", ["scheduled", "live", "ended", "expired"])
def test_each_status_is_there_in_both_modes(world: list[Entity], status: Status) -> None:
    assert len(sessions(world, status)) >= 4
    assert {session.mode for session in sessions(world, status)} == {"webcam", "rtmp"}


def test_several_are_live_one_of_them_not_on_air(world: list[Entity]) -> None:
    on_air = [session.broadcast_at is not None for session in sessions(world, "live")]

    assert on_air.count(True) >= 3
    assert on_air.count(False) == 1


def test_one_live_session_is_sold_out_by_people_who_joined(world: list[Entity]) -> None:
    presets = {preset.id: preset for preset in world if isinstance(preset, Preset)}
    inside = Counter(each.session_id for each in world if isinstance(each, Participant))
    sold_out = [
        session
        for session in sessions(world, "live")
        if inside[session.id] == effective_join_limit(session, presets[session.preset_id])
    ]

    assert len(sold_out) == 1
    assert sold_out[0].max_join_limit_override == inside[sold_out[0].id]


def test_people_come_from_several_organisations_and_languages(world: list[Entity]) -> None:
    users = [user for user in world if isinstance(user, User)]
    hosts = {user.organization_id for user in users if user.role == "host"}

    assert len(hosts) >= 3
    assert any(not user.username.isascii() for user in users)
    assert len({user.username for user in users}) == len(users)
    shared = Counter(user.organization_id for user in users if user.role == "host")
    assert max(shared.values()) >= 2


def test_no_two_sessions_or_rooms_have_the_same_title(world: list[Entity]) -> None:
    titles = Counter(each.title for each in world if isinstance(each, Room | Session))

    assert max(titles.values()) == 1


def test_start_times_are_ones_that_people_choose(world: list[Entity]) -> None:
    for session in world:
        if isinstance(session, Session) and session.scheduled_start_time is not None:
            assert session.scheduled_start_time.minute % 5 == 0
            assert session.scheduled_start_time.second == 0


def test_a_session_is_about_to_start_and_one_is_late(world: list[Entity]) -> None:
    waits = [
        session.scheduled_start_time - NOW
        for session in sessions(world, "scheduled")
        if session.scheduled_start_time is not None
    ]

    assert any(timedelta(0) < wait < timedelta(minutes=31) for wait in waits)
    assert any(-timedelta(minutes=16) < wait < timedelta(0) for wait in waits)
    assert any(session.scheduled_start_time is None for session in sessions(world, "scheduled"))


@pytest.mark.parametrize("name", ["demo", "empty"])
def test_the_personas_are_the_ones_everybody_relies_on(name: str) -> None:
    personas = {persona.name: persona for persona in load_seed(name).personas}

    assert list(personas) == [
        "host",
        "other_host",
        "viewer",
        "other_viewer",
        "co_host",
        "moderator",
        "banned_viewer",
        "expired",
        "malformed",
    ]
    for somebody in list(personas)[:-2]:
        word = somebody.replace("_", "-")
        assert personas[somebody].api_key == f"greenroom-{word}-key"
        assert personas[somebody].password == f"let-me-in-{word}"
        assert personas[somebody].email
    assert personas["expired"].api_key is personas["malformed"].password is None


@pytest.mark.parametrize("name", ["demo", "empty"])
def test_both_hosts_have_a_preset_and_different_organisations(name: str) -> None:
    world = plant(load_seed(name), seed=1, now=NOW)
    users = {user.id: user for user in world if isinstance(user, User)}
    host, other = (person_id(1, key) for key in ("product-manager", "professor"))
    owners = {preset.user_id for preset in world if isinstance(preset, Preset)}

    assert {host, other} <= owners
    assert users[host].organization_id != users[other].organization_id
    assert users[host].role == users[other].role == "host"


def test_the_host_has_a_room_on_air_and_the_empty_world_has_no_rooms() -> None:
    demo, empty = (plant(load_seed(name), seed=1, now=NOW) for name in ("demo", "empty"))
    mine = {
        room.id
        for room in demo
        if isinstance(room, Room) and room.host_id == person_id(1, "product-manager")
    }

    assert any(
        session.broadcast_at for session in sessions(demo, "live") if session.room_id in mine
    )
    assert not [entity for entity in empty if isinstance(entity, Room | Session)]

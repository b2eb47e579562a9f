from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.domain.entities import (
    ApiKey,
    Entity,
    Participant,
    Preset,
    Room,
    Session,
    SignIn,
    User,
    World,
)
from mock_server.domain.identity import derive_uuid
from mock_server.domain.lifecycle import observe
from mock_server.domain.presets import DEFAULTS, OPTIONAL
from mock_server.domain.sessions import effective_join_limit
from mock_server.media.ingress import ingress_id, stream_key
from mock_server.seeds import SeedFile, load_seed, person_id, plant, sign_in_id

E = TypeVar("E")
NOW = datetime(2026, 3, 1, 12, 34, 56, 789_012, tzinfo=UTC)
SEEDS = st.integers(0, 2**32)
# From 1986 to 2096; everything a world contains lies within a year or two.
NOWS = st.floats(5e8, 4e9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
BUILT_IN = st.sampled_from([load_seed("demo"), load_seed("empty")])


def all_of(entities: list[Entity], kind: type[E]) -> list[E]:
    return [entity for entity in entities if isinstance(entity, kind)]


def planted(text: str, tmp_path: Path, *, seed: int = 1, now: datetime = NOW) -> list[Entity]:
    path = tmp_path / "world.yaml"
    path.write_text(text, encoding="utf-8")
    return plant(load_seed(str(path)), seed=seed, now=now)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(seed_file=BUILT_IN, seed=SEEDS, now=NOWS)
def test_the_same_seed_gives_the_same_world(seed_file: SeedFile, seed: int, now: datetime) -> None:
    assert plant(seed_file, seed=seed, now=now) == plant(seed_file, seed=seed, now=now)


def test_another_seed_gives_other_ids_names_and_keys() -> None:
    one, other = (plant(load_seed("demo"), seed=seed, now=NOW) for seed in (1, 2))

    def ids(entities: list[Entity]) -> set[str]:
        return {entity.id for entity in entities if not isinstance(entity, World | ApiKey)}

    assert not ids(one) & ids(other)
    names = [{user.username for user in all_of(world, User)} for world in (one, other)]
    assert len(names[0] - names[1]) > 10
    keys = [{session.stream_key for session in all_of(world, Session)} for world in (one, other)]
    assert not keys[0] & keys[1]


def test_another_moment_moves_the_times_and_nothing_else() -> None:
    later = NOW + timedelta(days=400, hours=3)
    one, other = (plant(load_seed("demo"), seed=1, now=now) for now in (NOW, later))

    assert [entity.id for entity in one] == [entity.id for entity in other]
    assert [session.title for session in all_of(one, Session)] == [
        session.title for session in all_of(other, Session)
    ]


@settings(derandomize=True, deadline=None, max_examples=60)
@given(seed_file=BUILT_IN, seed=SEEDS, now=NOWS)
def test_nothing_is_older_than_what_it_needs(seed_file: SeedFile, seed: int, now: datetime) -> None:
    world = plant(seed_file, seed=seed, now=now)
    made = {entity.id: entity.created_at for entity in world}

    for room in all_of(world, Room):
        assert made[room.host_id] < room.created_at <= room.updated_at <= now
    for preset in all_of(world, Preset):
        assert made[preset.user_id] < preset.created_at <= preset.updated_at <= now
    for session in all_of(world, Session):
        assert max(made[session.room_id], made[session.preset_id]) < session.created_at
        assert session.created_at <= session.updated_at <= now
    for participant in all_of(world, Participant):
        assert made[participant.user_id] < participant.created_at <= now
    for key in all_of(world, ApiKey):
        assert made[key.user_id] <= key.created_at <= now


@settings(derandomize=True, deadline=None, max_examples=60)
@given(seed_file=BUILT_IN, seed=SEEDS, now=NOWS)
def test_a_session_went_through_its_life_in_order(
    seed_file: SeedFile, seed: int, now: datetime
) -> None:
    world = plant(seed_file, seed=seed, now=now)
    stays = [(each.session_id, each.created_at) for each in all_of(world, Participant)]

    for session in all_of(world, Session):
        course = [session.created_at, session.started_at, session.broadcast_at, session.ended_at]
        happened = [time for time in course if time is not None]
        assert happened == sorted(happened)
        assert happened[-1] <= now
        assert session.state == expected_state(session)
        if session.scheduled_start_time is not None:
            assert session.created_at < session.scheduled_start_time
            if session.started_at is not None:
                expiry = session.scheduled_start_time + timedelta(hours=24)
                assert session.started_at < expiry
        for session_id, joined in stays:
            if session_id == session.id:
                assert session.started_at is not None
                assert session.started_at <= joined <= (session.ended_at or now)


def expected_state(session: Session) -> str:
    if session.ended_at is not None:
        return "ended"
    return "scheduled" if session.started_at is None else "live"


@settings(derandomize=True, deadline=None, max_examples=40)
@given(seed_file=BUILT_IN, seed=SEEDS, now=NOWS)
def test_everything_belongs_to_something_that_is_there(
    seed_file: SeedFile, seed: int, now: datetime
) -> None:
    world = plant(seed_file, seed=seed, now=now)
    users, rooms, presets, sessions = (
        {entity.id: entity for entity in all_of(world, kind)}
        for kind in (User, Room, Preset, Session)
    )

    for session in sessions.values():
        room, preset = rooms[session.room_id], presets[session.preset_id]
        host = users[room.host_id]
        assert preset.user_id == host.id
        assert host.library_id == room.library_id == preset.library_id
        assert host.role == "host"
        assert session.seats == (effective_join_limit(session, preset) if session.started_at else 0)
        inside = [each for each in all_of(world, Participant) if each.session_id == session.id]
        assert len(inside) <= effective_join_limit(session, preset)
        assert host.id not in {each.user_id for each in inside}
    live = [session.room_id for session in sessions.values() if session.state == "live"]
    assert len(live) == len(set(live))
    emails = [user.email for user in users.values()]
    assert len(emails) == len({email.casefold() for email in emails})
    assert all(re.fullmatch(r"[a-z0-9.]+@[a-z0-9.-]+\.test", email) for email in emails)
    identities = [(type(entity), entity.id) for entity in world]
    assert len(identities) == len(set(identities))


@settings(derandomize=True, deadline=None, max_examples=40)
@given(seed=SEEDS, now=NOWS)
def test_the_newest_first_order_is_settled_by_time_alone(seed: int, now: datetime) -> None:
    world = plant(load_seed("demo"), seed=seed, now=now)

    for kind in (Room, Preset, Session):
        times = [entity.created_at for entity in all_of(world, kind)]
        assert len(times) == len(set(times))


def test_sessions_have_the_keys_an_operation_would_have_given_them() -> None:
    for session in all_of(plant(load_seed("demo"), seed=9, now=NOW), Session):
        assert session.stream_key == stream_key(9, session.id)
        assert session.ingress_id == ingress_id(9, session.id)


def test_a_preset_has_every_setting_of_the_contract() -> None:
    for preset in all_of(plant(load_seed("demo"), seed=1, now=NOW), Preset):
        assert set(DEFAULTS) <= set(preset.settings) <= {*DEFAULTS, *OPTIONAL}


@pytest.mark.parametrize("name", ["demo", "empty"])
def test_a_persona_has_a_user_a_sign_in_and_its_key(name: str) -> None:
    seed_file = load_seed(name)
    world = plant(seed_file, seed=5, now=NOW)
    users = {user.id: user for user in all_of(world, User)}
    sign_ins = {each.id: each.user_id for each in all_of(world, SignIn)}
    keys = {each.id: each.user_id for each in all_of(world, ApiKey)}

    assert len(sign_ins) == len(seed_file.personas)
    for persona in seed_file.personas:
        user_id = person_id(5, persona.person_key)
        assert sign_ins[sign_in_id(5, persona.person_key)] == user_id
        assert sign_in_id(5, persona.person_key) == derive_uuid(5, "sign_in", persona.person_key)
        assert users[user_id].password == persona.password
        assert keys.get(persona.api_key or "") == (user_id if persona.api_key else None)
        if persona.email is not None:
            assert users[user_id].email == persona.email


def test_the_world_says_what_it_is_a_function_of() -> None:
    world = plant(load_seed("demo"), seed=5, now=NOW)[0]

    assert world == World(id="world", seed=5, scenario="demo", created_at=NOW)


COMPANY = """
version: 1
organizations: {harbour: {}}
people:
  ada: {role: host, organization: harbour, name: Ada Ørsted}
  eda: {role: viewer, organization: harbour, name: Ada Ørsted}
  ida: {role: viewer, organization: harbour, email: ada.orsted2@harbour.test, name: Ada Ørsted}
  guest: {role: viewer, name: Zoë}
presets:
  desk: {owner: ada, type: whip}
  mixer: {owner: ada, type: rtmp}
rooms:
  hall: {host: ada, analytics: {google_tag_manager: {enabled: true}}}
sessions:
"""


def test_people_of_one_name_and_company_have_addresses_of_their_own(tmp_path: Path) -> None:
    users = all_of(planted(COMPANY, tmp_path), User)

    assert [user.email for user in users[:3]] == [
        "ada.orsted@harbour.test",
        "ada.orsted3@harbour.test",
        "ada.orsted2@harbour.test",
    ]
    assert re.fullmatch(r"zoe\.[0-9a-f]{8}@guests\.greenroom\.test", users[3].email)
    assert users[3].username == "Zoë"


def test_what_is_left_out_is_filled_in(tmp_path: Path) -> None:
    world = planted(COMPANY + "  talk: {room: hall, preset: mixer}\n", tmp_path)
    (room,), (session,) = all_of(world, Room), all_of(world, Session)

    assert len(room.title) >= 3
    assert room.analytics is not None
    assert re.fullmatch(r"GTM-[A-Z0-9]{7}", room.analytics["google_tag_manager"]["container_id"])
    assert len(session.title) >= 3
    assert session.description
    assert session.mode == "rtmp"
    assert observe(session, NOW + timedelta(days=999)) == "scheduled"


def test_a_description_is_not_put_under_the_authors_own_title(tmp_path: Path) -> None:
    text = COMPANY + "  talk: {room: hall, preset: desk, title: Mine, mode: rtmp}\n"
    (session,) = all_of(planted(text, tmp_path), Session)

    assert session.title == "Mine"
    assert session.description is None
    assert session.mode == "rtmp"


def test_times_are_exact_to_the_millisecond_without_a_step(tmp_path: Path) -> None:
    text = COMPANY + (
        "  talk: {room: hall, preset: desk, created: -2h, starts: -35m, started: -30m,"
        " broadcast: -29m, ended: -10m, overrides: {max_join_limit: 7, chat_enabled: false}}\n"
    )
    (session,) = all_of(planted(text, tmp_path), Session)
    now = NOW.replace(microsecond=789_000)

    assert session.created_at == now - timedelta(hours=2)
    assert session.scheduled_start_time == now - timedelta(minutes=35)
    assert session.started_at == now - timedelta(minutes=30)
    assert session.broadcast_at == now - timedelta(minutes=29)
    assert session.ended_at == session.updated_at == now - timedelta(minutes=10)
    assert (session.seats, session.max_join_limit_override) == (7, 7)
    assert session.chat_enabled_override is False
    assert session.stage_enabled_override is None


def test_a_step_moves_starts_away_from_now(tmp_path: Path) -> None:
    text = COMPANY.replace("version: 1", "version: 1\nschedule_step: 15m") + (
        "  past: {room: hall, preset: desk, starts: -25h}\n"
        "  next: {room: hall, preset: desk, starts: +20m}\n"
    )
    past, following = all_of(planted(text, tmp_path), Session)

    assert past.scheduled_start_time == datetime(2026, 2, 28, 11, 30, tzinfo=UTC)
    assert following.scheduled_start_time == datetime(2026, 3, 1, 13, 0, tzinfo=UTC)
    assert observe(past, NOW) == "expired"


def test_sessions_made_at_one_moment_are_told_apart(tmp_path: Path) -> None:
    text = COMPANY + "".join(
        f"  talk-{number}: {{room: hall, preset: desk, created: -2h}}\n" for number in range(20)
    )
    sessions = all_of(planted(text, tmp_path), Session)

    assert len({session.created_at for session in sessions}) == 20

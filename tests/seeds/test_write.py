from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mock_server.domain.entities import Encoder, Entity, Participant, Preset, Room, Session, User
from mock_server.domain.lifecycle import observe
from mock_server.seeds import SeedFile, load_seed, plant
from mock_server.seeds.write import Contents, write_seed

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEED = 42
WHOLE_SECOND = timedelta(seconds=1)
Again = Callable[[Contents], tuple[SeedFile, Contents]]


def contents_of(entities: list[Entity]) -> Contents:
    def of(kind):
        found = [each for each in entities if isinstance(each, kind)]
        return sorted(found, key=lambda each: (each.created_at, each.id))

    return Contents(
        users=of(User),
        presets=of(Preset),
        rooms=of(Room),
        sessions=of(Session),
        participants=of(Participant),
        encoders={each.id: each for each in of(Encoder)},
    )


@pytest.fixture
def demo() -> Contents:
    return contents_of(plant(load_seed("demo"), seed=SEED, now=NOW))


@pytest.fixture
def again(tmp_path: Path) -> Again:
    def write_and_read(contents: Contents) -> tuple[SeedFile, Contents]:
        path = tmp_path / "saved.yaml"
        text = write_seed(contents, load_seed("demo"), seed=SEED, now=NOW)
        path.write_text(text, encoding="utf-8")
        seed_file = load_seed(str(path))
        return seed_file, contents_of(plant(seed_file, seed=SEED, now=NOW))

    return write_and_read


def in_seconds(session: Session) -> Session:
    def whole(time: datetime | None) -> datetime | None:
        return None if time is None else time.replace(microsecond=0)

    names = ("scheduled_start_time", "started_at", "broadcast_at", "ended_at")
    return replace(session, **{name: whole(getattr(session, name)) for name in names})


def by_id(entities):
    return {each.id: each for each in entities}


def told(session: Session) -> Session:
    # When something was made or changed is the seed's affair, to the second.
    return replace(in_seconds(session), created_at=NOW, updated_at=NOW)


def test_a_saved_demo_begins_as_the_demo_does(demo, again):
    _, saved = again(demo)
    assert {each.id: told(each) for each in saved.sessions} == {
        each.id: told(each) for each in demo.sessions
    }
    for one, other in ((demo.users, saved.users), (demo.rooms, saved.rooms)):
        fixed = {"created_at": NOW}
        if one is demo.rooms:
            fixed["updated_at"] = NOW
        assert {k: replace(v, **fixed) for k, v in by_id(one).items()} == {
            k: replace(v, **fixed) for k, v in by_id(other).items()
        }
    assert {k: v.settings for k, v in by_id(demo.presets).items()} == {
        k: v.settings for k, v in by_id(saved.presets).items()
    }
    assert {each.id for each in demo.participants} == {each.id for each in saved.participants}


def test_encoders_and_shapes_of_audiences_are_told_too(demo, again):
    live = next(each for each in demo.sessions if each.state == "live" and each.broadcast_at)
    said = [
        {"action": "drop", "after": 5.25, "seconds": 10},
        {"action": "drop", "after": 60.1},
        {"action": "flap", "after": 60.9, "every": 8, "times": 2},
    ]
    encoder = Encoder(id=live.id, history={"changes": said}, created_at=NOW)
    shaped = replace(
        live, audience=700, shape="exodus", shaped_at=NOW - timedelta(minutes=3, microseconds=-7)
    )
    sessions = [shaped if each.id == live.id else each for each in demo.sessions]
    _, saved = again(replace(demo, sessions=sessions, encoders={live.id: encoder}))
    assert saved.encoders[live.id].history["changes"] == [
        {"action": "drop", "after": 5, "seconds": 10},
        {"action": "flap", "after": 60, "every": 8, "times": 2},
    ]
    assert saved.encoders.keys() == {live.id}
    found = by_id(saved.sessions)[live.id]
    assert (found.audience, found.shape) == (700, "exodus")
    assert abs(found.shaped_at - shaped.shaped_at) < WHOLE_SECOND


def test_statuses_stay_what_they_were(demo, again):
    _, saved = again(demo)
    assert {each.id: observe(each, NOW) for each in saved.sessions} == {
        each.id: observe(each, NOW) for each in demo.sessions
    }


def test_what_was_made_later_is_told_under_a_key_of_its_own(demo, again):
    made = replace(demo.rooms[0], id="f" * 8, title="Made by hand: yes, “now”", description="-1d")
    guest = replace(demo.users[-1], id="e" * 8, role="viewer", organization_id="nobody's")
    session = replace(
        demo.sessions[-1],
        id="d" * 8,
        room_id=made.id,
        state="live",
        scheduled_start_time=NOW + timedelta(minutes=1),
        created_at=NOW - timedelta(milliseconds=1),
        started_at=NOW,
        ended_at=None,
        broadcast_at=None,
    )
    joined = Participant(id="x", session_id=session.id, user_id=guest.id, created_at=NOW)
    host = next(each for each in demo.presets if each.user_id == made.host_id)
    session = replace(session, preset_id=host.id, mode="webcam", max_join_limit_override=1)
    contents = replace(
        demo,
        rooms=[*demo.rooms, made],
        users=[*demo.users, guest],
        sessions=[*demo.sessions, session],
        participants=[*demo.participants, joined],
    )
    seed_file, saved = again(contents)
    assert seed_file.rooms["room-1"].title == made.title
    assert seed_file.rooms["room-1"].description == "-1d"
    assert seed_file.sessions["session-1"].joined == ("person-1",)
    assert len(saved.sessions) == len(contents.sessions)


def test_saving_twice_says_the_same(demo, again):
    first = write_seed(demo, load_seed("demo"), seed=SEED, now=NOW)
    _, saved = again(demo)
    second = write_seed(saved, load_seed("demo"), seed=SEED, now=NOW)
    assert first.split("sessions:")[0] == second.split("sessions:")[0]


def test_a_limit_that_was_lowered_keeps_the_file_readable(demo, again):
    joined = {each.session_id for each in demo.participants}
    sessions = [
        replace(each, max_join_limit_override=0) if each.id in joined else each
        for each in demo.sessions
    ]
    seed_file, _ = again(replace(demo, sessions=sessions))
    assert all(not each.joined for each in seed_file.sessions.values())


def test_the_size_of_an_audience_is_told(demo, again):
    sessions = [replace(demo.sessions[0], audience=50_000), *demo.sessions[1:]]
    _, saved = again(replace(demo, sessions=sessions))
    assert by_id(saved.sessions)[sessions[0].id].audience == 50_000

"""When everything in a planted world happened, so that nothing is older than what it needs.

A session is made before it starts, its room and its preset before it, their host before those.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mock_server.domain.identity import derive_fraction
from mock_server.seeds.shape import SeedFile, SessionSeed
from mock_server.seeds.times import ZERO, full_step

_A_TICK = timedelta(milliseconds=1)
# How long before it is needed a thing was made, in days: at least, at most.
_SESSION_LEAD = (0.5, 14.0)
_UNPLANNED_LEAD = (0.002, 0.03)
_ROOM_LEAD = (3.0, 60.0)
_PRESET_LEAD = (1.0, 40.0)
_PERSON_LEAD = (20.0, 300.0)
# A guest registers at the door, a minute or so before the first visit.
_GUEST_LEAD = (0.0002, 0.002)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Hold when a session was made and what happened to it; None: it has not."""

    created: datetime
    starts: datetime | None
    started: datetime | None
    broadcast: datetime | None
    ended: datetime | None

    @property
    def updated(self) -> datetime:
        """Return when the session last changed."""
        changes = (self.created, self.started, self.broadcast, self.ended)
        return max(change for change in changes if change is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Hold when everything was made, by key; `joins` by (session, person)."""

    now: datetime
    people: Mapping[str, datetime]
    presets: Mapping[str, datetime]
    rooms: Mapping[str, datetime]
    sessions: Mapping[str, Course]
    joins: Mapping[tuple[str, str], datetime]


def calendar(seed_file: SeedFile, seed: int, now: datetime) -> Calendar:
    """Return when everything happened in a world that begins at `now`, to the millisecond."""
    now = full_step(now, _A_TICK, later=False)
    sessions = _courses(seed_file, seed, now)
    joins = {
        (session.key, person): _join(seed, session.key, person, sessions[session.key], now)
        for session in seed_file.sessions.values()
        for person in session.joined
    }
    # What needs each room, preset and person, and when; everything was made before that.
    needs: dict[str, list[datetime]] = defaultdict(list)
    for session in seed_file.sessions.values():
        for key in (session.room, session.preset):
            needs[key].append(sessions[session.key].created)
    rooms = {key: _before(seed, key, _ROOM_LEAD, [now, *needs[key]]) for key in seed_file.rooms}
    presets = {
        key: _before(seed, key, _PRESET_LEAD, [now, *needs[key]]) for key in seed_file.presets
    }
    for room in seed_file.rooms.values():
        needs[room.host].append(rooms[room.key])
    for preset in seed_file.presets.values():
        needs[preset.owner].append(presets[preset.key])
    for (_, person_key), time in joins.items():
        needs[person_key].append(time)
    people = {
        key: _before(
            seed, key, _PERSON_LEAD if person.organization else _GUEST_LEAD, [now, *needs[key]]
        )
        for key, person in seed_file.people.items()
    }
    return Calendar(
        now=now, people=people, presets=presets, rooms=rooms, sessions=sessions, joins=joins
    )


def edited(seed: int, key: str, created: datetime, now: datetime) -> datetime:
    """Return when a room or a preset last changed: half of them never did."""
    fraction = max(0.0, 2.0 * derive_fraction(seed, "edited", key) - 1.0)
    return full_step(created + (now - created) * fraction, _A_TICK, later=False)


def _courses(seed_file: SeedFile, seed: int, now: datetime) -> dict[str, Course]:
    courses: dict[str, Course] = {}
    taken: set[datetime] = set()
    for session in seed_file.sessions.values():
        course = _course(seed, session, now, seed_file.schedule_step)
        created = course.created
        while created in taken:
            created -= _A_TICK
        taken.add(created)
        courses[session.key] = replace(course, created=created)
    return courses


def _course(seed: int, session: SessionSeed, now: datetime, step: timedelta) -> Course:
    times = session.times
    starts = None
    if times.starts is not None:
        # Away from the present, so that what is to come stays so, and what has expired.
        starts = full_step(now + times.starts, step, later=times.starts > ZERO)
    started = _at(now, times.started)
    created = _at(now, times.created)
    if created is None:
        lead = _UNPLANNED_LEAD if starts is None and started is not None else _SESSION_LEAD
        needs = [time for time in (starts, started) if time is not None]
        created = _before(seed, session.key, lead, [now, *needs])
    return Course(
        created=created,
        starts=starts,
        started=started,
        broadcast=_at(now, times.broadcast),
        ended=_at(now, times.ended),
    )


def _at(now: datetime, offset: timedelta | None) -> datetime | None:
    return None if offset is None else now + offset


def _before(seed: int, key: str, lead: tuple[float, float], needs: Iterable[datetime]) -> datetime:
    shortest, longest = lead
    days = shortest + (longest - shortest) * derive_fraction(seed, "lead", key)
    return full_step(min(needs) - timedelta(days=days), _A_TICK, later=False)


def _join(seed: int, session_key: str, person: str, course: Course, now: datetime) -> datetime:
    # Most come early: the square of a fraction is small more often than not.
    assert course.started is not None, f"nobody can have joined `{session_key}`"
    stay = (course.ended or now) - course.started
    fraction = derive_fraction(seed, "join", session_key, person)
    return full_step(course.started + stay * fraction * fraction, _A_TICK, later=False)

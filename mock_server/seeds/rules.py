"""What cannot be in a world although each field is right: other people's presets, impossible times.

Every function raises SeedMistake at the line that is wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from mock_server.domain.lifecycle import EXPIRES_AFTER
from mock_server.domain.presets import DEFAULTS
from mock_server.seeds.errors import SeedMistake
from mock_server.seeds.nodes import Value
from mock_server.seeds.shape import PersonSeed, PresetSeed, RoomSeed, SessionSeed, Times
from mock_server.seeds.times import ZERO

_PAST = ("created", "started", "broadcast", "ended")
_ORDER = (
    ("created", "starts"),
    ("created", "started"),
    ("started", "broadcast"),
    ("started", "ended"),
    ("broadcast", "ended"),
)
# Times of creation that are equal are told apart by milliseconds; this leaves room for that.
_A_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Known:
    """Hold what a session can refer to."""

    people: Mapping[str, PersonSeed]
    presets: Mapping[str, PresetSeed]
    rooms: Mapping[str, RoomSeed]
    schedule_step: timedelta


def join_limit(session: SessionSeed, preset: PresetSeed) -> int:
    """Return how many may be in: the session's override, else the preset's limit."""
    given = preset.settings.get("max_join_limit", DEFAULTS["max_join_limit"])
    return int(session.overrides.get("max_join_limit", given))


def check_preset(session: SessionSeed, place: Value, world: Known) -> None:
    """Refuse a preset of somebody else than the room's host."""
    owner, host = world.presets[session.preset].owner, world.rooms[session.room].host
    if owner != host:
        place.refuse(
            f"session `{session.key}` names preset `{session.preset}` of `{owner}`, "
            f"must be one of `{host}`, the host of room `{session.room}`"
        )


def check_times(session: SessionSeed, places: Mapping[str, Value], step: timedelta) -> None:
    """Refuse what happened in the future, without what it needs, or before it."""
    times = _given(session.times)
    for name in _PAST:
        if times.get(name, ZERO) > ZERO:
            live = "would be live and ended at once: it " if name == "ended" else ""
            places[name].refuse(
                f"session `{session.key}` {live}has `{name}` at {places[name].described}, "
                "in the future, must be past"
            )
    for name in ("broadcast", "ended"):
        if name in times and "started" not in times:
            places[name].refuse(f"session `{session.key}` has `{name}`, so must have `started`")
    for earlier, later in _ORDER:
        _check_order(session, places, earlier, later, step)
    if "starts" in times and times.get("started", times["starts"]) > (
        times["starts"] + EXPIRES_AFTER - step
    ):
        places["started"].refuse(
            f"session `{session.key}` has `started` at {places['started'].described}, when it had "
            f"expired, must be within a day of `starts` at {places['starts'].described}"
        )


def check_joined(session: SessionSeed, place: Value, world: Known) -> None:
    """Refuse people in a session that never was live, the same one twice, or too many."""
    if session.joined and session.times.started is None:
        place.refuse(f"session `{session.key}` has `joined`, so must have `started`")
    host = world.rooms[session.room].host
    if host in session.joined:
        place.refuse(f"session `{session.key}` has its own host `{host}` in `joined`, must not")
    if len(set(session.joined)) < len(session.joined):
        place.refuse(f"session `{session.key}` has somebody in `joined` twice, must have each once")
    limit = join_limit(session, world.presets[session.preset])
    if len(session.joined) > limit:
        place.refuse(
            f"session `{session.key}` has {len(session.joined)} in `joined`, "
            f"must have {limit} at most, its `max_join_limit`"
        )


def check_rooms(file: str, sessions: Mapping[str, SessionSeed]) -> None:
    """Refuse two sessions that were live in one room at the same time."""
    by_room: dict[str, list[tuple[timedelta, timedelta, SessionSeed]]] = defaultdict(list)
    for session in sessions.values():
        times = session.times
        if times.started is not None:
            end = timedelta.max if times.ended is None else times.ended
            by_room[session.room].append((times.started, end, session))
    for room, stays in by_room.items():
        stays.sort(key=lambda stay: stay[:2])
        for (_, end, first), (start, _, second) in pairwise(stays):
            if start < end:
                later = max(first, second, key=lambda session: session.line)
                raise SeedMistake(
                    file,
                    later.line,
                    f"sessions `{first.key}` and `{second.key}` are live in room `{room}` "
                    "at the same time, must be one after the other",
                )


def _given(times: Times) -> dict[str, timedelta]:
    named = {name: getattr(times, name) for name in Times.__dataclass_fields__}
    return {name: time for name, time in named.items() if time is not None}


def _check_order(
    session: SessionSeed, places: Mapping[str, Value], earlier: str, later: str, step: timedelta
) -> None:
    times = _given(session.times)
    if earlier not in times or later not in times:
        return
    # `starts` may be moved back by up to a step, and must come after the creation even so.
    spare = _A_MOMENT if earlier == "created" else ZERO
    spare += step if later == "starts" else ZERO
    if times[later] < times[earlier] + spare:
        places[later].refuse(
            f"session `{session.key}` has `{later}` at {places[later].described}, must be "
            f"{'well ' if spare else ''}after `{earlier}` at {places[earlier].described}"
        )

"""Settings, limits and start times of sessions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from conformance.identities import Identity
from conformance.reply import shown
from conformance.rule import rule
from conformance.shapes import same
from conformance.world import World, later, needed

SESSION = "#/components/schemas/SessionResponse"
SOME_SECONDS = 10
A_FEW_MINUTES = 150


@rule(
    "session.settings.override",
    level="decided",
    must="A setting that is given MUST override the preset's in this session alone, one that is "
    "not MUST stay",
    contract="#/components/schemas/UpdateSessionSettingsRequest",
    operations=("update_session_settings", "get_preset"),
)
@pytest.mark.parametrize("state", ["scheduled", "live"])
@pytest.mark.parametrize(
    ("name", "value"), [("chat_enabled", False), ("stage_enabled", False), ("max_join_limit", 7)]
)
def test_a_setting_overrides_the_preset(
    world: World, state: str, name: str, value: bool | int
) -> None:
    """Override one setting at a time, and read the session and its preset."""
    shared = world.new_preset(chat_enabled=True, stage_enabled=True, max_join_limit=50)
    made = world.new_session(state, preset_id=shared["id"])
    before = world.session(made.id)
    reply = world.api.send("update_session_settings", made.id, by=world.host, body={name: value})
    after = reply.must(200).data()
    reply.equal(after.get(f"{name}_override"), value, f"`{name}_override`")
    reply.equal(after.get(f"effective_{name}"), value, f"`effective_{name}`")
    for other in ("chat_enabled", "stage_enabled", "max_join_limit"):
        if other != name:
            kept = before[f"effective_{other}"]
            reply.equal(after.get(f"effective_{other}"), kept, f"`effective_{other}`")
            reply.check(f"{other}_override" not in after, f"no `{other}_override`", "one")
    read = world.api.send("get_session", made.id).must(200)
    read.equal(read.data(f"effective_{name}"), value, f"`effective_{name}` when read")
    preset = world.api.send("get_preset", shared["id"], by=world.host).must(200)
    preset.equal(preset.data(name), shared[name], f"`{name}` of the preset")


@rule(
    "session.settings.keep",
    level="decided",
    must="A setting that is not given MUST keep the override it has",
    contract="#/components/schemas/UpdateSessionSettingsRequest",
    operations=("update_session_settings", "get_session"),
)
@pytest.mark.parametrize("state", ["scheduled", "live"])
def test_other_overrides_are_kept(world: World, state: str) -> None:
    """Override every setting, then change them one at a time, back and forth."""
    made = world.new_session(state)
    expected = {"chat_enabled": False, "stage_enabled": True, "max_join_limit": 7}
    needed(world.api.send("update_session_settings", made.id, by=world.host, body=expected))
    for name, value in (("chat_enabled", True), ("stage_enabled", False), ("max_join_limit", 8)):
        expected[name] = value
        body = {name: value}
        world.api.send("update_session_settings", made.id, by=world.host, body=body).must(200)
        read = world.api.send("get_session", made.id).must(200)
        for form in ("{}_override", "effective_{}"):
            received = {known: read.data().get(form.format(known)) for known in expected}
            read.equal(received, expected, f"every `{form.format('…')}` after changing `{name}`")


@rule(
    "session.settings.preset",
    level="decided",
    must="A changed preset MUST show in its sessions at once, where no override stands",
    contract=SESSION,
    operations=("update_preset", "get_session"),
)
@pytest.mark.parametrize("state", ["scheduled", "live"])
def test_a_changed_preset_shows_in_its_sessions(world: World, state: str) -> None:
    """Change a preset under two sessions, one of which overrides a setting."""
    preset = world.new_preset(chat_enabled=True, max_join_limit=50)["id"]
    plain = world.new_session(state, preset_id=preset)
    overriding = world.new_session(state, preset_id=preset)
    body = {"max_join_limit": 30}
    needed(world.api.send("update_session_settings", overriding.id, by=world.host, body=body))
    change = {"chat_enabled": False, "max_join_limit": 3, "name": world.title("renamed")}
    needed(world.api.send("update_preset", preset, by=world.host, body=change))
    for session, limit in ((plain, 3), (overriding, 30)):
        read = world.api.send("get_session", session.id).must(200)
        read.equal(read.data("preset", "name"), change["name"], "`preset.name`")
        read.equal(read.data("effective_chat_enabled"), False, "`effective_chat_enabled`")
        read.equal(read.data("effective_max_join_limit"), limit, "`effective_max_join_limit`")


@rule(
    "session.join.limit",
    level="decided",
    must="When `effective_max_join_limit` participants are in, one more MUST be refused with 409; "
    "the host does not count, who was refused takes none, and joining again takes no second place",
    contract="#/paths/~1sessions~1{id}~1join/post",
    operations=("join_session", "update_session_settings"),
)
def test_the_join_limit_holds(world: World) -> None:
    """Fill a session of one place, then give it another."""
    made = world.new_session("live")
    body = {"max_join_limit": 1}
    needed(world.api.send("update_session_settings", made.id, by=world.host, body=body))
    for caller in (world.host, world.viewer, world.viewer, world.host):
        world.api.send("join_session", made.id, by=caller).must(200)
    world.api.send("join_session", made.id, by=world.other_host).must(409)
    body = {"max_join_limit": 2}
    needed(world.api.send("update_session_settings", made.id, by=world.host, body=body))
    # Who was refused has no place: somebody else may take the new one.
    newcomer = Identity("newcomer", world.new_viewer()["access_token"])
    world.api.send("join_session", made.id, by=newcomer).must(200)
    world.api.send("join_session", made.id, by=world.other_host).must(409)


@rule(
    "session.join.closed",
    level="decided",
    must="A `max_join_limit` of 0 MUST close the door to everybody but the host",
    contract="#/components/schemas/UpdateSessionSettingsRequest",
    operations=("join_session", "update_session_settings"),
)
def test_a_limit_of_zero_closes_the_door(world: World) -> None:
    """Join a session whose limit is 0."""
    made = world.new_session("live")
    body = {"max_join_limit": 0}
    needed(world.api.send("update_session_settings", made.id, by=world.host, body=body))
    world.api.send("join_session", made.id, by=world.viewer).must(409)
    world.api.send("join_session", made.id, by=world.host).must(200)


@rule(
    "session.join.counted",
    level="decided",
    must="`viewer_count` MUST be at least the number of distinct callers who joined, without hosts",
    contract=SESSION,
    operations=("join_session", "get_session"),
)
def test_those_who_joined_are_counted(world: World) -> None:
    """Join with a viewer twice and with another host once."""
    made = world.new_session("live")
    for caller in (world.viewer, world.viewer, world.other_host):
        needed(world.api.send("join_session", made.id, by=caller))
    read = world.api.send("get_session", made.id).must(200)
    count = read.data("viewer_count")
    read.check(count >= 2, "`viewer_count` of at least 2", shown(count))
    most = read.data("max_viewers")
    read.check(most >= 2, "`max_viewers` of at least 2", shown(most))


@rule(
    "session.reschedule.time",
    level="decided",
    must="A new start time MUST be shown as the same instant, in UTC",
    contract="#/components/schemas/RescheduleSessionRequest",
    operations=("reschedule_session", "create_session"),
)
def test_a_start_time_is_kept_as_an_instant(world: World) -> None:
    """Give start times in three time zones."""
    body = {"title": world.title(), "preset_id": world.preset_id()}
    body["scheduled_start_time"] = "2051-03-04T05:06:07+05:30"
    room = world.new_room()["id"]
    made = world.api.send("create_session", room, by=world.host, body=body).must(201)
    session = made.data("session", "id")
    read = world.api.send("get_session", session).must(200)
    times = ("2051-03-03T23:36:07Z", "2052-02-29T12:00:00.250Z", "2053-01-01T00:30:00-08:00")
    shown_first = read.data("scheduled_start_time")
    read.check(same(times[0], shown_first), f"`{times[0]}`", shown(shown_first))
    for given in times[1:]:
        body = {"scheduled_start_time": given}
        reply = world.api.send("reschedule_session", session, by=world.host, body=body).must(200)
        received = reply.data("scheduled_start_time")
        reply.check(same(given, received), f"the instant `{given}`", shown(received))
        utc = received.endswith(("Z", "+00:00"))
        reply.check(utc, "a time in UTC", shown(received))
        read = world.api.send("get_session", session).must(200)
        kept = read.data("scheduled_start_time")
        read.check(same(given, kept), f"the instant `{given}` afterwards", shown(kept))


@rule(
    "session.reschedule.past",
    level="decided",
    must="A start time that has passed MUST be refused with 422",
    contract="#/paths/~1sessions~1{id}~1reschedule/patch",
    operations=("reschedule_session", "create_session"),
)
@pytest.mark.parametrize(
    "time", ["1999-12-31T23:59:59Z", "2001-01-01T00:00:00+14:00", "some seconds"]
)
def test_a_start_time_in_the_past_is_refused(world: World, time: str) -> None:
    """Plan a session for a time that has passed by the target's clock, at creation and later."""
    given = by_the_targets_clock(world, -SOME_SECONDS) if time == "some seconds" else time
    stage = world.stage()
    body = {"scheduled_start_time": given}
    world.api.send("reschedule_session", stage.session, by=world.host, body=body).must(422)
    body |= {"title": world.title(), "preset_id": world.preset_id()}
    world.api.send("create_session", stage.room, by=world.host, body=body).must(422)


@rule(
    "session.reschedule.soon",
    level="decided",
    must="A start time MUST be accepted as soon as it is in the future",
    contract="#/paths/~1sessions~1{id}~1reschedule/patch",
    operations=("reschedule_session", "create_session"),
)
def test_a_start_time_may_be_near(world: World) -> None:
    """Plan a session for a few minutes ahead of the target's clock, at creation and later."""
    made = world.new_session(scheduled_start_time=later(days=1))
    body = {"scheduled_start_time": by_the_targets_clock(world, A_FEW_MINUTES)}
    world.api.send("reschedule_session", made.id, by=world.host, body=body).must(200)
    body |= {"title": world.title(), "preset_id": world.preset_id()}
    world.api.send("create_session", made.room_id, by=world.host, body=body).must(201)


def by_the_targets_clock(world: World, seconds: float) -> str:
    """Return a moment so long after the target's present, which may not be ours."""
    present = needed(world.api.send("list_rooms")).made_at()
    return (present + timedelta(seconds=seconds)).isoformat(timespec="seconds")


@rule(
    "session.start.early",
    level="decided",
    must="A session MUST start before its time when its host starts it, and without any start time",
    contract="#/x-lifecycles/session",
    operations=("start_session", "go_live"),
)
@pytest.mark.parametrize("operation", ["start_session", "go_live"])
def test_starting_early_is_allowed(world: World, operation: str) -> None:
    """Start a session planned for next week."""
    made = world.new_session(scheduled_start_time=later(days=7))
    world.api.send(operation, made.id, by=world.host).must(200)

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mock_server.client import NoSuchPersona, Refused

NINE = datetime(2030, 1, 1, 9, tzinfo=UTC)


@pytest.fixture
def world(greenroom_world):
    return greenroom_world.reset(scenario="demo", now=NINE, freeze=True)


def session_of(world, **body):
    host = world.api.as_("host")
    room = host.post("/rooms", json={"title": "Launch"}).json()["data"]["room"]["id"]
    wanted = {"title": "Day one", "preset_id": world.personas.preset_id, **body}
    made = host.post(f"/rooms/{room}/sessions", json=wanted).json()
    return made["data"]["session"]["id"]


def test_a_world_is_reset_to_a_time_and_stands_still(world):
    state = world.state()
    assert (state.name, state.scenario, state.seed) == (world.name, "demo", 42)
    assert (state.now, state.snapshots) == (NINE, ())
    assert world.api_url.endswith(state.base_path)
    world.reset(scenario="empty", seed=7)
    assert (world.state().scenario, world.state().seed) == ("empty", 7)
    assert not world.clock.state().frozen


def test_the_clock_goes_as_it_is_told(world):
    clock = world.clock
    assert clock.state().now == NINE
    assert clock.advance(timedelta(hours=2, milliseconds=5)).now == NINE.replace(
        hour=11, microsecond=5000
    )
    assert clock.advance("58m").frozen
    assert clock.set(NINE.replace(day=2)).now == NINE.replace(day=2)
    assert clock.rate(60).rate == 60
    assert clock.freeze().frozen
    resumed = clock.resume()
    assert (resumed.frozen, resumed.rate, resumed.follows_wall) == (False, 1, False)
    with pytest.raises(Refused, match="can't go back"):
        clock.set("2030-01-01T00:00:00Z")


def test_the_clock_tells_what_happened_on_the_way(world):
    starts = (NINE + timedelta(hours=1)).isoformat()
    session = session_of(world, scheduled_start_time=starts)
    moved = world.clock.advance(timedelta(days=2))
    (fired,) = [each for each in moved.fired if each.session_id == session]
    assert (fired.event, fired.at) == ("session_expired", NINE + timedelta(hours=25))
    assert moved.fired_total == len(moved.fired)


@pytest.mark.parametrize("call", [lambda c: c.set(datetime(2030, 1, 2)), lambda c: c.advance(-1)])  # noqa: DTZ001
def test_times_that_are_none_are_refused_before_they_are_sent(world, call):
    with pytest.raises((ValueError, TypeError)):
        call(world.clock)
    with pytest.raises(ValueError, match="only goes forward"):
        world.clock.advance(timedelta(seconds=-1))


def test_everybody_is_who_they_are(world):
    personas = world.personas
    for persona in personas:
        me = world.api.as_(persona.name).get("/auth/me")
        assert me.is_success is persona.usable
        if persona.usable:
            assert me.json()["data"]["id"] == persona.user_id
    assert world.api.as_("viewer").persona == personas["viewer"]
    assert world.api.get("/auth/me").status_code == 401
    assert world.api.persona is None
    assert personas["host"].email == "host@pinecove.test"
    assert (personas.livekit_key, personas.livekit_secret) == ("devkey", "secret")
    with pytest.raises(NoSuchPersona, match="no persona is called `nobody`, must be one of `host`"):
        world.api.as_("nobody")


def test_no_credentials_are_shown_by_the_way(world):
    host = world.personas["host"]
    assert host.access_token not in f"{host} {host!r} {world!r} {world.personas!r}"


def test_a_copy_goes_its_own_way(world):
    copy = world.fork(f"{world.name[:30]}-copy")
    try:
        assert copy.clock.state().now == NINE
        copy.clock.advance("1h")
        copy.api.as_("host").post("/rooms", json={"title": "Only there"})
        assert world.clock.state().now == NINE
        rooms = [each.api.get("/rooms").json()["data"]["total"] for each in (world, copy)]
        assert rooms == [8, 9]
    finally:
        copy.delete()


def test_a_snapshot_is_put_back(world):
    assert world.snapshot("before") is world
    host = world.api.as_("host")
    host.post("/rooms", json={"title": "Gone again"})
    assert world.state().snapshots == ("before",)
    world.restore("before")
    assert host.get("/rooms").json()["data"]["total"] == 8
    world.delete_snapshots()
    assert world.state().snapshots == ()
    with pytest.raises(Refused, match="no snapshot `before`") as error:
        world.restore("before")
    assert (error.value.operation, error.value.status) == ("restore_world", 404)


def test_a_world_can_be_saved_as_a_seed(world):
    assert "rooms:" in world.save_seed()


def test_a_mock_tells_what_it_has(world, greenroom_mock):
    health = greenroom_mock.health()
    assert (health.store, health.contract_breaches) == ("memory", 0)
    names = [each.name for each in greenroom_mock.worlds()]
    assert names[0] == "default"
    assert world.name in names
    made = greenroom_mock.make(f"{world.name[:30]}-made", scenario="empty", seed=3)
    assert (made.state().scenario, made.state().seed) == ("empty", 3)
    with pytest.raises(Refused, match="is there already"):
        greenroom_mock.make(made.name, copy_of=world.name)
    made.delete()
    assert made.name not in [each.name for each in greenroom_mock.worlds()]


def test_the_default_world_is_a_world(greenroom_mock):
    world = greenroom_mock.world()
    assert world.name == "default"
    assert world.api_url == f"{greenroom_mock.url}/v1/webinar"
    assert world.state().name == "default"


def test_headers_put_any_client_into_the_world(world, greenroom_mock):
    world.api.as_("host").post("/rooms", json={"title": "Here"})
    default = greenroom_mock.world()
    rooms = [default.api.get("/rooms", headers=each) for each in ({}, world.headers)]
    assert [each.json()["data"]["total"] for each in rooms] == [8, 9]


def test_faults_are_added_listed_and_removed(world):
    fault = world.faults.add("list_rooms", status=429, retry_after=7, nth=[2], count=1)
    assert (fault.id, fault.operation, fault.count) == ("fault-1", "list_rooms", 1)
    assert fault.effect == {"status": 429, "retry_after": 7}
    answers = [world.api.get("/rooms") for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 429, 200]
    assert answers[1].headers["retry-after"] == "7"
    (listed,) = world.faults.list()
    assert (listed.calls, listed.applied, listed.over, listed.when) == (2, 1, True, {"nth": [2]})
    assert world.faults.remove("fault-1").applied == 1
    with pytest.raises(Refused):
        world.faults.remove("fault-1")
    world.faults.add(delay=1, for_seconds=5, state="live")
    world.faults.add("go_live", drop="answer", percentage=50, id="lost")
    world.faults.add("go_live", truncate=5, every=2, until=NINE + timedelta(hours=1))
    assert [each.until is None for each in world.faults.list()] == [False, True, False]
    assert world.faults.clear() == 3


def test_a_delay_may_be_a_distribution(world):
    fault = world.faults.add("list_rooms", delay={"uniform_ms": [0, 1]})
    assert fault.effect == {"delay": {"uniform_ms": [0, 1]}}


def test_deliberate_mistakes_are_known_by_name(world):
    names = {each.name for each in world.faults.deliberate()}
    assert "scheduled-session-ends" in names
    world.faults.add(contract_fault="scheduled-session-ends")
    ended = world.api.as_("host").post(f"/sessions/{session_of(world)}/end")
    assert ended.status_code == 200


def test_a_fault_that_can_not_be_is_refused_with_the_reason(world):
    with pytest.raises(Refused, match="add_fault was refused with 422"):
        world.faults.add("list_rooms", status=418)


def test_an_audience_is_set(world):
    session = session_of(world)
    assert world.set_audience(session, 500).size == 500


def test_a_token_is_decoded(world):
    session = session_of(world)
    started = world.api.as_("host").post(f"/sessions/{session}/go_live").json()["data"]
    good = world.decode_token(started["livekit_token"])
    assert (good.kind, good.good, good.reason, good.signature) == ("livekit", True, None, "good")
    assert good.grants[0] == f"join the room `{session}`"
    assert (good.now, good.seconds_left) == (NINE, 6 * 3600)
    assert good.expires_at == NINE + timedelta(hours=6)
    none = world.decode_token("undefined")
    assert (none.kind, none.good, none.claims, none.expires_at) == ("unknown", False, {}, None)
    assert none.reason.startswith("the token has 0 dots")


def test_an_encoder_drops_and_is_seen_to_come_back(world):
    session = session_of(world)
    assert world.encoder(session).doing == "nothing"
    world.api.as_("host").post(f"/sessions/{session}/go_live")
    dropped = world.set_encoder(session, "drop", seconds=10)
    assert (dropped.doing, dropped.status) == ("dropped", "ENDPOINT_INACTIVE")
    assert [each.doing for each in dropped.planned] == ["buffering", "publishing"]
    assert dropped.since is not None
    assert dropped.planned[1].at - dropped.since == timedelta(seconds=12)
    assert world.set_encoder(session, "flap", every=8, times=2).changes_left < 999
    with pytest.raises(Refused, match="`seconds` is not for `connect`"):
        world.set_encoder(session, "connect", seconds=3)


def test_the_journal_tells_what_was_asked(world):
    world.clear_exchanges()
    world.api.as_("host").post("/rooms", json={"title": "Hi"})
    world.api.get("/rooms")
    newest, refused = world.exchanges()
    assert (newest.verdict, newest.status, newest.operation) == ("answered", 200, "list_rooms")
    assert str(refused).endswith(
        "422  `create_room`: `title` has 2 characters, must have at least 3"
    )
    assert world.exchanges(verdict="refused", status="4xx") == (refused,)
    assert world.exchanges(status=200, method="get") == (newest,)
    assert world.exchanges(since=refused.id, limit=1) == (newest,)
    assert world.exchanges(text="no such text", operation="list_rooms") == ()
    whole = world.exchange(refused.id)
    assert whole.request.headers["authorization"] == "Bearer …redacted"
    assert (whole.request.body, whole.request.cut) == ('{"title":"Hi"}', False)
    assert "curl -i -X POST" in whole.curl
    assert whole.at <= datetime.now(UTC)
    assert world.clear_exchanges() == 2


def test_a_world_keeps_what_is_always_true(world):
    found = world.invariants()
    assert (found.hold, found.complete, found.broken) == (True, True, ())
    assert "session.viewers" in found.names
    assert not world.invariants(limit=1).complete


def test_webhooks_can_be_made_to_go_wrong(world):
    (added,) = world.add_delivery_fault(fail=2, count=1)
    assert (added["fail"], added["count"]) == (2, 1)
    assert [each["fail"] for each in world.delivery_faults()] == [2]
    world.clear_delivery_faults()
    assert world.delivery_faults() == []
    assert world.deliveries(limit=5)["total"] == 0

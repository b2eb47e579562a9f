from __future__ import annotations

import pytest

fault = pytest.mark.fault


def grants(mock, data):
    return mock.claims(data["livekit_token"])["video"]


@fault("audience-may-publish")
def test_the_audience_only_subscribes(judge):
    def may(mock):
        session = mock.live()
        ways = [mock.move(session, "join", by) for by in ("viewer", "host")]
        return [grants(mock, each)["canPublish"] for each in ways]

    judge(may, right=[False, True], wrong=[True, True])


@fault("audience-may-send-data")
def test_the_audience_sends_no_data(judge):
    def may(mock):
        session = mock.live()
        ways = [mock.move(session, "join", by) for by in ("viewer", "host")]
        return [grants(mock, each)["canPublishData"] for each in ways]

    judge(may, right=[False, True], wrong=[True, True])


@fault("host-may-not-publish")
def test_the_host_publishes(judge):
    def may(mock):
        return grants(mock, mock.move(mock.session(), "start"))["canPublish"]

    judge(may, right=True, wrong=False)


@fault("monitor-is-visible")
def test_who_monitors_is_hidden(judge):
    judge(lambda mock: monitors(mock)["hidden"], right=True, wrong=False)


def monitors(mock):
    data = mock.data("GET", f"/sessions/{mock.live()}/monitor", by="viewer")
    return grants(mock, data)


@fault("monitor-sees-nothing")
def test_who_monitors_subscribes(judge):
    judge(lambda mock: monitors(mock)["canSubscribe"], right=True, wrong=False)


@fault("monitor-may-send-data")
def test_who_monitors_sends_no_data(judge):
    judge(lambda mock: monitors(mock)["canPublishData"], right=False, wrong=True)


@fault("monitor-not-kept-from-publishing")
def test_the_token_of_who_monitors_forbids_publishing(judge):
    judge(lambda mock: monitors(mock).get("canPublish"), right=False, wrong=None)


@fault("hosts-monitor-publishes")
def test_a_monitoring_host_publishes_nothing(judge):
    def publishes(mock):
        path = f"/sessions/{mock.live()}/monitor"
        shown = [grants(mock, mock.data("GET", path, by=by)) for by in ("viewer", "host")]
        return [each["canPublish"] for each in shown]

    judge(publishes, right=[False, False], wrong=[False, True])


@fault("token-for-another-room")
def test_the_livekit_room_is_the_session(judge):
    def same(mock):
        session = mock.live()
        return grants(mock, mock.move(session, "join"))["room"] == session

    judge(same, right=True, wrong=False)


@fault("token-already-expired")
def test_a_livekit_token_is_valid(judge):
    def valid(mock):
        claims = mock.claims(mock.move(mock.live(), "join")["livekit_token"])
        return claims["nbf"] <= mock.clock().timestamp() < claims["exp"]

    judge(valid, right=True, wrong=False)


@fault("token-of-nobody")
def test_a_livekit_token_names_the_user(judge):
    def same(mock):
        claims = mock.claims(mock.move(mock.live(), "join")["livekit_token"])
        return claims["sub"] == mock.data("GET", "/auth/me", by="host")["id"]

    judge(same, right=True, wrong=False)


@fault("rtmp-server-differs")
def test_the_servers_agree(judge):
    def same(mock):
        opened = mock.move(mock.session(), "start")
        return opened["rtmp"]["url"] == opened["rtmp_setup"]["server"]

    judge(same, right=True, wrong=False)


@fault("setup-key-differs")
def test_the_keys_agree(judge):
    def same(mock):
        opened = mock.move(mock.session(), "start")
        return opened["rtmp"]["stream_key"] == opened["rtmp_setup"]["stream_key"]

    judge(same, right=True, wrong=False)


@fault("created-key-differs")
def test_the_key_is_the_one_of_the_creation(judge):
    def same(mock):
        body = {"title": "Launch", "preset_id": mock.preset()}
        made = mock.data("POST", f"/rooms/{mock.room()}/sessions", by="host", json=body)
        opened = mock.move(made["session"]["id"], "start")
        return opened["rtmp"]["stream_key"] == made["stream_key"]

    judge(same, right=True, wrong=False)


@fault("whip-address-shared")
def test_every_session_has_its_own_whip_address(judge):
    def addresses(mock):
        return len({mock.move(mock.session(), "start")["whip_url"] for _ in range(2)})

    judge(addresses, right=2, wrong=1)


@fault("stream-key-of-the-room")
def test_sessions_of_a_room_have_keys_of_their_own(judge):
    def keys(mock):
        room, body = mock.room(), {"title": "Launch", "preset_id": mock.preset()}
        path = f"/rooms/{room}/sessions"
        made = [mock.data("POST", path, by="host", json=body)["stream_key"] for _ in range(2)]
        return len(set(made))

    judge(keys, right=2, wrong=1)


@fault("playlist-shared")
def test_every_broadcast_has_its_own_playlist(judge):
    def addresses(mock):
        return len({mock.shown(mock.live())["hls_url"] for _ in range(2)})

    judge(addresses, right=2, wrong=1)


@fault("restart-gives-a-viewers-token")
def test_a_restart_gives_a_hosts_token(judge):
    def grants(mock):
        session, found = mock.session(), []
        for _ in range(2):
            token = mock.move(session, "start")["livekit_token"]
            found.append(mock.claims(token)["video"].get("roomAdmin"))
            mock.clock.advance(seconds=1)
        return found

    judge(grants, right=[True, True], wrong=[True, False])


@fault("joined-again-same-token")
def test_joining_again_gives_a_fresh_token(judge):
    def tokens(mock):
        session = mock.live()
        joined = [mock.data("POST", f"/sessions/{session}/join", by="viewer")]
        mock.clock.advance(seconds=2)
        joined.append(mock.data("POST", f"/sessions/{session}/join", by="viewer"))
        return len({each["livekit_token"] for each in joined})

    judge(tokens, right=2, wrong=1)


@fault("idle-stream-has-bitrate")
def test_an_idle_stream_is_zeros(judge):
    def rates(mock):
        path = f"/sessions/{mock.session()}/stream_health"
        health = mock.data("GET", path, by="viewer")
        return health["video"]["average_bitrate"], health["audio"]["average_bitrate"]

    judge(rates, right=(0, 0), wrong=(2_500_000, 0))


@fault("health-begins-with-the-session")
def test_nothing_has_begun_when_nothing_has_arrived(judge):
    def begun(mock):
        sessions = (mock.session(), mock.live("start"), mock.live())
        asked = [mock.data("GET", f"/sessions/{s}/stream_health", by="viewer") for s in sessions]
        return ["started_at" in health for health in asked]

    judge(begun, right=[False, False, True], wrong=[True, True, True])


@fault("health-only-when-live")
def test_health_is_told_in_every_status(judge):
    def statuses(mock):
        sessions = (mock.session(), mock.live(), mock.ended())
        return [mock.status("GET", f"/sessions/{s}/stream_health", by="viewer") for s in sessions]

    judge(statuses, right=[200, 200, 200], wrong=[409, 200, 409])


@fault("broadcast-address-has-the-stream-key")
def test_the_address_of_a_broadcast_leads_to_it(judge):
    def told(mock):
        session = mock.session()
        opened = mock.move(session, "go_live")
        key, address = opened["rtmp"]["stream_key"], opened["session"]["hls_url"]
        public = mock.shown(session)["hls_url"]
        return session in address, key in address, address == public

    judge(told, right=(True, False, True), wrong=(False, True, True))


@fault("health-goes-on-after-the-end")
def test_the_health_of_what_is_over_is_zeros(judge):
    def rates(mock):
        sessions = mock.live(), mock.ended(), mock.ended(), mock.session()
        mock.clock.advance(seconds=30)
        paths = [f"/sessions/{session}/stream_health" for session in sessions]
        return [mock.data("GET", path, by="host")["video"]["average_bitrate"] > 0 for path in paths]

    judge(rates, right=[True, False, False, False], wrong=[True, True, True, False])

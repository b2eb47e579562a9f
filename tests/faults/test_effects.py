from __future__ import annotations

import pytest

fault = pytest.mark.fault


@fault("start-begins-the-broadcast")
def test_a_start_begins_no_broadcast(judge):
    def seen(mock):
        return "hls_url" in mock.shown(mock.live("start"))

    judge(seen, right=False, wrong=True)


@fault("go-live-without-broadcast")
def test_going_live_begins_the_broadcast(judge):
    def seen(mock):
        session = mock.session()
        opened = mock.move(session, "go_live")["session"]
        return "hls_url" in opened, "hls_url" in mock.shown(session), opened["status"]

    judge(seen, right=(True, True, "live"), wrong=(False, False, "live"))


@fault("go-live-again-moves-updated-at")
def test_going_live_again_changes_nothing(judge):
    def same(mock):
        session = mock.live()
        before = mock.shown(session)["updated_at"]
        mock.clock.advance(seconds=5)
        mock.move(session, "go_live")
        return mock.shown(session)["updated_at"] == before

    judge(same, right=True, wrong=False)


@fault("egress-begins-anew")
def test_a_broadcast_that_runs_is_left_alone(judge):
    def same(mock):
        session = mock.live()
        before = mock.shown(session)["updated_at"]
        mock.clock.advance(seconds=5)
        mock.move(session, "ensure_hls_egress")
        return mock.shown(session)["updated_at"] == before

    judge(same, right=True, wrong=False)


@fault("egress-answers-before-it-begins")
def test_an_answer_shows_the_broadcast_it_began(judge):
    def told(mock):
        session = mock.live("start")
        path = f"/sessions/{session}/ensure_hls_egress"
        return ["hls_url" in mock.data("POST", path, by="host"), "hls_url" in mock.shown(session)]

    judge(told, right=[True, True], wrong=[False, True])


@fault("restart-makes-another-ingress")
def test_a_restart_keeps_the_ingress(judge):
    def ingresses(mock):
        session = mock.session()
        found = [mock.move(session, "start")["rtmp"] for _ in range(3)]
        return len({each["ingress_id"] for each in found}), len({e["stream_key"] for e in found})

    judge(ingresses, right=(1, 1), wrong=(3, 1))


@fault("restart-resets-started-at")
def test_a_restart_keeps_the_start(judge):
    def same(mock):
        session = mock.live()
        before = mock.shown(session)["started_at"]
        mock.clock.advance(seconds=5)
        return mock.move(session, "start")["session"]["started_at"] == before

    judge(same, right=True, wrong=False)


@fault("end-takes-the-broadcast-address")
def test_the_broadcasts_address_stays(judge):
    def seen(mock):
        return "hls_url" in mock.shown(mock.ended())

    judge(seen, right=True, wrong=False)


@fault("end-without-ended-at")
def test_an_end_sets_its_time(judge):
    def seen(mock):
        session = mock.shown(mock.ended())
        return "ended_at" in session, "duration" in session

    judge(seen, right=(True, True), wrong=(False, False))


@fault("end-keeps-the-room-busy")
def test_an_end_frees_the_room(judge):
    def seen(mock):
        room = mock.room()
        session = mock.ended(room=room)
        return mock.data("GET", f"/rooms/{room}").get("active_session_id") == session

    judge(seen, right=False, wrong=True)


@fault("end-keeps-viewers")
def test_an_end_sends_viewers_home(judge):
    def viewers(mock):
        session = mock.live()
        mock.clock.advance(minutes=20)
        mock.move(session, "end")
        return mock.shown(session)["viewer_count"] > 0

    judge(viewers, right=False, wrong=True)


@fault("end-forgets-max-viewers")
def test_an_end_keeps_the_highest_number(judge):
    def viewers(mock):
        session = mock.live()
        mock.clock.advance(minutes=20)
        mock.move(session, "end")
        return mock.shown(session)["max_viewers"] > 0

    judge(viewers, right=True, wrong=False)


@fault("max-viewers-grows-after-the-end")
def test_the_highest_number_stays_after_the_end(judge):
    def grown(mock):
        session = mock.ended()
        before = mock.shown(session)["max_viewers"]
        mock.clock.advance(seconds=7)
        return mock.shown(session)["max_viewers"] - before

    judge(grown, right=0, wrong=7)


@fault("mode-always-webcam")
def test_the_preset_decides_the_mode(judge):
    def modes(mock):
        kinds = ("whip", "rtmp")
        return [mock.shown(mock.session(preset_id=mock.preset(type=k)))["mode"] for k in kinds]

    judge(modes, right=["webcam", "rtmp"], wrong=["webcam", "webcam"])


@fault("mode-of-body-ignored")
def test_the_body_decides_the_mode(judge):
    def modes(mock):
        return [mock.shown(mock.session(mode=mode))["mode"] for mode in ("webcam", "rtmp")]

    judge(modes, right=["webcam", "rtmp"], wrong=["webcam", "webcam"])


@fault("join-limit-not-kept")
def test_a_full_session_refuses(judge):
    def statuses(mock):
        path = f"/sessions/{mock.live(preset_id=mock.preset(max_join_limit=1))}/join"
        return [mock.status("POST", path, by=by) for by in ("viewer", "other_viewer")]

    judge(statuses, right=[200, 409], wrong=[200, 200])


@fault("refused-join-takes-a-place")
def test_who_was_refused_takes_no_place(judge):
    def statuses(mock):
        session = mock.live(preset_id=mock.preset(max_join_limit=1))
        path = f"/sessions/{session}/join"
        first = [mock.status("POST", path, by=by) for by in ("viewer", "other_viewer")]
        body = {"max_join_limit": 2}
        mock.data("PATCH", f"/sessions/{session}/settings", by="host", json=body)
        return [*first, mock.status("POST", path, by="other_host")]

    judge(statuses, right=[200, 409, 200], wrong=[200, 409, 409])


@fault("host-takes-a-place")
def test_the_host_takes_no_place(judge):
    def statuses(mock):
        path = f"/sessions/{mock.live(preset_id=mock.preset(max_join_limit=1))}/join"
        return [mock.status("POST", path, by=by) for by in ("host", "viewer")]

    judge(statuses, right=[200, 200], wrong=[200, 409])


@fault("joining-again-takes-a-place")
def test_joining_again_takes_no_place(judge):
    def statuses(mock):
        path = f"/sessions/{mock.live(preset_id=mock.preset(max_join_limit=2))}/join"
        return [mock.status("POST", path, by=by) for by in ("viewer", "viewer", "other_viewer")]

    judge(statuses, right=[200, 200, 200], wrong=[200, 200, 409])


@fault("settings-without-effect")
def test_an_override_has_an_effect(judge):
    def seen(mock):
        session = mock.session()
        body = {"chat_enabled": False}
        mock.data("PATCH", f"/sessions/{session}/settings", by="host", json=body)
        shown = mock.shown(session)
        return shown["chat_enabled_override"], shown["effective_chat_enabled"]

    judge(seen, right=(False, False), wrong=(False, True))


@fault("host-switch-toggles-always")
def test_a_switch_does_what_it_is_told(judge):
    def switched(mock):
        session = mock.live()
        bodies = ({"enabled": True}, {"enabled": True}, {"enabled": False})
        return [mock.move(session, "host_video_state", json=body)["enabled"] for body in bodies]

    judge(switched, right=[True, True, False], wrong=[False, True, False])


@fault("host-state-false-toggles")
def test_off_twice_is_off(judge):
    def switched(mock):
        session = mock.live()
        bodies = ({"enabled": True}, {"enabled": False}, {"enabled": False}, {}, {"enabled": True})
        return [mock.move(session, "host_audio_state", json=body)["enabled"] for body in bodies]

    right = [True, False, False, True, True]
    judge(switched, right=right, wrong=[True, False, True, False, True])

from __future__ import annotations

import pytest

fault = pytest.mark.fault
LATER = {"scheduled_start_time": "2026-03-05T12:00:00Z"}


def post(mock, session, operation, by="host"):
    return mock.status("POST", f"/sessions/{session}/{operation}", by=by)


@fault("ended-session-starts-again")
def test_an_ended_session_cannot_start(judge):
    def seen(mock):
        session = mock.ended()
        return [post(mock, session, move) for move in ("go_live", "start")]

    judge(seen, right=[409, 409], wrong=[409, 200])


@fault("ended-session-goes-live-again")
def test_an_ended_session_cannot_go_live(judge):
    def seen(mock):
        session = mock.ended()
        return [post(mock, session, move) for move in ("start", "go_live")]

    judge(seen, right=[409, 409], wrong=[409, 200])


@fault("scheduled-session-ends")
def test_a_scheduled_session_cannot_end(judge):
    def seen(mock):
        session = mock.session()
        return post(mock, session, "end"), mock.shown(session)["status"]

    judge(seen, right=(409, "scheduled"), wrong=(200, "ended"))


@fault("live-session-reschedules")
def test_a_live_session_cannot_be_rescheduled(judge):
    def status(mock):
        return mock.status("PATCH", f"/sessions/{mock.live()}/reschedule", by="host", json=LATER)

    judge(status, right=409, wrong=200)


@fault("restart-refused")
def test_a_live_session_can_start_again(judge):
    def statuses(mock):
        session = mock.live()
        return post(mock, session, "start"), post(mock, session, "go_live")

    judge(statuses, right=(200, 200), wrong=(409, 200))


@fault("start-never-goes-live")
def test_a_started_session_can_go_live(judge):
    def status(mock):
        return post(mock, mock.live("start"), "go_live")

    judge(status, right=200, wrong=409)


@fault("settings-change-after-the-end")
def test_an_ended_session_keeps_its_settings(judge):
    def status(mock):
        path = f"/sessions/{mock.ended()}/settings"
        return mock.status("PATCH", path, by="host", json={"chat_enabled": False})

    judge(status, right=409, wrong=200)


@fault("settings-locked-while-live")
def test_a_live_session_changes_its_settings(judge):
    def status(mock):
        path = f"/sessions/{mock.live()}/settings"
        return mock.status("PATCH", path, by="host", json={"chat_enabled": False})

    judge(status, right=200, wrong=409)


@fault("live-session-deletable")
def test_a_live_session_is_not_deleted(judge):
    def status(mock):
        return mock.status("DELETE", f"/sessions/{mock.live()}", by="host")

    judge(status, right=409, wrong=200)


@fault("audience-joins-early")
def test_the_audience_waits_for_the_start(judge):
    def statuses(mock):
        return post(mock, mock.session(), "join", "viewer"), post(
            mock, mock.live(), "join", "viewer"
        )

    judge(statuses, right=(409, 200), wrong=(200, 200))


@fault("host-waits-outside")
def test_the_host_joins_before_the_start(judge):
    def statuses(mock):
        return post(mock, mock.session(), "join"), post(mock, mock.live(), "join")

    judge(statuses, right=(200, 200), wrong=(409, 200))


@fault("scheduled-session-monitored")
def test_a_scheduled_session_is_not_monitored(judge):
    def status(mock):
        return mock.status("GET", f"/sessions/{mock.session()}/monitor", by="viewer")

    judge(status, right=409, wrong=200)


@fault("early-start-refused")
def test_a_session_starts_before_its_time(judge):
    def statuses(mock):
        return post(mock, mock.session(**LATER), "start"), post(mock, mock.session(), "start")

    judge(statuses, right=(200, 200), wrong=(409, 200))


@fault("second-live-session-in-a-room")
def test_one_session_of_a_room_is_live(judge):
    def seen(mock):
        room = mock.room()
        mock.live(room=room)
        second = mock.session(room=room)
        return post(mock, second, "start"), mock.data("GET", "/sessions/live")["total"]

    judge(seen, right=(409, 1), wrong=(200, 2))


@fault("rtmp-session-starts-webcam-hls")
def test_an_rtmp_session_has_no_webcam_broadcast(judge):
    def status(mock):
        return post(mock, mock.live("start", mode="rtmp"), "start_webcam_hls")

    judge(status, right=409, wrong=200)


@fault("egress-for-webcams-only")
def test_the_broadcast_of_an_encoder_can_be_begun(judge):
    def statuses(mock):
        sessions = [mock.live("start", mode=mode) for mode in ("webcam", "rtmp")]
        return [post(mock, session, "ensure_hls_egress") for session in sessions]

    judge(statuses, right=[200, 200], wrong=[200, 409])


@fault("conflict-is-422")
def test_a_move_against_the_table_is_a_conflict(judge):
    def status(mock):
        return post(mock, mock.session(), "end")

    judge(status, right=409, wrong=422)


@fault("refused-move-changes-updated-at")
def test_a_refused_move_changes_nothing(judge):
    def moved(mock):
        session = mock.session()
        before = mock.shown(session)
        mock.clock.advance(seconds=5)
        refused = post(mock, session, "end")
        return refused, before["updated_at"] == mock.shown(session)["updated_at"]

    judge(moved, right=(409, True), wrong=(409, False))


@fault("sessions-never-expire")
def test_a_forgotten_session_expires(judge):
    judge(lambda mock: mock.shown(mock.expired())["status"], right="expired", wrong="scheduled")

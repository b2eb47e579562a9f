from __future__ import annotations

import pytest

fault = pytest.mark.fault
SOMEWHERE = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
LATER = "2026-03-05T12:00:00Z"


@fault("library-from-the-body")
def test_a_body_moves_no_room_into_another_library(judge):
    def seen(mock):
        body = {"library_id": SOMEWHERE}
        changed = mock.data("PATCH", f"/rooms/{mock.room()}", by="host", json=body)
        return changed["library_id"] == SOMEWHERE

    judge(seen, right=False, wrong=True)


@fault("status-from-the-body")
def test_a_new_session_is_scheduled(judge):
    judge(
        lambda mock: mock.shown(mock.session(status="live"))["status"],
        right="scheduled",
        wrong="live",
    )


@fault("settings-take-the-title")
def test_settings_leave_the_title(judge):
    def seen(mock):
        session = mock.session()
        body = {"title": "Taken", "chat_enabled": False}
        mock.data("PATCH", f"/sessions/{session}/settings", by="host", json=body)
        return mock.shown(session)["title"]

    judge(seen, right="Launch", wrong="Taken")


@fault("reschedule-clears-description")
def test_rescheduling_keeps_the_description(judge):
    def seen(mock):
        session = mock.session(description="At eight")
        body = {"scheduled_start_time": LATER}
        mock.data("PATCH", f"/sessions/{session}/reschedule", by="host", json=body)
        shown = mock.shown(session)
        return shown.get("description"), shown["scheduled_start_time"]

    judge(seen, right=("At eight", LATER), wrong=(None, LATER))


@fault("start-forgets-the-plan")
def test_a_started_session_keeps_its_plan(judge):
    def seen(mock):
        return mock.shown(mock.live("start", scheduled_start_time=LATER)).get(
            "scheduled_start_time"
        )

    judge(seen, right=LATER, wrong=None)


@fault("end-clears-overrides")
def test_an_end_keeps_the_settings(judge):
    def seen(mock):
        session = mock.session()
        body = {"max_join_limit": 9}
        mock.data("PATCH", f"/sessions/{session}/settings", by="host", json=body)
        mock.move(session, "start")
        return mock.move(session, "end").get("max_join_limit_override")

    judge(seen, right=9, wrong=None)


@fault("go-live-starts-again")
def test_going_live_keeps_the_start(judge):
    def seen(mock):
        session = mock.live("start")
        before = mock.shown(session)["started_at"]
        mock.clock.advance(seconds=5)
        return mock.move(session, "go_live")["session"]["started_at"] == before

    judge(seen, right=True, wrong=False)


@fault("one-live-session-a-host")
def test_a_host_may_be_live_in_two_rooms(judge):
    def seen(mock):
        mock.live()
        statuses = [mock.status("POST", f"/sessions/{mock.session()}/start", by="host")]
        other = mock.session(by="other-host")
        return [*statuses, mock.status("POST", f"/sessions/{other}/start", by="other-host")]

    judge(seen, right=[200, 200], wrong=[409, 200])


@fault("deleted-preset-usable")
def test_a_deleted_preset_cannot_be_used(judge):
    def seen(mock):
        preset = mock.preset()
        mock.data("DELETE", f"/presets/{preset}", by="host")
        body = {"title": "Launch", "preset_id": preset}
        return mock.status("POST", f"/rooms/{mock.room()}/sessions", by="host", json=body)

    judge(seen, right=422, wrong=201)


@fault("deleted-preset-readable")
def test_a_deleted_preset_is_unknown(judge):
    def seen(mock):
        preset = mock.preset()
        mock.data("DELETE", f"/presets/{preset}", by="host")
        return mock.status("GET", f"/presets/{preset}", by="host")

    judge(seen, right=404, wrong=200)


@fault("put-is-patch")
def test_rooms_are_not_put(judge):
    def seen(mock):
        return mock.status("PUT", f"/rooms/{mock.room()}", by="host", json={"title": "Other"})

    judge(seen, right=405, wrong=200)


@fault("ended-session-reschedules")
def test_an_ended_session_has_no_other_time(judge):
    def seen(mock):
        body = {"scheduled_start_time": LATER}
        path = f"/sessions/{mock.ended()}/reschedule"
        return mock.status("PATCH", path, by="host", json=body)

    judge(seen, right=409, wrong=200)


@fault("ended-session-stays-forever")
def test_an_ended_session_can_go(judge):
    def seen(mock):
        return mock.status("DELETE", f"/sessions/{mock.ended()}", by="host")

    judge(seen, right=200, wrong=409)


@fault("ended-session-joinable")
def test_nobody_joins_after_the_end(judge):
    def seen(mock):
        return mock.status("POST", f"/sessions/{mock.ended()}/join", by="viewer")

    judge(seen, right=409, wrong=200)


@fault("egress-before-the-start")
def test_a_broadcast_needs_a_live_session(judge):
    def seen(mock):
        return mock.status("POST", f"/sessions/{mock.session()}/ensure_hls_egress", by="host")

    judge(seen, right=409, wrong=200)


@fault("host-state-before-the-start")
def test_a_microphone_needs_a_live_session(judge):
    def seen(mock):
        paths = (f"/sessions/{mock.session()}/host_{kind}_state" for kind in ("audio", "video"))
        return [mock.status("POST", path, by="host") for path in paths]

    judge(seen, right=[409, 409], wrong=[200, 409])

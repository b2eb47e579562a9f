from __future__ import annotations

import pytest

fault = pytest.mark.fault


def change(mock, path, **body):
    return mock.data("PATCH", path, by="host", json=body)


@fault("change-clears-description")
def test_a_change_keeps_what_it_does_not_give(judge):
    def description(mock):
        path = f"/rooms/{mock.room(description='Ours')}"
        return change(mock, path, title="Another").get("description")

    judge(description, right="Ours", wrong=None)


@fault("emptied-description-stays")
def test_a_description_can_be_emptied(judge):
    def seen(mock):
        path = f"/rooms/{mock.room(description='Ours')}"
        return change(mock, path, description="")["description"]

    judge(seen, right="", wrong="Ours")


@fault("change-of-description-ignored")
def test_a_change_changes_what_it_gives(judge):
    def seen(mock):
        path = f"/rooms/{mock.room(description='Ours')}"
        changed = change(mock, path, title="Another", description="Theirs")
        return changed["title"], changed["description"]

    judge(seen, right=("Another", "Theirs"), wrong=("Another", "Ours"))


@fault("analytics-merged")
def test_analytics_are_replaced_as_a_whole(judge):
    def seen(mock):
        tag = {"google_tag_manager": {"container_id": "GTM-K7Q2MZX", "enabled": True}}
        path = f"/rooms/{mock.room(analytics=tag)}"
        changed = change(mock, path, analytics={"google_tag_manager": {"enabled": False}})
        return changed["analytics"]["google_tag_manager"]

    judge(seen, right={"enabled": False}, wrong={"container_id": "GTM-K7Q2MZX", "enabled": False})


@fault("room-change-not-kept")
def test_a_change_is_kept(judge):
    def titles(mock):
        path = f"/rooms/{mock.room()}"
        return change(mock, path, title="Another")["title"], mock.data("GET", path)["title"]

    judge(titles, right=("Another", "Another"), wrong=("Another", "Launch room"))


@fault("reschedule-not-kept")
def test_a_new_time_is_kept(judge):
    def times(mock):
        session = mock.session(scheduled_start_time="2026-03-04T12:00:00Z")
        time = "2026-03-05T12:00:00Z"
        told = change(mock, f"/sessions/{session}/reschedule", scheduled_start_time=time)
        shown = mock.shown(session)
        return told["scheduled_start_time"] == time, shown["scheduled_start_time"] == time

    judge(times, right=(True, True), wrong=(True, False))


@fault("settings-reset-others")
def test_one_setting_leaves_the_others(judge):
    def overrides(mock):
        path = f"/sessions/{mock.session()}/settings"
        change(mock, path, chat_enabled=False, max_join_limit=3)
        shown = change(mock, path, max_join_limit=4)
        return shown.get("chat_enabled_override"), shown["max_join_limit_override"]

    judge(overrides, right=(False, 4), wrong=(None, 4))


@fault("settings-written-to-the-preset")
def test_settings_are_of_one_session(judge):
    def shown(mock):
        preset = mock.preset(max_join_limit=9)
        change(mock, f"/sessions/{mock.session(preset_id=preset)}/settings", max_join_limit=4)
        return mock.data("GET", f"/presets/{preset}", by="host")["max_join_limit"]

    judge(shown, right=9, wrong=4)


@fault("empty-change-refused")
def test_an_empty_change_is_no_mistake(judge):
    def status(mock):
        return mock.status("PATCH", f"/rooms/{mock.room()}", by="host", json={})

    judge(status, right=200, wrong=422)


@fault("room-with-live-session-deletable")
def test_a_room_on_air_is_not_deleted(judge):
    def status(mock):
        room = mock.room()
        mock.live(room=room)
        return mock.status("DELETE", f"/rooms/{room}", by="host")

    judge(status, right=409, wrong=200)


@fault("sessions-outlive-their-room")
def test_a_rooms_sessions_go_with_it(judge):
    def statuses(mock):
        room = mock.room()
        session, other = mock.session(room=room), mock.session()
        mock.data("DELETE", f"/rooms/{room}", by="host")
        mock.data("DELETE", f"/sessions/{other}", by="host")
        paths = (f"/rooms/{room}", f"/sessions/{session}", f"/sessions/{other}")
        return [mock.status("GET", path) for path in paths]

    judge(statuses, right=[404, 404, 404], wrong=[404, 200, 404])


@fault("ten-sessions-go-with-the-room")
def test_all_sessions_go_with_a_room(judge):
    def statuses(mock):
        room = mock.room()
        sessions = [mock.session(room=room) for _ in range(11)]
        mock.data("DELETE", f"/rooms/{room}", by="host")
        return [mock.status("GET", f"/sessions/{sessions[n]}") for n in (0, 1, -1)]

    judge(statuses, right=[404, 404, 404], wrong=[200, 404, 404])


@fault("deleted-session-still-answers")
def test_a_deleted_session_is_unknown(judge):
    def statuses(mock):
        room = mock.room()
        session, other = mock.session(room=room), mock.session()
        mock.data("DELETE", f"/rooms/{room}", by="host")
        mock.data("DELETE", f"/sessions/{other}", by="host")
        return [mock.status("GET", f"/sessions/{each}") for each in (session, other)]

    judge(statuses, right=[404, 404], wrong=[404, 200])


@fault("deleting-twice-succeeds")
def test_a_session_is_deleted_once(judge):
    def statuses(mock):
        path = f"/sessions/{mock.session()}"
        return [mock.status("DELETE", path, by="host") for _ in range(2)]

    judge(statuses, right=[200, 404], wrong=[200, 200])

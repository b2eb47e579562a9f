from __future__ import annotations

import pytest

fault = pytest.mark.fault
EVERYBODY = ("viewer", "other-host")


def with_limit(mock, limit, operation="start", **body):
    session = mock.session(**body)
    settings = {"max_join_limit": limit}
    mock.data("PATCH", f"/sessions/{session}/settings", by="host", json=settings)
    mock.move(session, operation)
    return session


def joins(mock, session, *callers: str):
    return [mock.status("POST", f"/sessions/{session}/join", by=caller) for caller in callers]


@fault("monitor-takes-a-place")
def test_who_monitors_takes_no_place(judge):
    def seen(mock):
        session = with_limit(mock, 1)
        mock.data("GET", f"/sessions/{session}/monitor", by="other-host")
        return joins(mock, session, "viewer")

    judge(seen, right=[200], wrong=[409])


@fault("lower-limit-empties-the-room")
def test_a_lower_limit_keeps_who_is_in(judge):
    def seen(mock):
        session = mock.live("start")
        joins(mock, session, *EVERYBODY)
        body = {"max_join_limit": 1}
        mock.data("PATCH", f"/sessions/{session}/settings", by="host", json=body)
        return mock.shown(session)["viewer_count"] >= 2

    judge(seen, right=True, wrong=False)


@fault("presets-limit-not-kept")
def test_the_presets_limit_holds(judge):
    def seen(mock):
        plain = mock.live("start", preset_id=mock.preset(max_join_limit=1))
        own = with_limit(mock, 1)
        return joins(mock, plain, *EVERYBODY), joins(mock, own, *EVERYBODY)

    judge(seen, right=([200, 409], [200, 409]), wrong=([200, 200], [200, 409]))


@fault("last-place-refused")
def test_the_last_place_can_be_taken(judge):
    def seen(mock):
        return joins(mock, with_limit(mock, 2), *EVERYBODY)

    judge(seen, right=[200, 200], wrong=[200, 409])


@fault("one-session-a-viewer")
def test_a_viewer_may_be_in_two_sessions(judge):
    def seen(mock):
        first, second = mock.live("start"), mock.live("start")
        return [*joins(mock, first, "viewer", "viewer"), *joins(mock, second, "viewer")]

    judge(seen, right=[200, 200, 200], wrong=[200, 200, 409])


@fault("place-kept-in-the-room")
def test_the_next_session_of_a_room_has_places_of_its_own(judge):
    def seen(mock):
        room = mock.room()
        first = mock.live("start", room=room)
        before = joins(mock, first, "viewer")
        mock.move(first, "end")
        following = mock.live("start", room=room)
        mock.data("PATCH", f"/sessions/{following}/settings", by="host", json={"max_join_limit": 1})
        return [*before, *joins(mock, following, "viewer", "other-host")]

    judge(seen, right=[200, 200, 409], wrong=[200, 200, 200])


@fault("camera-switches-microphone")
def test_the_camera_leaves_the_microphone(judge):
    def seen(mock):
        session = mock.live("start")
        mock.move(session, "host_audio_state", json={"enabled": True})
        mock.move(session, "host_video_state", json={"enabled": False})
        return mock.move(session, "host_audio_state")["enabled"]

    judge(seen, right=False, wrong=True)


@fault("join-needs-broadcast")
def test_viewers_join_before_the_broadcast(judge):
    def seen(mock):
        silent, aired = mock.live("start"), mock.live("go_live")
        return [*joins(mock, silent, "viewer", "host"), *joins(mock, aired, "viewer")]

    judge(seen, right=[200, 200, 200], wrong=[409, 200, 200])


@fault("host-state-for-the-host")
def test_anybody_tells_the_state_of_the_camera(judge):
    def seen(mock):
        path = f"/sessions/{mock.live()}/host_video_state"
        return [mock.status("POST", path, by=caller) for caller in ("viewer", "host")]

    judge(seen, right=[200, 200], wrong=[403, 200])


@fault("monitor-for-no-other-host")
def test_another_host_may_monitor(judge):
    def seen(mock):
        path = f"/sessions/{mock.live()}/monitor"
        return [mock.status("GET", path, by=caller) for caller in ("other-host", "viewer")]

    judge(seen, right=[200, 200], wrong=[403, 200])


@fault("any-host-publishes")
def test_another_host_is_audience(judge):
    def seen(mock):
        session = mock.live("start")
        return [
            mock.claims(mock.move(session, "join", by=caller)["livekit_token"])["video"].get(
                "canPublish"
            )
            for caller in EVERYBODY
        ]

    judge(seen, right=[False, False], wrong=[False, True])

from __future__ import annotations

import pytest

fault = pytest.mark.fault


def running(mock):
    session = mock.live()
    mock.clock.advance(minutes=20)
    return session


@fault("updated-before-created")
def test_a_room_changes_after_it_is_made(judge):
    def ordered(mock):
        room = mock.data("GET", f"/rooms/{mock.room()}")
        return room["created_at"] <= room["updated_at"]

    judge(ordered, right=True, wrong=False)


@fault("started-before-created")
def test_a_session_starts_after_it_is_made(judge):
    def ordered(mock):
        session = mock.shown(mock.live())
        return session["created_at"] <= session["started_at"]

    judge(ordered, right=True, wrong=False)


@fault("more-viewers-than-ever")
def test_viewers_are_never_above_their_maximum(judge):
    def ordered(mock):
        session = mock.shown(running(mock))
        return session["viewer_count"] <= session["max_viewers"]

    judge(ordered, right=True, wrong=False)


@fault("viewers-before-the-start")
def test_nobody_watches_a_scheduled_session(judge):
    def viewers(mock):
        return mock.shown(mock.session())["viewer_count"]

    judge(viewers, right=0, wrong=1)


@fault("duration-in-milliseconds")
def test_the_duration_is_in_seconds(judge):
    def duration(mock):
        return mock.shown(mock.ended())["duration"]

    judge(duration, right=1, wrong=1500)


@fault("duration-rounds-up")
def test_the_duration_rounds_down(judge):
    def duration(mock):
        return mock.shown(mock.ended())["duration"]

    judge(duration, right=1, wrong=2)


@fault("scheduled-session-is-active")
def test_the_active_session_is_live(judge):
    def active(mock):
        return "active_session_id" in mock.shown(mock.session())["room"]

    judge(active, right=False, wrong=True)


@fault("stats-count-own-sessions")
def test_the_stats_count_everyones_sessions(judge):
    def totals(mock):
        mock.session()
        mock.session(by="other_host")
        mock.session(by="other_host")
        stats = mock.data("GET", "/sessions/stats", by="host")
        return stats["total_sessions"], stats["scheduled"]

    judge(totals, right=(3, 3), wrong=(1, 3))


@fault("stats-count-scheduled-as-live")
def test_the_stats_count_live_sessions(judge):
    def counts(mock):
        mock.session()
        mock.live()
        stats = mock.data("GET", "/sessions/stats", by="host")
        return stats["live_now"], stats["scheduled"]

    judge(counts, right=(1, 1), wrong=(2, 1))


@fault("stats-count-expired-as-ended")
def test_the_stats_count_expired_sessions_in_the_total_only(judge):
    def counts(mock):
        mock.ended()
        mock.expired()
        stats = mock.data("GET", "/sessions/stats", by="host")
        return stats["total_sessions"], stats["ended"]

    judge(counts, right=(2, 1), wrong=(2, 2))


@fault("change-keeps-updated-at")
def test_a_change_moves_updated_at(judge):
    def same(mock):
        path = f"/rooms/{mock.room()}"
        before = mock.data("GET", path)["updated_at"]
        mock.clock.advance(seconds=5)
        changed = mock.data("PATCH", path, by="host", json={"title": "Another"})
        return changed["title"], changed["updated_at"] == before

    judge(same, right=("Another", False), wrong=("Another", True))


@fault("change-moves-created-at")
def test_a_change_leaves_created_at(judge):
    def same(mock):
        path = f"/rooms/{mock.room()}"
        before = mock.data("GET", path)["created_at"]
        mock.clock.advance(seconds=5)
        changed = mock.data("PATCH", path, by="host", json={"title": "Another"})
        return changed["title"], changed["created_at"] == before

    judge(same, right=("Another", True), wrong=("Another", False))


@fault("reading-moves-updated-at")
def test_reading_changes_nothing(judge):
    def same(mock):
        path = f"/rooms/{mock.room()}"
        before = mock.data("GET", path)["updated_at"]
        mock.clock.advance(seconds=5)
        mock.data("GET", path)
        return mock.data("GET", path)["updated_at"] == before

    judge(same, right=True, wrong=False)


@fault("host-by-outer-id")
def test_a_room_shows_the_host_it_names(judge):
    def same(mock):
        room = mock.data("GET", f"/rooms/{mock.room()}")
        return room["host"]["id"] == room["host_id"], room["host"]["username"] != ""

    judge(same, right=(True, True), wrong=(False, True))


@fault("ended-sessions-listed-as-live")
def test_one_session_of_a_room_is_listed_as_live(judge):
    def statuses(mock):
        ended = mock.ended()
        room = mock.shown(ended)["room_id"]
        preset = mock.preset()
        body = {"title": "Second", "preset_id": preset}
        made = mock.data("POST", f"/rooms/{room}/sessions", by="host", json=body)["session"]["id"]
        mock.move(made, "start")
        rows = mock.data("GET", f"/rooms/{room}/sessions", by="host")["sessions"]
        return sorted(row["status"] for row in rows), mock.shown(ended)["status"]

    judge(statuses, right=(["ended", "live"], "ended"), wrong=(["live", "live"], "ended"))


@fault("room-name-is-the-rooms-id")
def test_the_room_that_is_joined_is_the_session(judge):
    def names(mock):
        session = mock.live()
        joined = mock.move(session, "join")
        monitored = mock.data("GET", f"/sessions/{session}/monitor", by="viewer")
        told = [each["room_name"] == session for each in (joined, monitored)]
        return told, mock.claims(joined["livekit_token"])["video"]["room"] == session

    judge(names, right=([True, True], True), wrong=([False, False], True))

from __future__ import annotations

import pytest

fault = pytest.mark.fault


def row_of(mock, path, rows, id_, by=None):
    return next(row for row in mock.data("GET", path, by=by)[rows] if row["id"] == id_)


@fault("listed-rooms-without-live-session")
def test_listed_rooms_name_their_live_session(judge):
    def seen(mock):
        room = mock.room()
        mock.live(room=room)
        row = row_of(mock, "/rooms", "rooms", room)
        return "active_session_id" in row, "active_session_id" in mock.data("GET", f"/rooms/{room}")

    judge(seen, right=(True, True), wrong=(False, True))


@fault("own-rooms-without-description")
def test_own_rooms_are_whole(judge):
    def seen(mock):
        room = mock.room(description="For the band")
        paths = ("/rooms/my", "/rooms")
        return ["description" in row_of(mock, path, "rooms", room, by="host") for path in paths]

    judge(seen, right=[True, True], wrong=[False, True])


@fault("listed-sessions-without-description")
def test_listed_sessions_are_whole(judge):
    def seen(mock):
        session = mock.session(description="At eight")
        row = row_of(mock, "/sessions", "sessions", session)
        return "description" in row, "description" in mock.shown(session)

    judge(seen, right=(True, True), wrong=(False, True))


@fault("live-list-without-broadcast-address")
def test_the_live_list_says_where_to_watch(judge):
    def seen(mock):
        session = mock.live()
        row = row_of(mock, "/sessions/live", "sessions", session)
        return "hls_url" in row, "hls_url" in mock.shown(session)

    judge(seen, right=(True, True), wrong=(False, True))


@fault("session-shows-old-room")
def test_a_session_shows_its_room_of_now(judge):
    def seen(mock):
        room = mock.room()
        session = mock.session(room=room)
        mock.data("PATCH", f"/rooms/{room}", by="host", json={"title": "Renamed"})
        return mock.shown(session)["room"]["title"], mock.data("GET", f"/rooms/{room}")["title"]

    judge(seen, right=("Renamed", "Renamed"), wrong=("Launch room", "Renamed"))


@fault("session-shows-old-preset-name")
def test_a_session_shows_its_preset_of_now(judge):
    def seen(mock):
        preset = mock.preset()
        session = mock.session(preset_id=preset)
        mock.data("PATCH", f"/presets/{preset}", by="host", json={"name": "Renamed"})
        return mock.shown(session)["preset"]["name"]

    judge(seen, right="Renamed", wrong="Webinar")


@fault("room-shows-nameless-host")
def test_a_room_shows_its_hosts_name(judge):
    def seen(mock):
        host = mock.data("GET", f"/rooms/{mock.room()}")["host"]
        return host["username"] == mock.data("GET", "/auth/me", by="host")["username"]

    judge(seen, right=True, wrong=False)


@fault("presets-in-another-library")
def test_rooms_and_presets_share_a_library(judge):
    def seen(mock):
        session = mock.shown(mock.session())
        return session["room"]["library_id"] == session["preset"]["library_id"]

    judge(seen, right=True, wrong=False)


@fault("ended-sessions-unlisted")
def test_ended_sessions_are_listed(judge):
    def seen(mock):
        mock.ended()
        mock.session()
        listed = mock.data("GET", "/sessions")
        return [row["status"] for row in listed["sessions"]], listed["total"]

    judge(seen, right=(["scheduled", "ended"], 2), wrong=(["scheduled"], 1))


@fault("timestamp-stands-still")
def test_the_timestamp_runs(judge):
    def seen(mock):
        before = mock.send("GET", "/rooms").json()["timestamp"]
        mock.clock.advance(seconds=7)
        return mock.send("GET", "/rooms").json()["timestamp"] - before

    judge(seen, right=7, wrong=0)


@fault("trace-in-refusal")
def test_a_refusal_tells_nothing_of_the_inside(judge):
    def seen(mock):
        answer = mock.send("GET", "/rooms/3c90c3cc-0d44-4b50-8888-8dd25736052a")
        return answer.status_code, "Traceback" in answer.text

    judge(seen, right=(404, False), wrong=(404, True))


@fault("room-updated-whenever-shown")
def test_reading_a_room_later_shows_the_same_time(judge):
    def seen(mock):
        room = mock.room()
        before = mock.data("GET", f"/rooms/{room}")["updated_at"]
        mock.clock.advance(seconds=9)
        return mock.data("GET", f"/rooms/{room}")["updated_at"] == before

    judge(seen, right=True, wrong=False)


@fault("callers-date-in-local-time")
def test_the_callers_date_is_in_utc(judge):
    def seen(mock):
        return mock.data("GET", "/auth/me", by="host")["created_at"][-1]

    judge(seen, right="Z", wrong="0")


@fault("me-is-inactive")
def test_who_is_signed_in_is_active(judge):
    def seen(mock):
        return mock.data("GET", "/auth/me", by="host")["is_active"]

    judge(seen, right=True, wrong=False)

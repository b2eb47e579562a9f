from __future__ import annotations

import pytest

fault = pytest.mark.fault


def room(mock, **body):
    return mock.status("POST", "/rooms", by="host", json={"title": "Launch", **body})


def planned(mock, time):
    body = {"title": "Launch", "preset_id": mock.preset(), "scheduled_start_time": time}
    return mock.status("POST", f"/rooms/{mock.room()}/sessions", by="host", json=body)


def rescheduled(mock, time):
    path = f"/sessions/{mock.session()}/reschedule"
    return mock.status("PATCH", path, by="host", json={"scheduled_start_time": time})


def made(mock, path, **body):
    return mock.status("POST", path, by="host", json=body)


@fault("past-start-accepted")
def test_a_session_is_not_planned_in_the_past(judge):
    def statuses(mock):
        past = "2026-03-01T11:00:00Z"
        return planned(mock, past), rescheduled(mock, past)

    judge(statuses, right=(422, 422), wrong=(201, 422))


@fault("past-reschedule-accepted")
def test_a_session_is_not_moved_into_the_past(judge):
    def statuses(mock):
        past = "2026-03-01T11:00:00Z"
        return planned(mock, past), rescheduled(mock, past)

    judge(statuses, right=(422, 422), wrong=(422, 200))


@fault("local-times-accepted")
def test_a_time_needs_an_offset(judge):
    def statuses(mock):
        times = ("2026-04-01T12:00:00", "2026-04-01T12:00:00Z", "tomorrow")
        return [planned(mock, time) for time in times]

    judge(statuses, right=[422, 201, 422], wrong=[201, 201, 422])


@fault("lengths-in-bytes")
def test_lengths_count_characters(judge):
    def statuses(mock):
        return [room(mock, title=title * 255) for title in ("é", "e")]

    judge(statuses, right=[201, 201], wrong=[422, 201])


@fault("titles-trimmed")
def test_nothing_is_trimmed(judge):
    def title(mock):
        return mock.data("GET", f"/rooms/{mock.room(title=' Ours ')}")["title"]

    judge(title, right=" Ours ", wrong="Ours")


@fault("preset-names-trimmed")
def test_a_presets_name_is_kept(judge):
    def name(mock):
        body = {"name": "  Evening ", "type": "rtmp", "primary_color": "#0b7285"}
        return mock.data("POST", "/presets", by="host", json=body)["name"]

    judge(name, right="  Evening ", wrong="Evening")


@fault("viewer-names-trimmed")
def test_a_viewers_name_is_kept(judge):
    def name(mock):
        body = {"display_name": " Ada "}
        return mock.data("POST", "/auth/viewer/register", json=body)["user"]["username"]

    judge(name, right=" Ada ", wrong="Ada")


@fault("long-description-refused")
def test_a_description_may_be_long(judge):
    def statuses(mock):
        return [made(mock, "/rooms", title="Hall", description="x" * n) for n in (255, 256)]

    judge(statuses, right=[201, 201], wrong=[201, 422])


@fault("start-time-in-utc-only")
def test_a_start_time_may_have_any_offset(judge):
    def statuses(mock):
        path, preset = f"/rooms/{mock.room()}/sessions", mock.preset()
        times = ("2030-01-01T10:00:00Z", "2030-01-01T10:00:00+05:30")
        return [
            made(mock, path, title="Launch", preset_id=preset, scheduled_start_time=time)
            for time in times
        ]

    judge(statuses, right=[201, 201], wrong=[201, 422])


@fault("offset-dropped")
def test_a_start_time_is_an_instant(judge):
    def shown(mock):
        session = mock.session(scheduled_start_time="2030-01-01T10:00:00+05:30")
        return mock.shown(session)["scheduled_start_time"]

    judge(shown, right="2030-01-01T04:30:00Z", wrong="2030-01-01T10:00:00Z")


def near(mock):
    past, soon = "2026-03-01T11:59:30Z", "2026-03-01T12:10:00Z"
    return [(planned(mock, time), rescheduled(mock, time)) for time in (past, soon)]


@fault("a-minute-of-grace")
def test_a_time_has_passed_at_once(judge):
    judge(near, right=[(422, 422), (201, 200)], wrong=[(201, 200), (201, 200)])


@fault("start-an-hour-ahead")
def test_a_time_may_be_near(judge):
    judge(near, right=[(422, 422), (201, 200)], wrong=[(422, 422), (422, 422)])

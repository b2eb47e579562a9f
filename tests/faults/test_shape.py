from __future__ import annotations

import pytest

fault = pytest.mark.fault


@fault("timestamp-in-milliseconds")
def test_the_timestamp_is_in_seconds(judge):
    def digits(mock):
        return len(str(mock.send("GET", "/rooms").json()["timestamp"]))

    judge(digits, right=10, wrong=13)


@fault("success-with-request-id")
def test_a_success_has_three_fields(judge):
    def fields(mock):
        return set(mock.send("GET", "/rooms").json())

    three = {"success", "data", "timestamp"}
    judge(fields, right=three, wrong={*three, "request_id"})


@fault("error-is-an-object")
def test_an_error_is_a_sentence(judge):
    def kind(mock):
        return type(mock.send("GET", "/rooms?page=0").json()["error"])

    judge(kind, right=str, wrong=dict)


@fault("refusal-without-timestamp")
def test_a_refusal_has_a_timestamp(judge):
    def stamped(mock):
        return "timestamp" in mock.send("GET", "/rooms?page=0").json()

    judge(stamped, right=True, wrong=False)


@fault("created-room-unwrapped")
def test_a_created_room_is_wrapped(judge):
    def wrapped(mock):
        return "room" in mock.data("POST", "/rooms", by="host", json={"title": "Launch"})

    judge(wrapped, right=True, wrong=False)


@fault("fetched-session-wrapped")
def test_a_fetched_session_is_bare(judge):
    def bare(mock):
        return "title" in mock.data("GET", f"/sessions/{mock.session()}")

    judge(bare, right=True, wrong=False)


@fault("unknown-values-are-null")
def test_an_unknown_value_is_absent(judge):
    def start(mock):
        return mock.shown(mock.session()).get("started_at", "absent")

    judge(start, right="absent", wrong=None)


@fault("room-without-host")
def test_a_room_has_a_host(judge):
    def known(mock):
        return "host" in mock.data("GET", f"/rooms/{mock.room()}")

    judge(known, right=True, wrong=False)


@fault("status-in-capitals")
def test_a_status_is_a_published_word(judge):
    def status(mock):
        return mock.shown(mock.session())["status"]

    judge(status, right="scheduled", wrong="SCHEDULED")


@fault("dates-in-local-time")
def test_a_date_is_in_utc(judge):
    def made(mock):
        return mock.shown(mock.session())["created_at"]

    judge(made, right="2026-03-01T12:00:00Z", wrong="2026-03-01T14:00:00+02:00")


@fault("created-answers-200")
def test_a_creation_answers_201(judge):
    def status(mock):
        return mock.status("POST", "/rooms", by="host", json={"title": "Launch"})

    judge(status, right=201, wrong=200)


@fault("deletion-without-id")
def test_a_deletion_answers_the_id(judge):
    def told(mock):
        return list(mock.data("DELETE", f"/rooms/{mock.room()}", by="host"))

    judge(told, right=["id"], wrong=[])


@fault("deletion-answers-204")
def test_a_deletion_answers_in_the_envelope(judge):
    def seen(mock):
        answer = mock.send("DELETE", f"/sessions/{mock.session()}", by="host")
        return answer.status_code, bool(answer.content)

    judge(seen, right=(200, True), wrong=(204, False))


@fault("fetched-room-wrapped")
def test_a_fetched_room_is_data(judge):
    def seen(mock):
        return "title" in mock.data("GET", f"/rooms/{mock.room()}")

    judge(seen, right=True, wrong=False)


@fault("logout-tells-something")
def test_a_logout_has_nothing_to_tell(judge):
    def seen(mock):
        body = {"refresh_token": mock.login()["refresh_token"]}
        return mock.data("POST", "/auth/logout", json=body)

    judge(seen, right={}, wrong={"ok": True})


@fault("created-session-without-key")
def test_a_created_session_has_a_key(judge):
    def seen(mock):
        body = {"title": "Launch", "preset_id": mock.preset()}
        made = mock.data("POST", f"/rooms/{mock.room()}/sessions", by="host", json=body)
        return "stream_key" in made

    judge(seen, right=True, wrong=False)

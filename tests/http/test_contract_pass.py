from __future__ import annotations

import pytest

MISSING = "00000000-0000-4000-8000-000000000000"
PAST = {"scheduled_start_time": "2020-01-01T00:00:00Z"}


def refused(answer, status):
    body = answer.json()
    assert answer.status_code == status, body
    assert set(body) <= {"success", "error", "message", "timestamp"}
    assert (body["success"], body["timestamp"]) == (False, 1772366400)
    assert body["error"]
    assert answer.headers["content-type"] == "application/json"
    return body


@pytest.mark.parametrize(
    ("method", "path", "by", "how", "status"),
    [
        # Each row is wrong in every later way too, so that the order itself is what is tested.
        ("PATCH", "/sessions/x/nothing", None, {"content": b"{"}, 404),
        ("PUT", "/sessions/x/reschedule", None, {"content": b"{"}, 405),
        ("PATCH", "/sessions/x/reschedule", None, {"content": b"{"}, 401),
        ("PATCH", "/sessions/x/reschedule", "viewer", {"content": b"x" * 2_000_000}, 400),
        (
            "PATCH",
            f"/sessions/{MISSING}/reschedule",
            "viewer",
            {"content": b"x" * 2_000_000, "headers": {"content-type": "text/plain"}},
            413,
        ),
        ("PATCH", f"/sessions/{MISSING}/reschedule", "viewer", {}, 400),
        ("PATCH", f"/sessions/{MISSING}/reschedule", "viewer", {"content": b"{"}, 415),
        (
            "PATCH",
            f"/sessions/{MISSING}/reschedule",
            "viewer",
            {"content": b"{", "headers": {"content-type": "application/json"}},
            400,
        ),
        ("PATCH", f"/sessions/{MISSING}/reschedule", "viewer", {"json": []}, 422),
        ("PATCH", f"/sessions/{MISSING}/reschedule", "viewer", {"json": None}, 400),
        ("PATCH", f"/sessions/{MISSING}/reschedule", "viewer", {"content": b"null"}, 415),
        ("PATCH", f"/sessions/{MISSING}/reschedule", "viewer", {"json": PAST}, 422),
        (
            "PATCH",
            f"/sessions/{MISSING}/reschedule",
            "viewer",
            {"json": {"scheduled_start_time": "2030-01-01T00:00:00Z"}},
            403,
        ),
        (
            "PATCH",
            f"/sessions/{MISSING}/reschedule",
            "host",
            {"json": {"scheduled_start_time": "2030-01-01T00:00:00Z"}},
            404,
        ),
    ],
)
def test_the_first_reason_in_the_contracts_order_is_the_answer(  # noqa: PLR0917
    mock, method, path, by, how, status
):
    refused(mock.send(method, path, by=by, **how), status)


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/rooms/", "//rooms", "/rooms//", f"/rooms/{MISSING}/", "/Rooms", "/../rooms"],
)
def test_an_unknown_path_is_not_found_whoever_asks(mock, path):
    refused(mock.send("GET", path), 404)


@pytest.mark.parametrize("room", ["7", "%00", "..%2f..", "%2e%2e", "x" * 3000, MISSING + "%0a"])
def test_an_id_that_is_no_uuid_is_malformed_or_no_path_at_all(mock, room):
    assert mock.send("GET", f"/rooms/{room}").status_code in (400, 404)


def test_an_id_is_read_in_either_case(mock):
    room = mock.room()
    assert mock.data("GET", f"/rooms/{room.upper()}")["id"] == room


def test_405_names_every_method_of_the_path(mock):
    refusal = mock.send("PUT", f"/rooms/{MISSING}")
    refused(refusal, 405)
    assert refusal.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"


def test_options_tells_the_methods_and_head_is_get_without_a_body(mock):
    assert mock.send("OPTIONS", "/rooms").headers["allow"] == "GET, HEAD, OPTIONS, POST"
    got, head = mock.send("GET", "/rooms"), mock.send("HEAD", "/rooms")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]


def test_a_body_where_none_is_taken_is_ignored(mock):
    session = mock.session()
    answer = mock.send("POST", f"/sessions/{session}/start", by="host", content=b"\xff{")
    assert answer.status_code == 200


def test_every_answer_names_its_operation(mock):
    assert mock.send("GET", "/rooms").headers["x-mock-operation"] == "list_rooms"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("studio.test:8080", "http://studio.test:8080"),
        ("[::1]:4010", "http://[::1]:4010"),
        ("evil.test/path?x=", "http://mock:4010"),
    ],
)
def test_addresses_follow_the_host_header_if_it_is_one(mock, host, expected):
    session = mock.session()
    answer = mock.send("POST", f"/sessions/{session}/start", by="host", headers={"Host": host})
    whip = answer.json()["data"]["whip_url"]
    assert whip.startswith(f"{expected}/whip/")


def test_a_bug_of_the_mock_is_an_enveloped_500_and_leaves_nothing_behind(mock, monkeypatch):
    def break_(*_: object):
        raise RuntimeError("no such luck")

    monkeypatch.setattr("mock_server.operations.rooms.room_view", break_)
    body = refused(mock.send("POST", "/rooms", by="host", json={"title": "Talks"}), 500)
    assert "no such luck" not in str(body)
    assert "no such luck" in mock.log.getvalue()
    monkeypatch.undo()
    assert mock.data("GET", "/rooms")["total"] == 0


def test_an_answer_that_breaks_the_contract_is_counted_and_never_sent(mock, monkeypatch):
    monkeypatch.setattr("mock_server.operations.rooms.room_view", lambda *_: {"id": 7})
    refused(mock.send("POST", "/rooms", by="host", json={"title": "Talks"}), 500)
    monkeypatch.undo()
    assert mock.data("GET", "/_mock/health")["contract_breaches"] == 1
    assert mock.data("GET", "/rooms")["total"] == 0
    assert "breaks the contract" in mock.log.getvalue()


def test_the_log_has_a_line_a_request_with_the_reason_in_words(mock):
    session = mock.session()
    mock.send("POST", f"/sessions/{session}/end", by="host")
    assert mock.log.getvalue().splitlines(keepends=True)[-1] == (
        f"POST /v1/webinar/sessions/{session}/end  409  "
        "`end_session`: session is `scheduled`, must be `live`\n"
    )


def test_a_reading_is_new_after_every_change_and_every_second(mock):
    session = mock.session()
    path = f"/sessions/{session}"
    assert mock.data("GET", path, by="host")["status"] == "scheduled"
    mock.data("POST", f"{path}/go_live", by="host")
    first = mock.send("GET", path, by="host").json()
    assert first["data"]["status"] == "live"
    mock.clock.advance(seconds=1)
    assert mock.send("GET", path, by="host").json()["timestamp"] == first["timestamp"] + 1


def test_a_reading_is_everyones_own(mock):
    people = {by: mock.data("GET", "/auth/me", by=by)["id"] for by in ("host", "viewer")}
    assert people["host"] != people["viewer"]
    again = {by: mock.data("GET", "/auth/me", by=by)["id"] for by in ("host", "viewer")}
    assert again == people
    assert mock.send("GET", "/auth/me").status_code == 401


def test_a_reading_in_the_second_of_the_beginning_is_not_before_it(mock):
    mock.clock.advance(microseconds=700_000)
    session = mock.session()
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    health = mock.data("GET", f"/sessions/{session}/stream_health", by="host")
    assert health["updated_at"] >= health["started_at"]

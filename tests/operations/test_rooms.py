from __future__ import annotations

import pytest

MISSING = "00000000-0000-4000-8000-000000000000"


def test_a_new_room_is_the_callers_and_is_listed_first(mock):
    room = mock.data("POST", "/rooms", by="host", json={"title": "Talks", "description": "Weekly"})
    assert room["room"]["host"]["id"] == room["room"]["host_id"]
    assert "active_session_id" not in room["room"]
    first = mock.data("GET", "/rooms")["rooms"][0]
    assert first == room["room"] == mock.data("GET", f"/rooms/{first['id']}")
    assert mock.data("GET", "/rooms/my", by="host")["rooms"] == [first]
    assert mock.data("GET", "/rooms/my", by="other_host")["total"] == 0


def test_unknown_fields_of_a_body_are_ignored(mock):
    body = {"title": "Talks", "id": MISSING, "analytics": {"google_tag_manager": {"x": 1}}}
    room = mock.data("POST", "/rooms", by="host", json=body)["room"]
    assert room["id"] != MISSING
    assert room["analytics"] == {"google_tag_manager": {}}


def test_a_change_keeps_what_is_not_given_and_moves_the_time_of_change(mock):
    room = mock.room(description="Weekly", analytics={"google_tag_manager": {"enabled": True}})
    before = mock.data("GET", f"/rooms/{room}")
    mock.clock.advance(seconds=5)
    after = mock.data("PATCH", f"/rooms/{room}", by="host", json={"title": "Other"})
    assert after == before | {"title": "Other", "updated_at": "2026-03-01T12:00:05Z"}


def test_analytics_are_replaced_as_a_whole(mock):
    manager = {"container_id": "GTM-ABC123", "enabled": True}
    room = mock.room(analytics={"google_tag_manager": manager})
    body = {"analytics": {"google_tag_manager": {"enabled": False}}}
    changed = mock.data("PATCH", f"/rooms/{room}", by="host", json=body)
    assert changed["analytics"] == {"google_tag_manager": {"enabled": False}}


def test_an_empty_change_changes_nothing(mock):
    room = mock.room()
    before = mock.data("GET", f"/rooms/{room}")
    mock.clock.advance(seconds=5)
    assert mock.data("PATCH", f"/rooms/{room}", by="host", json={}) == before


def test_a_room_takes_its_sessions_with_it(mock):
    room = mock.room()
    session = mock.session(room=room)
    assert mock.data("DELETE", f"/rooms/{room}", by="host") == {"id": room}
    assert mock.send("GET", f"/rooms/{room}").status_code == 404
    assert mock.send("GET", f"/sessions/{session}").status_code == 404
    assert mock.data("GET", "/sessions")["total"] == 0


def test_a_room_with_a_live_session_stays(mock):
    room = mock.room()
    session = mock.session(room=room)
    mock.data("POST", f"/sessions/{session}/start", by="host")
    refusal = mock.send("DELETE", f"/rooms/{room}", by="host")
    assert refusal.status_code == 409
    assert refusal.json()["error"] == (
        "`delete_room`: a session of the room is `live`, must have ended"
    )
    assert mock.data("GET", f"/rooms/{room}")["active_session_id"] == session


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_only_the_rooms_host_may_change_it(mock, method):
    room = mock.room()
    before = mock.data("GET", f"/rooms/{room}")
    for by in ("other_host", "viewer"):
        refusal = mock.send(method, f"/rooms/{room}", by=by, json={"title": "Mine"})
        assert refusal.status_code == 403
    assert mock.data("GET", f"/rooms/{room}") == before


def test_pages_hold_every_room_once_newest_first(mock):
    made = []
    for number in range(7):
        mock.clock.advance(seconds=number % 2)
        made.append(mock.room(title=f"Room {number}"))
    for limit in (1, 2, 6, 7, 100):
        pages = [mock.data("GET", f"/rooms?page={page}&limit={limit}") for page in range(1, 9)]
        rooms = [room for page in pages for room in page["rooms"]]
        assert [page["total"] for page in pages] == [7] * 8
        assert sorted(room["id"] for room in rooms) == sorted(made)
        order = [(room["created_at"], room["id"]) for room in rooms]
        assert order == sorted(order, reverse=True)


def test_a_page_past_the_end_is_empty(mock):
    mock.room()
    page = mock.data("GET", f"/rooms?page={10**9}&limit=100")
    assert page == {"rooms": [], "total": 1, "page": 10**9, "limit": 100}
    assert mock.data("GET", f"/rooms?page={10**300}")["rooms"] == []

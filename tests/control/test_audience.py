from __future__ import annotations

import pytest


def sized(mock, session, size):
    return mock.send("POST", f"/_mock/sessions/{session}/audience", json={"size": size})


def watched(mock, session):
    shown = mock.data("GET", f"/sessions/{session}")
    return shown["viewer_count"], shown["max_viewers"]


def test_a_broadcast_is_watched_by_more_than_may_join(mock):
    session = mock.session()
    assert sized(mock, session, 50_000).json()["data"]["max_viewers"] == 0, "nobody comes before"
    live = mock.data("POST", f"/sessions/{session}/go_live", by="host")["session"]
    assert live["effective_max_join_limit"] == 100
    mock.clock.advance(minutes=20)
    viewers, most = watched(mock, session)
    assert most == 50_000
    assert 35_000 < viewers < 50_000
    mock.data("POST", f"/sessions/{session}/join", by="viewer")
    assert watched(mock, session)[1] == 50_001, "who joins comes on top"
    mock.data("POST", f"/sessions/{session}/end", by="host")
    assert watched(mock, session) == (0, 50_001)


def test_without_a_broadcast_everybody_needs_a_seat(mock):
    session = mock.session(preset_id=mock.preset(max_join_limit=7))
    sized(mock, session, 900)
    mock.data("POST", f"/sessions/{session}/start", by="host")
    mock.clock.advance(minutes=20)
    assert watched(mock, session)[1] == 7
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    assert watched(mock, session)[1] == 900


def test_what_was_watched_can_grow_and_never_falls(mock):
    session = mock.session()
    sized(mock, session, 1000)
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    mock.clock.advance(minutes=20)
    refused = sized(mock, session, 999)
    assert refused.status_code == 409
    assert "1,000 have watched already" in refused.json()["error"]
    assert watched(mock, session)[1] == 1000
    raided = sized(mock, session, 4000).json()["data"]
    assert (raided["size"], raided["max_viewers"]) == (4000, 4000)
    assert watched(mock, session) == (raided["viewer_count"], 4000)


def test_an_audience_leaves_when_it_is_said(mock):
    session = mock.session()
    sized(mock, session, 2000)
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    mock.clock.advance(minutes=20)
    assert watched(mock, session)[0] > 1_500
    answer = mock.send(
        "POST", f"/_mock/sessions/{session}/audience", json={"size": 2000, "shape": "exodus"}
    )
    assert answer.json()["data"]["shape"] == "exodus"
    assert answer.json()["data"]["viewer_count"] > 1_900
    mock.clock.advance(minutes=3)
    assert 600 < watched(mock, session)[0] < 1_700
    mock.clock.advance(minutes=5)
    viewers, most = watched(mock, session)
    assert viewers < 61
    assert most == 2000


def test_a_shape_that_would_undo_who_came_is_refused(mock):
    session = mock.session()
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    mock.clock.advance(minutes=10)
    path = f"/_mock/sessions/{session}/audience"
    mock.data("POST", path, json={"size": 2000, "shape": "steady"})
    refused = mock.send("POST", path, json={"size": 2000, "shape": "ramp"})
    assert refused.status_code == 409
    assert "2,000 have watched already and this would make them" in refused.json()["error"]
    assert mock.send("POST", path, json={"size": 2000, "shape": "square"}).status_code == 422


def test_nobody_can_be_made_to_have_come_to_what_is_over(mock):
    session = mock.session()
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    mock.data("POST", f"/sessions/{session}/end", by="host")
    before = watched(mock, session)
    assert sized(mock, session, 5).status_code == 409
    assert watched(mock, session) == before


@pytest.mark.parametrize("size", [-1, 50_001, "many", None])
def test_a_size_is_a_number_of_people(mock, size):
    assert sized(mock, mock.session(), size).status_code == 422


def test_the_session_must_be_there(mock):
    assert sized(mock, "00000000-0000-4000-8000-000000000000", 5).status_code == 404
    assert sized(mock, "first", 5).status_code == 400

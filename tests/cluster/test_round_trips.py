"""What a request costs on the way to the database and back, counted on the wire."""

from __future__ import annotations

import pytest
from relay import Relay


@pytest.fixture(scope="module")
def relay(database):
    relay = Relay(database.port)
    yield relay
    relay.close()


@pytest.fixture(scope="module")
def far(database, relay, mock_with):
    """An empty world in a database behind the relay."""
    name = database.empty().rpartition("/")[2]
    address = f"postgresql://greenroom@127.0.0.1:{relay.port}/{name}"
    with mock_with(scenario="empty", store=address) as far:
        yield far


@pytest.fixture
def signed_in(far):
    """A host's and a viewer's bearer tokens, whose users a token names."""
    personas = far.data("GET", "/_mock/personas")["personas"]
    return {
        each["name"]: {"Authorization": f"Bearer {each['access_token']}"}
        for each in personas
        if each["usable"]
    }


def test_every_move_of_a_session_costs_at_most_two(far, relay, signed_in):
    # Connections are made once, not for a request.
    host, viewer = signed_in["host"], signed_in["viewer"]
    room = far.room()
    body = {"title": "Launch", "preset_id": far.preset()}
    with relay.counted() as making:
        made = far.data("POST", f"/rooms/{room}/sessions", headers=host, json=body)
    session = made["session"]["id"]
    path = f"/sessions/{session}"
    later = {"scheduled_start_time": "2026-03-02T12:00:00Z"}
    moves = [
        ("PATCH", f"{path}/settings", host, {"max_join_limit": 5}),
        ("PATCH", f"{path}/reschedule", host, later),
        ("POST", f"{path}/start", host, None),
        ("POST", f"{path}/start", host, None),
        ("POST", f"{path}/go_live", host, None),
        ("POST", f"{path}/join", viewer, None),
        ("POST", f"{path}/join", viewer, None),
        ("POST", f"{path}/end", host, None),
    ]
    cost = {}
    for method, where, by, json in moves:
        with relay.counted() as trips:
            answer = far.send(method, where, headers=by, json=json)
        assert answer.status_code == 200, answer.text
        cost[method, where] = trips[0]
    other = far.session(by="host", room=room)
    with relay.counted() as removing:
        far.data("DELETE", f"/sessions/{other}", headers=host)
    assert (making[0], removing[0]) <= (2, 2)
    assert {each: n for each, n in cost.items() if n > 2} == {}


def test_a_refused_move_costs_at_most_two(far, relay):
    session = far.session()
    path = f"/sessions/{session}/end"
    with relay.counted() as trips:
        assert far.send("POST", path, by="host").status_code == 409
    assert trips[0] <= 2

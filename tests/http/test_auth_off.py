from __future__ import annotations

import pytest

from mock_server.seeds import person_id


@pytest.fixture(scope="module", params=["memory", "sqlite", "postgres"])
def anybody(request, mock_with, tmp_path_factory):
    store = "memory"
    if request.param == "sqlite":
        store = f"sqlite:///{tmp_path_factory.mktemp('world') / 'world.db'}"
    elif request.param == "postgres":
        store = request.getfixturevalue("database").empty()
    with mock_with(auth="off", scenario="empty", store=store) as mock:
        yield mock


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer let-me-in"},
        {"Authorization": "Basic aG9zdDpob3N0"},
        {"X-API-Key": "nobody"},
        {"X-API-Key": "greenroom-banned-viewer-key"},
    ],
)
def test_whoever_has_no_usable_credentials_is_the_host(anybody, headers):
    me = anybody.data("GET", "/auth/me", headers=headers)
    assert me["email"] == "host@pinecove.test"
    made = anybody.send("POST", "/rooms", headers=headers, json={"title": "Launch"})
    assert made.status_code == 201
    assert made.json()["data"]["room"]["host_id"] == me["id"]


def test_the_personas_that_must_be_refused_are_not(anybody):
    for each in anybody.data("GET", "/_mock/personas")["personas"]:
        headers = {"Authorization": f"Bearer {each['access_token']}"}
        me = anybody.data("GET", "/auth/me", headers=headers)
        assert (me["email"] == each.get("email")) is each["usable"] or each["name"] == "host"


def test_usable_credentials_still_count(anybody):
    assert anybody.data("GET", "/auth/me", by="viewer")["role"] == "viewer"
    assert anybody.send("POST", "/rooms", by="viewer", json={"title": "Mine"}).status_code == 403


def test_signing_in_is_still_refused(anybody):
    wrong = {"email": "host@pinecove.test", "password": "wrong"}
    assert anybody.send("POST", "/auth/login", json=wrong).status_code == 401
    body = {"refresh_token": "unknown"}
    assert anybody.send("POST", "/auth/refresh", json=body).status_code == 401


def test_everything_else_of_a_request_is_still_refused_in_order(anybody):
    assert anybody.send("POST", "/rooms", json={"title": "Hi"}).status_code == 422
    assert anybody.send("GET", "/rooms/my?limit=0").status_code == 400


def test_every_world_has_a_host_of_its_own(anybody):
    anybody.data("POST", "/_mock/worlds", json={"name": "other", "scenario": "demo", "seed": 7})
    me = anybody.data("GET", "/auth/me", headers={"X-Mock-World": "other"})
    assert me["id"] == person_id(7, "product-manager")


def test_a_world_without_a_host_says_so(mock_with, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("version: 1\npeople:\n  ada: {role: viewer}\n")
    with mock_with(auth="off", scenario=str(path)) as mock:
        refusal = mock.send("GET", "/auth/me")
        assert refusal.status_code == 401
        assert "this world has none" in refusal.json()["error"]

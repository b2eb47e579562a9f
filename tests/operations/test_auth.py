from __future__ import annotations

import pytest


def personas(mock):
    return {each["name"]: each for each in mock.data("GET", "/_mock/personas")["personas"]}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def me(mock, token):
    return mock.send("GET", "/auth/me", headers=bearer(token))


def test_a_password_signs_in(mock):
    host = personas(mock)["host"]
    body = {"email": host["email"].upper(), "password": host["password"]}
    given = mock.data("POST", "/auth/login", json=body)
    assert given["user"] == host["user"]
    assert me(mock, given["access_token"]).json()["data"] == host["user"]


@pytest.mark.parametrize("wrong", [{"password": "nope"}, {"email": "nobody@greenroom.test"}])
def test_a_wrong_password_or_address_says_the_same(mock, wrong):
    host = personas(mock)["host"]
    body = {"email": host["email"], "password": host["password"], **wrong}
    refusal = mock.send("POST", "/auth/login", json=body)
    assert refusal.status_code == 401
    assert refusal.json()["error"] == "`login`: email or password is wrong"
    assert refusal.headers["www-authenticate"].startswith("Bearer")


def test_a_malformed_address_is_unprocessable(mock):
    refusal = mock.send("POST", "/auth/login", json={"email": "nobody", "password": "x"})
    assert refusal.status_code == 422


def test_a_viewer_registers_with_a_name_and_comes_back_with_the_device(mock):
    given = mock.send("POST", "/auth/viewer/register", json={"display_name": "Zoë ✨"})
    assert given.status_code == 201
    data = given.json()["data"]
    assert (data["user"]["username"], data["user"]["role"]) == ("Zoë ✨", "viewer")
    for _ in range(2):
        body = {"device_token": data["device_token"]}
        again = mock.data("POST", "/auth/viewer/device-login", json=body)
        assert again["user"] == data["user"]
        assert me(mock, again["access_token"]).status_code == 200


@pytest.mark.parametrize(
    ("name", "status"),
    [("", 422), ("😀" * 50, 201), ("x" * 51, 422)],
    ids=["empty", "50 emoji", "51 letters"],
)
def test_a_display_name_counts_code_points(mock, name, status):
    answer = mock.send("POST", "/auth/viewer/register", json={"display_name": name})
    assert answer.status_code == status


def test_a_refresh_spends_its_token_and_leaves_the_access_token(mock):
    first = mock.data("POST", "/auth/viewer/register", json={"display_name": "Ada"})
    body = {"refresh_token": first["refresh_token"]}
    second = mock.data("POST", "/auth/refresh", json=body)
    assert second["refresh_token"] != first["refresh_token"]
    assert mock.send("POST", "/auth/refresh", json=body).status_code == 401
    for token in (first["access_token"], second["access_token"]):
        assert me(mock, token).status_code == 200


def test_signing_out_ends_every_access_token_of_the_sign_in_and_no_other(mock):
    first = mock.data("POST", "/auth/viewer/register", json={"display_name": "Ada"})
    other = mock.data(
        "POST", "/auth/viewer/device-login", json={"device_token": first["device_token"]}
    )
    second = mock.data("POST", "/auth/refresh", json={"refresh_token": first["refresh_token"]})
    body = {"refresh_token": second["refresh_token"]}
    assert mock.data("POST", "/auth/logout", json=body) == {}
    assert mock.send("POST", "/auth/logout", json=body).status_code == 401
    for token in (first["access_token"], second["access_token"]):
        assert me(mock, token).status_code == 401
    assert me(mock, other["access_token"]).status_code == 200


def test_an_access_token_ends_with_its_hour(mock):
    given = mock.data("POST", "/auth/viewer/register", json={"display_name": "Ada"})
    mock.clock.advance(minutes=59)
    assert me(mock, given["access_token"]).status_code == 200
    mock.clock.advance(minutes=1)
    refusal = me(mock, given["access_token"])
    assert refusal.status_code == 401
    assert "has expired" in refusal.json()["error"]


def test_a_code_signs_in_once(mock):
    body = {"session_id": mock.session()}
    code = mock.data("POST", "/auth/code", by="viewer", json=body)
    assert code["expires_in"] > 0
    given = mock.data("POST", "/auth/code/exchange", json={"code": code["code"]})
    assert given["user"] == personas(mock)["viewer"]["user"]
    again = mock.send("POST", "/auth/code/exchange", json={"code": code["code"]})
    assert again.status_code == 401


def test_a_code_expires(mock):
    code = mock.data("POST", "/auth/code", by="viewer", json={"session_id": mock.session()})
    mock.clock.advance(seconds=code["expires_in"])
    again = mock.send("POST", "/auth/code/exchange", json={"code": code["code"]})
    assert again.status_code == 401


@pytest.mark.parametrize("session", ["not a uuid", "00000000-0000-4000-8000-000000000000"])
def test_a_code_needs_a_session_that_is_there(mock, session):
    refusal = mock.send("POST", "/auth/code", by="viewer", json={"session_id": session})
    assert refusal.status_code == 404

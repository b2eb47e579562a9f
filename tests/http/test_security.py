from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest

SECRET = "greenroom development secret, not for production"


def token(mock, **changes: object) -> str:
    personas = {each["name"]: each for each in mock.data("GET", "/_mock/personas")["personas"]}
    options = {"verify_signature": False, "verify_exp": False}
    claims = jwt.decode(personas["host"]["access_token"], options=options) | changes
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, SECRET, "HS256")


def unsigned(mock) -> str:
    _, payload, _ = token(mock).split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).rstrip(b"=").decode()
    return f"{header}.{payload}."


def seconds(**change: float) -> float:
    return (datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(**change)).timestamp()


UNUSABLE = {
    "expired": (lambda mock: token(mock, exp=seconds()), "has expired"),
    "not yet valid": (lambda mock: token(mock, nbf=seconds(seconds=1)), "is not valid yet"),
    "another signature": (lambda mock: token(mock)[:-4] + "AAAA", "signature does not verify"),
    "alg none": (unsigned, "`alg` must be `HS256`"),
    "no exp": (lambda mock: token(mock, exp=None), "has no `exp`"),
    "no sub": (lambda mock: token(mock, sub=None), "has no `sub`"),
    "unknown user": (lambda mock: token(mock, sub="nobody", sid=None), "user is not known"),
    "ended sign-in": (lambda mock: token(mock, sid="gone"), "sign-in has ended"),
    "a sign-in that is no text": (lambda mock: token(mock, sid={"a": 1}), "`sid` must be a text"),
    "infinite": (lambda mock: token(mock, exp=float("inf")), "is not a JWT"),
    "text": (lambda _: "let-me-in", "is not a JWT"),
    "dots": (lambda _: "..", "is not a JWT"),
    "latin": (lambda _: "é.é.é", "is not a JWT"),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_an_unusable_token_is_refused_with_the_reason(mock, kind):
    make, reason = UNUSABLE[kind]
    header = {"Authorization": f"Bearer {make(mock)}".encode("latin-1")}
    refusal = mock.send("GET", "/auth/me", headers=header)
    assert refusal.status_code == 401
    assert reason in refusal.json()["error"]
    assert refusal.headers["www-authenticate"].startswith("Bearer ")


def test_the_personas_that_must_not_work_do_not(mock):
    personas = {each["name"]: each for each in mock.data("GET", "/_mock/personas")["personas"]}
    for name in ("expired", "malformed"):
        header = {"Authorization": f"Bearer {personas[name]['access_token']}"}
        assert mock.send("GET", "/auth/me", headers=header).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic aG9zdDpob3N0"},
        {"X-API-Key": ""},
        {"X-API-Key": "nobody"},
    ],
)
def test_without_usable_credentials_there_is_no_way_in(mock, headers):
    refusal = mock.send("GET", "/auth/me", headers=headers)
    assert refusal.status_code == 401
    assert "www-authenticate" in refusal.headers


def test_two_authorization_headers_are_not_usable_but_a_key_beside_them_is(mock):
    both = [("Authorization", f"Bearer {token(mock)}"), ("Authorization", "Bearer x")]
    assert mock.send("GET", "/auth/me", headers=both).status_code == 401
    opened = mock.send("GET", "/auth/me", headers=[*both, ("X-API-Key", "greenroom-host-key")])
    assert opened.status_code == 200


def test_any_usable_credential_opens_and_the_bearer_wins(mock):
    key = ("X-API-Key", "greenroom-viewer-key")
    host = mock.send("GET", "/auth/me", headers=[key, ("Authorization", f"bearer {token(mock)}")])
    assert host.json()["data"]["role"] == "host"
    viewer = mock.send("GET", "/auth/me", headers=[key, ("Authorization", "Bearer x")])
    assert viewer.json()["data"]["role"] == "viewer"


def test_public_operations_ignore_credentials(mock):
    assert mock.send("GET", "/rooms", headers={"Authorization": "Bearer x"}).status_code == 200

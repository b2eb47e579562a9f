from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hmac import digest

import jwt
import pytest

from mock_server.media.jws import sign
from mock_server.media.livekit import access_token, webhook_token


def asked(mock, token):
    return mock.send("POST", "/_mock/tokens", json={"token": token})


def decoded(mock, token):
    answer = asked(mock, token)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def livekit(mock, **changes):
    given = {
        "key": "devkey",
        "secret": "secret",
        "identity": "3f6a",
        "name": "Zoë",
        "room": "b7d0",
        "grant": "audience",
        "now": mock.clock.now,
    }
    return access_token(**(given | changes))


def part(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def signed_by_the_api(mock, **claims):
    return sign(claims, mock.env.settings.token_secret)


@pytest.mark.parametrize(
    ("operation", "by", "grants"),
    [
        ("go_live", "host", ["moderate", "publish audio"]),
        ("join", "viewer", ["not publish audio", "see and hear"]),
        ("monitor", "host", ["not publish audio", "stay hidden"]),
    ],
)
def test_what_the_mock_gives_out_is_good(mock, operation, by, grants):
    session = mock.session()
    started = mock.data("POST", f"/sessions/{session}/go_live", by="host")
    given = started
    if operation == "join":
        given = mock.data("POST", f"/sessions/{session}/join", by=by)
    if operation == "monitor":
        given = mock.data("GET", f"/sessions/{session}/monitor", by=by)
    found = decoded(mock, given["livekit_token"])
    assert (found["kind"], found["good"], found["signature"]) == ("livekit", True, "good")
    assert "reason" not in found
    assert found["claims"]["video"]["room"] == session
    assert found["grants"][0] == f"join the room `{session}`"
    for each in grants:
        assert any(words.startswith(each) for words in found["grants"]), found["grants"]
    assert found["seconds_left"] == 6 * 3600
    assert found["expires_at"] == "2026-03-01T18:00:00Z"


def test_time_is_the_worlds(mock):
    token = livekit(mock)
    mock.clock.advance(hours=6, seconds=-1)
    assert decoded(mock, token)["good"]
    mock.clock.advance(seconds=1)
    over = decoded(mock, token)
    assert (over["good"], over["seconds_left"]) == (False, 0)
    assert over["reason"] == "the token expired at 2026-03-01T18:00:00Z, must be used before"
    mock.send("POST", "/_mock/reset", json={"now": "2026-03-01T11:00:00Z", "freeze": True})
    early = decoded(mock, token)
    assert early["reason"].startswith("the token is good from 2026-03-01T12:00:00Z on")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"secret": "other"},
            "the signature does not verify, must be made with the mock's LiveKit",
        ),
        ({"key": "somebody"}, "`iss` is `somebody`, must be the key `devkey`"),
    ],
)
def test_a_livekit_token_of_somebody_else_is_told_from_ours(mock, changes, reason):
    found = decoded(mock, livekit(mock, **changes))
    assert (found["kind"], found["good"]) == ("livekit", False)
    assert found["reason"].startswith(reason)
    assert found["grants"], "what it says can be read all the same"


def test_a_token_without_a_signature_is_never_good(mock):
    claims = {"iss": "devkey", "exp": 2**31, "video": {"room": "r", "roomJoin": True}}
    found = decoded(mock, jwt.encode(claims, None, algorithm="none"))
    assert (found["good"], found["signature"]) == (False, "wrong")
    assert found["reason"] == "`alg` is `none`, must be `HS256`"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": "soon"}, "`exp` is `soon`, must be a time in Unix seconds"),
        ({}, "`exp` is missing, must be a time in Unix seconds"),
        ({"exp": 1e300}, "`exp` is `1e+300`, must be"),
        ({"exp": 2**31, "nbf": "now"}, "`nbf` is `now`, must be"),
        ({"exp": 2**31, "nbf": 2**31 - 1}, "the token is good from 2038-01-19T03:14:07Z on"),
    ],
)
def test_times_that_are_none_are_told(mock, claims, reason):
    found = decoded(mock, sign({"iss": "devkey", "video": {}, **claims}, "secret"))
    assert found["reason"].startswith(reason)


def test_an_access_token_is_judged_as_the_api_judges_it(mock):
    signed_in = mock.data(
        "POST",
        "/auth/login",
        json={"email": "host@pinecove.test", "password": "let-me-in-host"},
    )
    token = signed_in["access_token"]
    found = decoded(mock, f"Bearer {token} ")
    assert (found["kind"], found["good"], found["seconds_left"]) == ("access", True, 3600)
    assert found["grants"] == [f"call the API as user `{signed_in['user']['id']}`, a `host`"]
    mock.data("POST", "/auth/logout", json={"refresh_token": signed_in["refresh_token"]})
    ended = decoded(mock, token)
    assert ended["signature"] == "good"
    assert ended["reason"] == "the token's sign-in has ended, sign in for a new one"
    refused = mock.send("GET", "/rooms/my", headers={"Authorization": f"Bearer {token}"})
    assert ended["reason"] in refused.json()["error"]


def test_the_personas_who_must_be_refused_are_told_why(mock):
    people = {each["name"]: each for each in mock.data("GET", "/_mock/personas")["personas"]}
    reasons = {
        name: decoded(mock, person["access_token"]).get("reason", "")
        for name, person in people.items()
    }
    assert reasons.pop("banned_viewer") == "the user's account is not active"
    assert "expired at" in reasons.pop("expired")
    assert "dots" in reasons.pop("malformed")
    assert set(reasons.values()) == {""}


def test_an_access_token_of_another_secret_is_told_from_ours(mock):
    claims = {"sub": "x", "role": "host", "exp": 2**31}
    assert "secret of access tokens" in decoded(mock, sign(claims, "guess"))["reason"]
    unknown = decoded(mock, signed_by_the_api(mock, **claims))
    assert unknown["reason"] == "the token's user is not known here"


def test_a_webhooks_token_is_known_by_its_hash(mock):
    token = webhook_token(key="devkey", secret="secret", body=b"{}", now=mock.clock.now)
    found = decoded(mock, token)
    assert (found["kind"], found["good"], found["seconds_left"]) == ("webhook", True, 300)
    assert "sha256" in found["grants"][0]


def test_a_token_of_neither_is_unknown(mock):
    found = decoded(mock, sign({"sub": "x", "exp": 2**31}, "secret"))
    assert (found["kind"], found["good"]) == ("unknown", False)
    assert "of no token the mock knows" in found["reason"]


NASTY = [
    "undefined",
    "null",
    "Bearer",
    "Bearer ",
    " ",
    "..",
    "eyJ.eyJ.",
    "\x00.\x00.\x00",
    "é.é.é",
    "😀",
    "a" * 8192,
    "." * 8192,
    "e30.e30.",
    "e30.e30.AAAA",
]


@pytest.mark.parametrize("token", NASTY, ids=ascii)
def test_what_is_no_token_is_an_answer_and_no_refusal(mock, token):
    found = decoded(mock, token)
    assert not found["good"]
    assert found["reason"]


@pytest.mark.parametrize(
    "claims",
    [
        {"video": None},
        {"video": [1]},
        {"video": {"room": {"a": 1}, "roomJoin": True, "canPublishSources": [None, 3]}},
        {"sha256": None},
        {"role": {"a": []}, "sub": 7, "exp": 2**31},
        {"role": "host", "sub": ["x"], "exp": 2**31},
        {"role": "host", "sub": "x", "sid": {"a": 1}, "exp": 2**31},
        {"exp": 10**30, "role": "host", "sub": "x"},
        {"iss": ["devkey"], "video": {}, "exp": 2**31},
        {"iat": -(10**15), "nbf": -1, "exp": -62_135_596_800, "video": {}, "iss": "devkey"},
    ],
    ids=ascii,
)
@pytest.mark.parametrize("ours", [True, False])
def test_claims_of_the_wrong_kind_break_nothing(mock, claims, ours):
    secret = mock.env.settings.token_secret if "role" in claims else "secret"
    signed = f"eyJhbGciOiJIUzI1NiJ9.{part(json.dumps(claims).encode())}"
    signature = digest(secret.encode(), signed.encode(), "sha256") if ours else b"guess"
    token = f"{signed}.{part(signature)}"
    found = decoded(mock, token)
    assert not found["good"]
    assert mock.env.counters.contract_breaches == 0


@pytest.mark.parametrize("token", ["", "a" * 8193, None, 7, ["x"]])
def test_a_token_is_a_text_of_some_length(mock, token):
    assert asked(mock, token).status_code == 422


def test_key_and_secret_are_settings(mock_with):
    with mock_with(scenario="empty", livekit_key="studio", livekit_secret="its secret") as mock:
        given = mock.data("POST", f"/sessions/{mock.session()}/go_live", by="host")
        found = decoded(mock, given["livekit_token"])
        assert (found["good"], found["claims"]["iss"]) == (True, "studio")
        assert "signature" in decoded(mock, livekit(mock, key="studio"))["reason"]
        assert "its secret" not in repr(mock.env.settings)


def test_the_journal_keeps_no_token(mock):
    token = livekit(mock)
    decoded(mock, token)
    shown = mock.send("GET", "/_mock/exchanges").text
    assert token not in shown
    for each in mock.data("GET", "/_mock/exchanges")["exchanges"]:
        assert token not in mock.send("GET", f"/_mock/exchanges/{each['id']}").text

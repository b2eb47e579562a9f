"""Tokens, read by LiveKit's own verifier."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from livekit.api import TokenVerifier

from mock_server.media.livekit import Grant, access_token

NOW = datetime(2026, 3, 1, 12, 0, 0, 400_000, tzinfo=UTC)


def token(*, now: datetime = NOW, grant: Grant = "audience", **changes: Any) -> str:
    given: dict[str, Any] = {
        "key": "devkey",
        "secret": "secret",
        "identity": "3f6a1c9e",
        "name": "Zoë 井上",
        "room": "b7d0",
    }
    return access_token(**(given | changes), grant=grant, now=now)


def claims(signed: str) -> dict[str, Any]:
    decoded: dict[str, Any] = jwt.decode(signed, options={"verify_signature": False})
    return decoded


# The verifier warns about LiveKit's own development secret, which is short.
@pytest.mark.filterwarnings("ignore:The HMAC key")
@pytest.mark.parametrize("grant", ["host", "audience", "monitor"])
def test_livekits_own_verifier_accepts_the_token(grant: Grant) -> None:
    verified = TokenVerifier("devkey", "secret").verify(token(now=datetime.now(UTC), grant=grant))

    assert verified.identity == "3f6a1c9e"
    assert verified.name == "Zoë 井上"
    assert verified.video is not None
    assert verified.video.room == "b7d0"
    assert verified.video.room_join is True


@pytest.mark.filterwarnings("ignore:The HMAC key")
def test_livekits_own_verifier_refuses_another_secret_and_an_old_token() -> None:
    now = datetime.now(UTC)

    with pytest.raises(jwt.InvalidSignatureError):
        TokenVerifier("devkey", "secret").verify(token(now=now, secret="other"))
    with pytest.raises(jwt.ExpiredSignatureError):
        TokenVerifier("devkey", "secret").verify(token(now=now - timedelta(hours=7)))
    with pytest.raises(jwt.InvalidIssuerError):
        TokenVerifier("devkey", "secret").verify(token(now=now, key="somebody"))


def test_the_host_publishes_and_is_admin() -> None:
    video = claims(token(grant="host"))["video"]

    assert video["canPublish"]
    assert video["canSubscribe"]
    assert video["canPublishData"]
    assert video["roomAdmin"]
    assert "hidden" not in video


def test_the_audience_may_only_subscribe() -> None:
    video = claims(token(grant="audience"))["video"]

    assert video["canSubscribe"]
    assert not video["canPublish"]
    assert not video["canPublishData"]
    assert "roomAdmin" not in video


def test_a_monitor_is_hidden_and_publishes_nothing() -> None:
    video = claims(token(grant="monitor"))["video"]

    assert video["hidden"]
    assert not video["canPublish"]
    assert not video["canPublishData"]


def test_the_times_come_from_the_given_clock() -> None:
    found = claims(token())

    assert found["nbf"] == found["iat"] == int(NOW.timestamp())
    assert found["exp"] == found["iat"] + 6 * 3600
    assert found["iss"] == "devkey"
    assert claims(token(lifetime=timedelta(minutes=5)))["exp"] == found["iat"] + 300


def test_two_tokens_of_one_second_differ_by_their_serial() -> None:
    assert token(serial=1) != token(serial=2)
    assert token(serial=1) == token(serial=1)
    assert "jti" not in claims(token())


def test_the_short_development_secret_gives_no_warning(
    recwarn: pytest.WarningsRecorder,
) -> None:
    token()

    assert not recwarn.list

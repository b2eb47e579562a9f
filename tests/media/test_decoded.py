from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime

import jwt
import pytest

from mock_server.media.decoded import MalformedToken, decode, grants_in_words

SECRET = "a secret long enough for anybody's taste"


def part(text: str | bytes) -> str:
    raw = text.encode() if isinstance(text, str) else text
    return urlsafe_b64encode(raw).decode().rstrip("=")


def test_what_another_library_signed_is_read_and_verified():
    decoded = decode(jwt.encode({"sub": "Zoë", "exp": 1_900_000_000}, SECRET))
    assert decoded.header == {"alg": "HS256", "typ": "JWT"}
    assert decoded.claims == {"sub": "Zoë", "exp": 1_900_000_000}
    assert decoded.is_signed_with(SECRET)
    assert not decoded.is_signed_with(f"{SECRET}.")
    assert decoded.time("exp") == datetime.fromtimestamp(1_900_000_000, UTC)


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("", "0 dots"),
        ("undefined", "0 dots"),
        ("a.b", "1 dots"),
        ("a.b.c.d", "3 dots"),
        ("..", "header is no JSON object"),
        ("e30.e30.x", "signature is not base64url"),
        ("e30.e30.ü", "signature is not base64url"),
        ("e30=.e30.", "header is not base64url"),
        ("e3 0.e30.", "header is not base64url"),
        (f"{part('[]')}.e30.", "header is no JSON object"),
        (f"e30.{part('7')}.", "claims is no JSON object"),
        (f"e30.{part(bytes([0xFF, 0xFE]))}.", "claims is no JSON object"),
        (f"e30.{part('{' * 5000)}.", "claims is no JSON object"),
        (f"e30.{part('[' * 5000)}.", "claims is no JSON object"),
    ],
)
def test_what_is_no_token_is_told_why(token, said):
    with pytest.raises(MalformedToken, match=said):
        decode(token)


@pytest.mark.parametrize("exp", ["1900000000", None, True, 1e300, -1e300, 10**30, [], {}])
def test_what_is_no_time_gives_none(exp):
    token = f"e30.{part(json.dumps({'exp': exp}))}."
    assert decode(token).time("exp") is None


@pytest.mark.parametrize(
    ("video", "words"),
    [
        ({}, []),
        ({"roomList": True, "roomCreate": "yes"}, ["list rooms"]),
        (
            {"roomJoin": True},
            ["join any room", "publish audio and video", "see and hear the others", "send data"],
        ),
        (
            {"roomJoin": True, "room": "r", "canPublish": False, "hidden": True},
            [
                "join the room `r`",
                "not publish audio or video",
                "see and hear the others",
                "not send data",
                "stay hidden from the others",
            ],
        ),
        (
            {
                "roomJoin": True,
                "roomAdmin": True,
                "room": "r",
                "canPublishSources": ["camera", "microphone"],
                "canSubscribe": False,
                "canUpdateOwnMetadata": True,
            },
            [
                "join the room `r`",
                "moderate the room `r`: mute and remove people",
                "publish camera, microphone",
                "not see or hear the others",
                "send data",
                "change its own metadata",
            ],
        ),
    ],
)
def test_grants_are_told_in_words_with_livekits_defaults(video, words):
    assert list(grants_in_words(video)) == words

from __future__ import annotations

import pytest

from conformance.identities import (
    BadIdentities,
    Identities,
    Identity,
    claims,
    from_environment,
    from_file,
    from_personas,
    merged,
)

FILE = """
api_key = "key"
preset_id = "9e25c7d1-04ab-4c3f-b6e8-51f0d2a7c934"

[host]
token = "host-token"
email = "host@tests.test"
password = "secret"

[viewer]
token = "viewer-token"
"""


def test_a_file_gives_callers_and_what_they_sign_in_with(tmp_path) -> None:
    path = tmp_path / "ids.toml"
    path.write_text(FILE)
    found = from_file(path)
    assert found.host == Identity("host", "host-token", "host@tests.test", "secret")
    assert found.viewer == Identity("viewer", "viewer-token")
    assert found.other_host is None
    assert (found.api_key, found.preset_id) == ("key", "9e25c7d1-04ab-4c3f-b6e8-51f0d2a7c934")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[host", "is not TOML"),
        ("[host]\nemail = 'a@b.test'", "must give `host` a token"),
        ("[hosst]\ntoken = 'x'", "names `hosst`, it may name `host`"),
        ("api_key = 7", "must be a string"),
        ("host = 'token'", "must give `host` a token"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path, text: str, sentence: str) -> None:
    path = tmp_path / "ids.toml"
    path.write_text(text)
    with pytest.raises(BadIdentities, match=sentence):
        from_file(path)


def test_a_file_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(BadIdentities, match="cannot be read"):
        from_file(tmp_path / "nowhere.toml")


def test_the_environment_gives_callers() -> None:
    found = from_environment(
        {"GREENROOM_HOST_TOKEN": "h", "GREENROOM_API_KEY": "k", "GREENROOM_PRESET_ID": "p"}
    )
    assert found is not None
    assert found.host == Identity("host", "h")
    assert (found.viewer, found.api_key, found.preset_id) == (None, "k", "p")


def test_an_empty_environment_gives_nobody() -> None:
    assert from_environment({"GREENROOM_PRESET_ID": "p", "GREENROOM_HOST_TOKEN": ""}) is None


def test_personas_give_callers_and_the_media_secret() -> None:
    persona = {"name": "host", "access_token": "t", "api_key": "k", "usable": True}
    unusable = {"name": "expired", "access_token": "old", "usable": False}
    body = {
        "data": {
            "personas": [persona, unusable, {"name": "other_viewer", "access_token": "x"}],
            "preset_id": "p",
            "livekit": {"api_key": "devkey", "api_secret": "secret"},
        }
    }
    found = from_personas(body)
    assert found is not None
    assert found.host == Identity("host", "t")
    assert found.expired == Identity("expired", "old")
    assert (found.api_key, found.preset_id, found.livekit_secret) == ("k", "p", "secret")


@pytest.mark.parametrize("body", [None, {}, {"data": {}}, {"data": {"personas": [{}]}}, []])
def test_what_are_no_personas_give_nobody(body: object) -> None:
    assert from_personas(body) is None


def test_what_one_source_lacks_comes_from_the_next() -> None:
    first = Identities(host=Identity("host", "a"), source="one")
    second = Identities(host=Identity("host", "b"), viewer=Identity("viewer", "c"))
    found = merged(first, second)
    assert found.host == Identity("host", "a")
    assert found.viewer == Identity("viewer", "c")
    assert found.source == "one"


def test_claims_are_read_without_a_key() -> None:
    assert claims("e30.eyJzdWIiOiAieCJ9.sig") == {"sub": "x"}
    for opaque in ("", "a.b", "a.b.c", "e30.W10.x", "e30.!!.x"):
        assert claims(opaque) is None


def test_credentials_are_not_shown_by_accident() -> None:
    identity = Identity("host", "very-secret", "a@b.test", "also-secret")
    everybody = Identities(host=identity, api_key="key-secret", livekit_secret="media-secret")
    assert "secret" not in repr(everybody)

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest

from conformance import preflight
from conformance.client import new_http_client
from conformance.errors import NotTestable
from conformance.identities import Identities, Identity


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with new_http_client() as client:
        yield client


def dead_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("given", ["", "/", "/v1/webinar", "/v1/webinar/"])
def test_root_and_base_both_lead_to_the_api(stub, http, given: str) -> None:
    assert preflight.base_of(stub.url + given, http) == f"{stub.url}/v1/webinar"


def test_a_dead_port_is_said_in_one_sentence(http) -> None:
    with pytest.raises(NotTestable, match=r"nothing answers at `http://127.0.0.1:\d+`: .*start it"):
        preflight.base_of(f"http://127.0.0.1:{dead_port()}", http)


@pytest.mark.parametrize("url", ["localhost:4010", "ftp://host.test", "http://", "staging"])
def test_what_is_no_url_is_said(http, url: str) -> None:
    with pytest.raises(NotTestable, match="is no URL"):
        preflight.base_of(url, http)


@pytest.mark.parametrize("answer", [(200, b"<html>hello</html>"), (200, []), (200, {"rooms": []})])
def test_another_api_is_recognised(stub, http, answer) -> None:
    stub.answers = {f"GET {base}/rooms": answer for base in ("", "/v1/webinar")}
    with pytest.raises(NotTestable, match="not as this API"):
        preflight.base_of(stub.url, http)


def test_one_broken_list_is_no_reason_to_give_up(stub, http) -> None:
    answers = stub.answers
    answers["GET /v1/webinar/sessions"] = answers["GET /v1/webinar/rooms"]
    answers["GET /v1/webinar/rooms"] = (500, b"crash")
    assert preflight.base_of(stub.url, http) == f"{stub.url}/v1/webinar"


def test_a_refused_token_is_named(stub, http) -> None:
    who = Identities(
        host=Identity("host", "host-token"), viewer=Identity("viewer", "old"), source="`ids.toml`"
    )
    with pytest.raises(NotTestable, match=r"refuses the token of `viewer` \(from `ids.toml`\)"):
        preflight.refuse_dead_tokens(f"{stub.url}/v1/webinar", who, http)


def test_good_tokens_pass(stub, http) -> None:
    who = Identities(host=Identity("host", "host-token"), viewer=Identity("viewer", "viewer-token"))
    preflight.refuse_dead_tokens(f"{stub.url}/v1/webinar", who, http)
    assert [path for _, path in stub.seen] == ["/v1/webinar/rooms/my"] * 2


def test_personas_are_read_beside_the_api(stub, http) -> None:
    assert preflight.personas(f"{stub.url}/v1/webinar", http) is None
    stub.answers["GET /_mock/personas"] = (200, {"data": {"personas": []}})
    assert preflight.personas(f"{stub.url}/v1/webinar", http) == {"data": {"personas": []}}


def test_a_token_that_one_read_accepts_is_not_refused_by_another(stub, http) -> None:
    stub.answers["GET /v1/webinar/rooms/my"] = (401, {})
    who = Identities(host=Identity("host", "host-token"))
    preflight.refuse_dead_tokens(f"{stub.url}/v1/webinar", who, http)

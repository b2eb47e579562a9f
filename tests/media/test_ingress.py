from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.identity import BASE57
from mock_server.media.ingress import (
    Addresses,
    ingress_id,
    rtmp_setup,
    stream_key,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(st.integers(), st.uuids().map(str))
def test_stream_keys_and_ingress_ids_have_livekits_form(seed: int, session_id: str) -> None:
    characters = f"[{BASE57}]{{12}}"

    assert re.fullmatch(characters, stream_key(seed, session_id))
    assert re.fullmatch(f"IN_{characters}", ingress_id(seed, session_id))


def test_keys_and_ids_differ_by_session_and_seed_and_from_each_other() -> None:
    assert stream_key(1, "a") == stream_key(1, "a")
    assert len({stream_key(1, "a"), stream_key(1, "b"), stream_key(2, "a")}) == 3
    assert ingress_id(1, "a") != f"IN_{stream_key(1, 'a')}"


@pytest.mark.parametrize(
    ("base", "rtmp"),
    [
        ("http://127.0.0.1:4010", "rtmp://127.0.0.1:1935/live"),
        ("http://localhost:4010/", "rtmp://localhost:1935/live"),
        ("https://mock.team.test", "rtmp://mock.team.test:1935/live"),
        ("http://[::1]:4010", "rtmp://[::1]:1935/live"),
    ],
)
def test_the_rtmp_address_has_the_host_the_mock_is_reached_at(base: str, rtmp: str) -> None:
    assert Addresses.under(base).rtmp_url == rtmp


@pytest.mark.parametrize(
    ("host", "rtmp"),
    [
        ("media.test", "rtmp://media.test:1935/live"),
        ("fe80::1", "rtmp://[fe80::1]:1935/live"),
        ("[fe80::1]", "rtmp://[fe80::1]:1935/live"),
    ],
)
def test_a_given_rtmp_host_wins(host: str, rtmp: str) -> None:
    assert Addresses.under("http://127.0.0.1:4010", host).rtmp_url == rtmp


@pytest.mark.parametrize("base", ["http://127.0.0.1:4010", "http://127.0.0.1:4010/"])
def test_whip_and_hls_addresses_lie_under_the_base(base: str) -> None:
    addresses = Addresses.under(base)

    assert addresses.whip_url("k3y") == "http://127.0.0.1:4010/whip/k3y"
    assert addresses.hls_url("5b2f") == "http://127.0.0.1:4010/hls/5b2f/index.m3u8"


def test_the_rtmp_setup_repeats_server_and_key_and_says_what_to_do() -> None:
    addresses = Addresses.under("http://127.0.0.1:4010")
    setup = rtmp_setup(addresses, "k3y")

    assert setup["server"] == addresses.rtmp_url
    assert setup["stream_key"] == "k3y"
    assert list(setup["instructions"]) == ["step1", "step2", "step3"]
    assert "OBS" in setup["instructions"]["step1"]

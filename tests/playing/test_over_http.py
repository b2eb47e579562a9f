from __future__ import annotations

import socket

import httpx
import pytest

from mock_server.playing.over_http import NotPlayable, OverHttp, connect
from mock_server.scenarios import load_scenario


def test_an_address_is_taken_with_or_without_the_path_of_the_api():
    for url in (
        "http://mock.test:4010",
        "http://mock.test:4010/",
        "http://mock.test:4010/v1/webinar",
    ):
        with connect(url) as client:
            assert str(client.base_url) == "http://mock.test:4010"
    with connect("https://mock.test/team/v1/webinar/") as client:
        assert str(client.base_url) == "https://mock.test/team/"


@pytest.mark.parametrize("url", ["mock", "ftp://mock.test", "http://", "/v1/webinar"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(NotPlayable, match="is no address, must be like http"):
        connect(url)


def test_a_server_that_is_not_there_is_told(write):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with connect(url) as client, pytest.raises(NotPlayable, match="nothing answers at"):
            OverHttp(client, "default", load_scenario("sold-out")).begin(seed=1)


@pytest.mark.parametrize("answer", [httpx.Response(404, json={"error": "no"}), httpx.Response(200)])
def test_a_server_that_is_no_mock_is_told(answer):
    with httpx.Client(
        transport=httpx.MockTransport(lambda _: answer), base_url="http://x"
    ) as client:
        there = OverHttp(client, "default", load_scenario("sold-out"))
        with pytest.raises(NotPlayable, match=r"is refused: .*it must be a mock of greenroom"):
            there.begin(seed=1)


def test_a_seed_file_of_the_users_stays_on_their_machine(write, tmp_path):
    (tmp_path / "home.yaml").write_text("version: 1\n", encoding="utf-8")
    story = write("  - clock: +1h\n", seed_file="home.yaml")
    refused = pytest.raises(NotPlayable, match="which a running mock does not read")
    with connect("http://mock.test") as client, refused:
        OverHttp(client, "default", story).begin(seed=1)


def test_a_world_of_its_own_is_played_in(mock, played_over_http):
    played = played_over_http(mock, load_scenario("sold-out"), world="mine")
    assert not any(each.problems for each in played)
    assert mock.data("GET", "/sessions")["total"] == 0
    there = {"headers": {"X-Mock-World": "mine"}}
    assert mock.data("GET", "/sessions", **there)["total"] == 1
    assert mock.data("GET", "/_mock/clock", **there)["frozen"] is False
    mock.data("DELETE", "/_mock/worlds/mine")


def test_the_clock_stays_frozen_where_the_story_says_so(mock, played_over_http, write):
    played_over_http(mock, write("  - clock: freeze\n  - clock: +1h\n"))
    clock = mock.data("GET", "/_mock/clock")
    assert (clock["frozen"], clock["now"][:19]) == (True, "2026-03-12T19:00:00")


def test_a_clock_that_cannot_go_there_is_a_problem_of_the_step(mock, played_over_http, write):
    *_, last = played_over_http(mock, write("  - clock: +1h\n  - clock: 2026-03-12T18:30:00Z\n"))
    assert "can't go back" in last.problems[0]

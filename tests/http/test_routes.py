from __future__ import annotations

import pytest

from mock_server.http.routes import Routes, allow_header


@pytest.fixture
def routes():
    table: Routes[str] = Routes()
    table.add("/v1/sessions/{id}", "get", "get_session")
    table.add("/v1/sessions/{id}", "delete", "delete_session")
    table.add("/v1/sessions/live", "get", "list_live_sessions")
    table.add("/v1/sessions/{id}/go_live", "post", "go_live")
    table.add("/v1/sessions", "get", "list_sessions")
    return table


def test_a_static_segment_wins_over_a_parameter_in_whatever_order_they_were_added(routes):
    assert routes.match("/v1/sessions/live") == ({"GET": "list_live_sessions"}, "")


def test_a_parameter_takes_one_segment_and_gives_its_value(routes):
    assert routes.match("/v1/sessions/7/go_live") == ({"POST": "go_live"}, "7")
    methods, value = routes.match("/v1/sessions/7")
    assert (set(methods), value) == ({"GET", "DELETE"}, "7")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/v1",
        "/v1/sessions/",
        "/v1//sessions",
        "/v1/sessions/7/",
        "/v1/sessions//go_live",
        "/v1/sessions/7/go_live/x",
        "v1/sessions",
    ],
)
def test_other_paths_match_nothing(routes, path):
    assert routes.match(path) is None


def test_allow_names_every_method_of_the_path():
    assert allow_header(["GET", "DELETE"]) == b"DELETE, GET, HEAD, OPTIONS"
    assert allow_header(["POST"]) == b"OPTIONS, POST"

from __future__ import annotations

import pytest

from mock_server.contract.load import bundle_path, load_contract
from mock_server.http.near import NearMisses

NEAR = NearMisses(
    {
        "/v1/webinar": load_contract(bundle_path("openapi")),
        "/_mock": load_contract(bundle_path("control")),
    }
)
ID = "d4a1e7b2-56c3-4e0f-8b9d-2f7c61a0935e"


@pytest.mark.parametrize(
    ("asked", "template", "has"),
    [
        ("GET /v1/webinar/rooms/", "/rooms", "has no slash at its end"),
        ("GET /v1/webinar//rooms", "/rooms", "has single slashes only"),
        ("GET /rooms", "/rooms", "begins with `/v1/webinar`"),
        ("GET /health", "/_mock/health", "begins with `/_mock`"),
        (f"POST /sessions/{ID}/go_live", "/sessions/{id}/go_live", "begins with `/v1/webinar`"),
        ("GET /api/rooms/my", "/rooms/my", "has `/v1/webinar` where this has `/api`"),
        ("GET /v2/webinar/rooms", "/rooms", "has `/v1/webinar` where this has `/v2/webinar`"),
        ("GET /_mock/rooms", "/rooms", "has `/v1/webinar` where this has `/_mock`"),
        ("GET /v1/webinar/v1/webinar/rooms", "/rooms", "has `/v1/webinar` once"),
        ("GET /v1/webinar/Rooms", "/rooms", "is in lower case"),
        ("GET /v1/webinar/room", "/rooms", "has `rooms` where this has `room`"),
        ("POST /v1/webinar/auth/signin", None, None),
        ("POST /v1/webinar/auth/logn", "/auth/login", "has `login` where this has `logn`"),
        (
            f"POST /v1/webinar/session/{ID}/golive",
            "/sessions/{id}/go_live",
            "has `sessions` where this has `session` and `go_live` where this has `golive`",
        ),
        (
            f"GET /v1/webinar/sessions/{ID}/health",
            "/sessions/{id}/stream_health",
            "has `stream_health` where this has `health`",
        ),
        ("GET /v1/webinar/stats", "/sessions/stats", "has one segment more, `sessions`"),
        ("GET /v1/webinar/sessions/live/now", "/sessions/live", "has one segment less, not `now`"),
        ("GET /v1/webinar/rooms/1/2", "/rooms/{id}", "has one segment less, not `2`"),
        ("GET /favicon.ico", None, None),
        ("GET /", None, None),
        ("GET /v1/webinar", None, None),
        ("GET /v1/webinar/\x1b[31mrooms", None, None),
        ("GET /v1/webinar/" + "rooms" * 60, None, None),
    ],
)
def test_the_nearest_path_and_what_it_has(asked, template, has):
    near = NEAR.nearest(*asked.split(" ", 1))
    if template is None:
        assert near is None
    else:
        full = template if template.startswith("/_mock") else f"/v1/webinar{template}"
        assert (near.template, near.has) == (full, has)


def test_the_refusal_says_which_methods_it_has():
    assert NEAR.refusal("PUT", "/v1/webinar/room") == (
        "no operation has this path, the nearest is `/v1/webinar/rooms` (GET and POST, not PUT), "
        "which has `rooms` where this has `room`"
    )
    assert "(GET and POST)," in NEAR.refusal("HEAD", "/v1/webinar/room")


def test_where_nothing_is_near_the_contract_tells():
    assert NEAR.refusal("GET", "/x") == (
        "no operation has this path, `/v1/webinar/openapi.json` lists those there are"
    )


def test_a_method_decides_between_paths_as_near():
    for method, template in (("POST", "start"), ("GET", "stream_health")):
        near = NEAR.nearest(method, f"/v1/webinar/sessions/{ID}/{template}s")
        assert near.template.endswith(f"/{template}")

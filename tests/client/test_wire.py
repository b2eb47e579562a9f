from __future__ import annotations

import ast
import json
from pathlib import Path

import httpx
import pytest

import mock_server.client
from mock_server.client import Invariants, Mock, NotAMock, Refused, Unreachable
from mock_server.client.routes import ROUTES
from mock_server.contract.load import bundle_path, load_contract

SOURCES = sorted(Path(mock_server.client.__file__).parent.glob("*.py"))


def mock_that_answers(answer):
    return Mock("http://mock:1", transport=httpx.MockTransport(answer))


def test_every_operation_of_the_control_plane_has_its_route():
    paths = load_contract(bundle_path("control"))["paths"]
    assert dict(ROUTES) == {
        operation["operationId"]: (method.upper(), path)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if "operationId" in operation
    }


def test_every_operation_of_the_control_plane_can_be_asked():
    asked = {
        call.args[0].value
        for source in SOURCES
        for call in ast.walk(ast.parse(source.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in {"ask", "listen"}
        and isinstance(call.args[0], ast.Constant)
    }
    assert asked == set(ROUTES)


def test_it_imports_nothing_of_the_mock():
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mock_server"):
                assert node.module.startswith("mock_server.client")


def test_a_mock_that_is_not_there_is_told_with_what_to_do():
    refused = pytest.raises(Unreachable, match=r"127\.0\.0\.1:9 .*`greenroom serve`")
    with Mock("http://127.0.0.1:9") as mock, refused:
        mock.health()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, html="<h1>Hello</h1>"),
        httpx.Response(404, json={"detail": "Not Found"}),
        httpx.Response(200, json=[1]),
    ],
)
def test_another_server_is_told_from_a_mock(answer):
    with pytest.raises(NotAMock, match=r"`get_health` with .* must be greenroom's"):
        mock_that_answers(lambda _: answer).health()


def test_a_refusal_has_its_status_and_sentence():
    body = {"success": False, "error": "the token is missing, must be …", "timestamp": 1}
    with pytest.raises(Refused) as error:
        mock_that_answers(lambda _: httpx.Response(401, json=body)).worlds()
    assert (error.value.status, error.value.sentence) == (401, "the token is missing, must be …")


def test_the_token_goes_to_the_control_plane_and_nowhere_else():
    seen = []

    def answer(request):
        seen.append((request.url.path, request.headers.get("x-mock-token")))
        return httpx.Response(200, json={"success": True, "data": {"cleared": 0}})

    mock = Mock("http://mock:1/v1/webinar/", "s3cret", transport=httpx.MockTransport(answer))
    mock.world("w").clear_exchanges()
    mock.world("w").api.get("/rooms")
    assert seen == [
        ("/_mock/worlds/w/_mock/exchanges", "s3cret"),
        ("/_mock/worlds/w/v1/webinar/rooms", None),
    ]
    assert "s3cret" not in repr(mock)


def test_what_breaks_an_invariant_is_told_with_its_name():
    broken = {"kind": "room", "id": "1", "wrong": "it is, must be"}
    invariants = [
        {"name": "room.host", "must": "…", "broken_total": 1, "broken": [broken]},
        {"name": "times.past", "must": "…", "broken_total": 0, "broken": []},
    ]
    found = Invariants.read({"hold": False, "complete": True, "invariants": invariants})
    (one,) = found.broken
    assert (one.invariant, one.kind, one.id, one.wrong) == ("room.host", *broken.values())


def test_what_is_not_given_is_not_sent():
    seen = []

    def answer(request):
        seen.append((str(request.url), request.content))
        return httpx.Response(200, json={"success": True, "data": {"exchanges": []}})

    world = mock_that_answers(answer).world("w")
    world.exchanges(text="a b")
    world.reset()
    assert seen == [
        ("http://mock:1/_mock/worlds/w/_mock/exchanges?text=a+b&since=0&limit=100", b""),
        ("http://mock:1/_mock/worlds/w/_mock/reset", json.dumps({}).encode()),
    ]

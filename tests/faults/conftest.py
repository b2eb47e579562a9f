from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64decode
from typing import Any

import httpx
import pytest

from mock_server.contract.load import bundle_path, load_contract
from mock_server.faults import find_fault


class Watched:
    """A mock, with what tests of faults ask of it again and again."""

    def __init__(self, mock) -> None:
        self.mock = mock
        self.clock = mock.clock
        self.env = mock.env
        self.send = mock.send
        self.data = mock.data
        self.room = mock.room
        self.preset = mock.preset
        self.session = mock.session

    def status(self, method, path, **how) -> int:
        return self.send(method, path, **how).status_code

    def token(self, persona: str) -> str:
        personas = self.data("GET", "/_mock/personas")["personas"]
        return str(next(each["access_token"] for each in personas if each["name"] == persona))

    def live(self, operation="go_live", **body) -> str:
        session = self.session(**body)
        self.move(session, operation)
        return session

    def ended(self, **body) -> str:
        session = self.live(**body)
        self.clock.advance(seconds=1.5)
        self.move(session, "end")
        return session

    def expired(self) -> str:
        session = self.session(scheduled_start_time="2026-03-01T12:10:00Z")
        self.clock.advance(hours=25)
        return session

    def move(self, session: str, operation: str, by: str = "host", **how):
        return self.data("POST", f"/sessions/{session}/{operation}", by=by, **how)

    def shown(self, session: str):
        return self.data("GET", f"/sessions/{session}")

    def login(self):
        body = {"email": "host@pinecove.test", "password": "let-me-in-host"}
        return self.data("POST", "/auth/login", json=body)

    def together(self, *posts: tuple[str, str, object]):
        """Send POSTs (path, persona, body) at once."""

        async def one(client, path, by, body):
            headers = {"X-API-Key": f"greenroom-{by}-key"}
            return await client.post(f"/v1/webinar{path}", headers=headers, json=body)

        async def all_of_them():
            transport = httpx.ASGITransport(self.mock.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
                return await asyncio.gather(*(one(client, *post) for post in posts))

        return self.mock.loop.run_until_complete(all_of_them())

    @staticmethod
    def bearer(token: str) -> dict[str, dict[str, str]]:
        return {"headers": {"Authorization": f"Bearer {token}"}}

    @staticmethod
    def claims(token: str) -> dict[str, Any]:
        part = token.split(".")[1]
        return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.fixture(scope="session")
def true_mock(mock_with):
    with mock_with(scenario="empty") as mock:
        yield mock


@pytest.fixture
def judge(request, mock_with, true_mock):
    """A function that looks at the same thing with the fault of the test's mark, and without.

    What is seen must be `right` without the fault and `wrong` with it, whether a whole mock has it
    from the start or a world while it runs, and the faulty mock may not have a bug.
    """
    (name,) = request.node.get_closest_marker("fault").args
    of_media = find_fault(name).of_media

    def judged(observe, *, right, wrong):
        begin_again(true_mock)
        assert observe(Watched(true_mock)) == right
        begin_again(true_mock)
        body = {"operation": "*", "effect": {"contract_fault": name}}
        added = true_mock.send("POST", "/_mock/faults", json=body)
        # A world's faults are of its API; what stands beside it is wrong with `--fault` only.
        assert added.status_code == (422 if of_media else 201), added.text
        assert observe(Watched(true_mock)) == (right if of_media else wrong)
        assert "bug in the mock" not in true_mock.log.getvalue()
        with mock_with(scenario="empty", fault=name) as faulty:
            assert observe(Watched(faulty)) == wrong
        assert "bug in the mock" not in faulty.log.getvalue()

    return judged


def begin_again(mock):
    mock.clock.now = mock.env.common.started_at
    mock.data("POST", "/_mock/reset")


def pytest_configure(config):
    config.addinivalue_line("markers", "fault(name): the deliberate fault a test looks at")


@pytest.fixture(scope="session")
def contract():
    return load_contract(bundle_path("openapi"))

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from mock_server.contract.load import bundle_path, load_contract
from mock_server.playing.catalogue import Catalogue
from mock_server.playing.inside import play_here
from mock_server.playing.over_http import OverHttp
from mock_server.playing.play import Played, play
from mock_server.scenarios import Scenario, load_scenario
from mock_server.settings import Settings

Answers = list[tuple[int, bytes]]


class Bridge(httpx.BaseTransport):
    """From a client that waits to an application in this process."""

    def __init__(self, mock) -> None:
        self._loop = mock.loop
        self._inner = httpx.ASGITransport(mock.app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def ask() -> httpx.Response:
            plain = httpx.Request(
                request.method, request.url, headers=request.headers, content=request.read()
            )
            answer = await self._inner.handle_async_request(plain)
            await answer.aread()
            return answer

        found = self._loop.run_until_complete(ask())
        return httpx.Response(found.status_code, headers=found.headers, content=found.content)


@pytest.fixture(scope="session")
def catalogue(contract) -> Catalogue:
    return Catalogue(contract)


@pytest.fixture(scope="session")
def contract():
    return load_contract(bundle_path("openapi"))


@pytest.fixture(scope="session")
def played_here(contract) -> Callable[..., list[Played]]:
    """Play a scenario in a world of this process, and return every step as it was played."""

    def play_it(scenario: Scenario, **settings) -> list[Played]:
        played: list[Played] = []
        play_here(contract, scenario, Settings(**settings), played.append)
        return played

    return play_it


@pytest.fixture
def played_over_http(catalogue) -> Callable[..., list[Played]]:
    """Play a scenario by requests to a mock, and return every step as it was played."""

    def play_it(mock, scenario: Scenario, *, seed: int = 42, world: str = "default"):
        base = "http://127.0.0.1:4010"
        with httpx.Client(transport=Bridge(mock), base_url=base) as client:
            there = OverHttp(client, world, scenario)
            there.begin(seed=seed)
            played = list(play(scenario, there, catalogue))
            there.finish()
        return played

    return play_it


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Scenario]:
    """Write steps into a scenario that begins empty, and read it."""

    def write(steps: str, *, now: str = "2026-03-12T18:00:00Z", seed_file: str = "empty"):
        path = tmp_path / "story.yaml"
        head = f"version: 1\ndescription: A story.\nseed_file: {seed_file}\n"
        when = f"now: {now}\n" if now else ""
        path.write_text(f"{head}{when}steps:\n{steps}", encoding="utf-8")
        return load_scenario(str(path))

    return write

"""A scenario played over HTTP: a world of a mock that runs, put back to its beginning and asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from mock_server.domain.clock import read_time
from mock_server.errors import OperatorError
from mock_server.http.views import date_time
from mock_server.playing.play import Question, Said
from mock_server.scenarios import ClockStep, Scenario, ScenarioFailed
from mock_server.seeds import names as seed_names

_API = "/v1/webinar"
_CONTROL = "/_mock"
_PATIENCE = 30.0


class NotPlayable(OperatorError):
    """Say why a server can't be played a scenario: what is, what must be, what to do."""


def connect(url: str) -> httpx.Client:
    """Return a client for the mock at a URL, given with or without its path; raises NotPlayable."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise NotPlayable(f"`{url}` is no address, must be like http://127.0.0.1:4010")
    base = parts.path.rstrip("/").removesuffix(_API)
    return httpx.Client(base_url=f"{parts.scheme}://{parts.netloc}{base}", timeout=_PATIENCE)


class OverHttp:
    """Ask a world of a running mock."""

    def __init__(
        self,
        client: httpx.Client,
        world: str,
        scenario: Scenario,
        control_token: str | None = None,
    ) -> None:
        self.now: datetime
        self._client = client
        self._world = (b"X-Mock-World", world.encode())
        self._control_headers = [self._world]
        if control_token is not None:
            self._control_headers.append((b"X-Mock-Token", control_token.encode()))
        self._scenario = scenario
        self._tokens: dict[str, str] = {}
        self._frozen = False

    def begin(self, *, seed: int | None) -> None:
        """Put the world back to the scenario's beginning, its clock standing still.

        Raises NotPlayable where the mock can't.
        """
        seed_file = self._scenario.seed_file.name
        if seed_file not in seed_names():
            raise NotPlayable(
                f"{self._scenario.file} begins with a seed file of yours, which a running mock "
                "does not read: start it with `greenroom serve --scenario`, or run without `--url`"
            )
        beginning: dict[str, Any] = {"scenario": seed_file, "freeze": True}
        if seed is not None:
            beginning["seed"] = seed
        if self._scenario.now is not None:
            beginning["now"] = date_time(self._scenario.now)
        self._control("POST", "/reset", beginning)
        self._read_clock(self._control("GET", "/clock"))
        listed = self._control("GET", "/personas")["personas"]
        self._tokens = {persona["name"]: persona["access_token"] for persona in listed}

    def finish(self) -> None:
        """Let the clock go on, unless the scenario stopped it."""
        if not self._frozen:
            self._control("POST", "/clock", {"freeze": False})

    def token(self, persona: str) -> str | None:
        """Return a persona's access token, None where there is no such persona."""
        return self._tokens.get(persona)

    def move(self, step: ClockStep) -> None:
        """Move the clock; raises ScenarioFailed where it would go back."""
        self._frozen = self._frozen or step.freeze
        to = step.to or (self.now if step.by is None else self.now + step.by)
        if to == self.now:
            return
        try:
            self._read_clock(self._control("POST", "/clock", {"set": date_time(to)}))
        except NotPlayable as error:
            raise ScenarioFailed(str(error)) from None

    def ask(self, question: Question) -> Said:
        """Return the answer to a request; raises NotPlayable where there is none."""
        operation = question.operation
        base = _CONTROL if operation.control else _API
        path = operation.path
        if "{" in path:
            before, _, rest = path.partition("{")
            path = f"{before}{quote(question.id, safe='')}{rest.partition('}')[2]}"
        headers = [*(self._control_headers if operation.control else [self._world])]
        if question.token is not None:
            headers.append((b"Authorization", f"Bearer {question.token}".encode()))
        if question.body is not None:
            headers.append((b"Content-Type", b"application/json"))
        answer = self._request(
            operation.method, f"{base}{path}", headers, question.query, question.body
        )
        return Said(answer.status_code, answer.content)

    def _read_clock(self, clock: Mapping[str, Any]) -> None:
        self.now = read_time("now", clock["now"])

    def _control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        headers = self._control_headers
        try:
            answer = self._client.request(method, f"{_CONTROL}{path}", headers=headers, json=body)
            envelope = answer.json()
        except httpx.HTTPError as error:
            raise NotPlayable(self._unreachable(error)) from None
        except ValueError:
            envelope = {}
        if not answer.is_success or "data" not in envelope:
            said = envelope.get("error") or f"status {answer.status_code}"
            raise NotPlayable(
                f"{method} {answer.url} is refused: {said} (it must be a mock of greenroom)"
            )
        return envelope["data"]

    def _request(
        self,
        method: str,
        path: str,
        headers: list[tuple[bytes, bytes]],
        query: Mapping[str, str],
        body: bytes | None,
    ) -> httpx.Response:
        try:
            return self._client.request(
                method.upper(), path, headers=headers, params=query, content=body
            )
        except httpx.HTTPError as error:
            raise NotPlayable(self._unreachable(error)) from None

    def _unreachable(self, error: httpx.HTTPError) -> str:
        return (
            f"nothing answers at {self._client.base_url} ({type(error).__name__}), "
            "must be a mock that runs: `greenroom serve`"
        )

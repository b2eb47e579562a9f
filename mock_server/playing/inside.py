"""A scenario played inside one transaction: whole or not at all, whoever else is at work.

The steps pass what a request passes (credentials, parameters, body, values, role, operation, the
answer's check) without HTTP around it. The clock shows what the scenario says, never the machine's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from mock_server import control, operations
from mock_server.control.personas import personas_of
from mock_server.domain.clock import LATEST
from mock_server.domain.errors import DomainError
from mock_server.domain.lifecycle import compile_lifecycle
from mock_server.env import Call, Common, Env
from mock_server.events.feed import Feeds
from mock_server.http.answer import refused
from mock_server.http.errors import ContractBreach, Refusal, refusal_of
from mock_server.http.headers import RequestHeaders
from mock_server.http.operation import Operation, compile_operation
from mock_server.http.request import (
    NO_BODY,
    Request,
    check_body,
    check_values,
    checked_answer,
    read_parameters,
    require_role,
)
from mock_server.http.security import Authenticator
from mock_server.http.selection import base_of
from mock_server.http.validation import SchemaSet
from mock_server.injection.answers import ContractAnswers
from mock_server.journal import Journals
from mock_server.media.ingress import Addresses
from mock_server.media.publications import Publications
from mock_server.media.publishers import Publishers
from mock_server.playing.catalogue import Catalogue, Documented
from mock_server.playing.play import Played, Question, Said, play, require_played
from mock_server.scenarios import ClockStep, Scenario, ScenarioFailed
from mock_server.settings import Settings
from mock_server.storage.memory import MemoryStore
from mock_server.storage.protocol import Transaction
from mock_server.worlds import Worlds

# Is told of each step when it has been played.
Watch = Callable[[Played], None]
_JSON = b"application/json"
_NO_HEADERS = RequestHeaders()
# What media addresses begin with where no request says it.
USUAL_URL = "http://127.0.0.1:4010"


class Stage:
    """Hold the operations of a contract, each compiled when a step first asks for it."""

    def __init__(
        self, contract: Mapping[str, Any], token_secret: str, watch: Watch | None = None
    ) -> None:
        self._contract = contract
        self._watch = watch
        self.catalogue = Catalogue(contract)
        self.authenticator = Authenticator(token_secret)
        self._schemas: dict[bool, SchemaSet] = {}
        self._compiled: dict[str, Operation] = {}

    def operation(self, operation_id: str, documented: Documented) -> Operation:
        """Return an operation, compiled."""
        if operation_id not in self._compiled:
            self._compiled[operation_id] = self._compile(operation_id, documented)
        return self._compiled[operation_id]

    def _compile(self, operation_id: str, documented: Documented) -> Operation:
        if documented.control not in self._schemas:
            self._schemas[documented.control] = SchemaSet(dict(documented.document))
        handlers = control.HANDLERS if documented.control else operations.HANDLERS
        return compile_operation(
            documented.document,
            self._schemas[documented.control],
            documented.path,
            documented.method,
            handlers[operation_id],
            value_checks=operations.VALUE_CHECKS,
            needs={},
            keeps=(),
            alone=(),
        )

    def play(self, env: Env, tx: Transaction, scenario: Scenario, start: datetime) -> Inside:
        """Play a scenario in a world that is planted; raises ScenarioFailed.

        A world begins right, also where the mock is to be wrong on purpose.
        """
        right = replace(env.common, lifecycle=compile_lifecycle(self._contract))
        inside = Inside(self, replace(env, common=right), tx, start)
        for played in play(scenario, inside, self.catalogue):
            if self._watch is not None:
                self._watch(played)
            require_played(scenario, played)
        return inside


def play_here(
    contract: Mapping[str, Any], scenario: Scenario, settings: Settings, watch: Watch
) -> None:
    """Play a scenario in a world of this process alone; raises ScenarioFailed."""
    store = MemoryStore()

    def wall() -> datetime:
        return datetime.now(UTC)

    common = Common(
        settings=settings,
        store=store,
        wall=wall,
        lifecycle=compile_lifecycle(contract),
        contract_version=contract["info"]["version"],
        answers=ContractAnswers(dict(contract)),
        started_at=wall(),
        journals=Journals(0),
        feeds=Feeds(store, wall),
        # Nobody can publish to what is over in a moment.
        publications=Publications(Publishers(), 0),
    )
    Worlds(common, scenario, Stage(contract, settings.token_secret, watch).play).find()


class Inside:
    """Ask a world within a transaction. The only things that change here are the clock's."""

    def __init__(self, stage: Stage, env: Env, tx: Transaction, now: datetime) -> None:
        self.now = now
        self.frozen = False
        self._stage = stage
        self._env = env
        self._tx = tx
        base = (env.settings.public_url or USUAL_URL).rstrip("/") + base_of(env.name)
        self._addresses = Addresses.under(base)
        self._tokens = {each.name: each.access_token for each in personas_of(env, tx)}

    def token(self, persona: str) -> str | None:
        """Return a persona's access token, None where there is no such persona."""
        return self._tokens.get(persona)

    def move(self, step: ClockStep) -> None:
        """Move the clock; raises ScenarioFailed where it would go back, or too far."""
        self.frozen = self.frozen or step.freeze
        try:
            to = step.to or self.now + (step.by or (self.now - self.now))
        except OverflowError:
            to = LATEST
        if not self.now <= to < LATEST:
            raise ScenarioFailed(
                f"the clock shows {self.now:%Y-%m-%dT%H:%M:%SZ} and can't go to "
                f"{to:%Y-%m-%dT%H:%M:%SZ}, must go forward and stay before {LATEST.year}"
            )
        self.now = to

    def ask(self, question: Question) -> Said:
        """Return the answer; raises ScenarioFailed where the mock has a bug."""
        operation = self._stage.operation(question.operation_id, question.operation)
        # Readings happen on whole seconds: `kept.KeptAnswers` says why.
        now = self.now if operation.writes else self.now.replace(microsecond=0)
        try:
            return Said(operation.success, self._answer(operation, question, now))
        except Refusal as error:
            answer = refused(error, now)
        except DomainError as error:
            answer = refused(refusal_of(error), now)
        except ContractBreach as error:
            raise ScenarioFailed(f"the mock has a bug here: {error}") from error
        return Said(answer.status, answer.body)

    def _answer(self, operation: Operation, question: Question, now: datetime) -> bytes:
        caller = None
        if not operation.public:
            given = () if question.token is None else (f"Bearer {question.token}".encode(),)
            caller = self._stage.authenticator.identify(given, (), self._tx, now)
        scope = {"query_string": urlencode(question.query).encode()}
        request = Request(operation, question.id, scope, _NO_HEADERS, self._env.name)
        parameter, query = read_parameters(request)
        body = NO_BODY
        if operation.body is not None:
            body = check_body(operation, operation.body, question.body or b"", _JSON)
        check_values(operation, (parameter, query, body), now)
        require_role(operation, caller)
        call = Call(
            self._env, self._tx, operation.id, now, self._addresses, caller, parameter, query, body
        )
        return checked_answer(operation, operation.handler(call), now)

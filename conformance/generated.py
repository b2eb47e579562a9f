"""The generated half: Schemathesis invents requests, the suite's own rules judge the answers.

Schemathesis' engine runs its phases over every operation: examples, coverage and fuzzing in both
modes, then sequences along the contract's links. Its checks about shapes are switched off,
because `conformance.responses` and `conformance.invariants`, registered as one check, see every
answer as they see those of the hand-written half.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from hypothesis.configuration import set_hypothesis_home_dir
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from conformance.client import find_created, settle
from conformance.ledger import CREATES, DELETES, Entry
from conformance.reply import Reply, Request, parsed
from conformance.responses import is_uuid
from conformance.rule import Rule, declare
from conformance.scenes import scene_for
from conformance.suite import Suite
from conformance.verdicts import Failure, Outcome, Verdict
from conformance.world import World, unknown_id

Json = Any

CHECK = "conformance_rules"
FRESH_SCENES = 4
EXAMPLES = {"full": 10, "quick": 3}
SEQUENCES = {"full": 12, "quick": 4}
ALL_PHASES = ("examples", "coverage", "fuzzing", "stateful")
UNIT_PHASES = {"full": ("examples", "coverage", "fuzzing"), "quick": ("examples", "fuzzing")}


def _rule(name: str, level: str, must: str) -> Rule:
    published = level == "published"
    return declare(
        Rule(f"generated.{name}", "published" if published else "decided", must, "#/paths")
    )


RULES: dict[str, Rule] = {
    "positive_data_acceptance": _rule(
        "valid_accepted",
        "published",
        "A request that keeps the schema MUST NOT be called malformed",
    ),
    "negative_data_rejection": _rule(
        "invalid_refused", "published", "A request that breaks the schema MUST be refused"
    ),
    "ignored_auth": _rule(
        "auth_enforced",
        "published",
        "A request without usable credentials MUST be refused where they are required",
    ),
    "unsupported_method": _rule(
        "method", "decided", "A method the contract does not give a path MUST be refused with 405"
    ),
    "allow_header_conformance": _rule(
        "allow", "decided", "`Allow` MUST name the methods that the contract gives the path"
    ),
    "response_headers_conformance": _rule(
        "headers", "decided", "An answer MUST carry the headers the contract documents"
    ),
    "use_after_free": _rule(
        "use_after_free", "decided", "What was deleted MUST NOT be found again"
    ),
    "ensure_resource_availability": _rule("available", "decided", "What was created MUST be found"),
}
OFF = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "missing_required_header",
    "object_level_authorization",
)
ACCEPTED = ("2xx", "401", "403", "404", "409", "422", "429", "503")


def configuration(suite: Suite, phases: tuple[str, ...]) -> SchemathesisConfig:
    """Return an explicit configuration, so that no file in a user's folder has a say."""
    profile = suite.options.profile
    enabled = {name: {"enabled": name in phases} for name in ALL_PHASES}
    return SchemathesisConfig.from_dict(
        {
            "seed": suite.options.seed,
            "cache": {"enabled": False},
            "base-url": suite.client.base_url,
            "continue-on-failure": True,
            "request-timeout": 10,
            "auth": {"openapi": {"bearer": {"bearer": suite.world.host.token}}},
            "generation": {
                "max-examples": EXAMPLES[profile],
                "no-shrink": True,
                "database": "none",
            },
            "phases": {
                **enabled,
                "stateful": {
                    **enabled["stateful"],
                    "max-steps": 8,
                    "generation": {"max-examples": SEQUENCES[profile]},
                },
            },
            "checks": {
                "positive_data_acceptance": {"expected-statuses": list(ACCEPTED)},
                **{name: {"enabled": False} for name in OFF},
            },
        }
    )


@dataclass(slots=True)
class Stagehand:
    """Puts things of this run where generated requests would touch things of others."""

    world: World
    made: dict[str, list[str]] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)
    intents: dict[str, Entry] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def before(self, case: Any) -> None:
        """Give a well-formed request ids of this run's own; write down what it may create."""
        operation = self.world.contract.operations.get(_operation_id(case))
        if operation is None:
            return
        with self.lock:
            id_ = (case.path_parameters or {}).get("id")
            if is_uuid(id_) and not self._owns(str(id_)):
                case.path_parameters["id"] = self._own(operation)
            self._borrow(case)
            if operation.id in CREATES and case.method.upper() == operation.method:
                kind = CREATES[operation.id]
                self.intents[case.id] = self.world.api.ledger.intend(kind, "host")

    def after(self, case: Any, reply: Reply) -> None:
        """Write down what a generated request created or deleted."""
        entry = self.intents.pop(case.id, None)
        if entry is not None:
            settle(self.world.api.ledger, entry, reply)
            created = find_created(entry.kind, reply.json)
            if created and entry.kind in ("room", "session", "preset"):
                self.made.setdefault(entry.kind, []).append(created)
        if _operation_id(case) in DELETES and reply.status == 200:  # noqa: PLR2004
            self.world.api.ledger.gone(str(case.path_parameters["id"]).lower())

    def _owns(self, id_: str) -> bool:
        """Tell whether a thing may be changed: made in this run, and not kept for other rules."""
        entries = self.world.api.ledger.since()
        return any(entry.id == id_.lower() and not entry.kept for entry in entries)

    def _own(self, operation: Any) -> str:
        """Return something the operation may act on: new at first, then one of those again."""
        made = self.made.setdefault(operation.id, [])
        turn = self.turns[operation.id] = self.turns.get(operation.id, -1) + 1
        if len(made) < FRESH_SCENES:
            made.append(scene_for(self.world, operation).id)
            return made[-1]
        return made[turn % len(made)] if turn % 5 else unknown_id()

    def _borrow(self, case: Any) -> None:
        body = case.body
        if isinstance(body, dict) and is_uuid(body.get("preset_id")):
            body["preset_id"] = self.world.stage().preset
        if isinstance(body, dict) and is_uuid(body.get("session_id")):
            body["session_id"] = self.world.stage().session


def run(suite: Suite, phases: tuple[str, ...]) -> Iterator[Outcome]:
    """Send generated requests in these phases and yield what became of each rule."""
    hand = Stagehand(suite.world)
    suite.world.stage()
    schema = schemathesis.openapi.from_dict(
        suite.judged.document, config=configuration(suite, phases)
    )
    tried: dict[tuple[str, str], list[Failure]] = {}
    errors: list[str] = []
    interrupted = False
    with _hooked(suite, schema, hand), _hypothesis_elsewhere():
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                _collect(suite, event.recorder, tried)
            elif isinstance(event, events.Interrupted):
                interrupted = True
            elif isinstance(event, events.NonFatalError):
                errors.append(f"{event.label}: {event.info.title}: {event.info.message}")
            elif isinstance(event, events.FatalError):
                errors.append(f"{type(event.exception).__name__}: {event.exception}")
    if interrupted:
        raise KeyboardInterrupt
    for (check, operation), failures in tried.items():
        shortest = min(failures, key=lambda failure: len(failure.curl), default=None)
        verdict = Verdict.FAIL if shortest else Verdict.PASS
        yield Outcome(RULES[check].id, verdict, operation, failure=shortest)
    for error in errors:
        yield Outcome("generated.requests", Verdict.ERROR, "engine", reason=error)


def _collect(suite: Suite, recorder: Any, tried: dict[tuple[str, str], list[Failure]]) -> None:
    for case_id, checks in recorder.checks.items():
        case = recorder.cases[case_id].value
        for check in checks:
            if check.name in RULES:
                failures = tried.setdefault((check.name, _operation_id(case)), [])
                if check.failure_info is not None:
                    interaction = recorder.interactions.get(case_id)
                    failures.append(_failure(suite, case, check.failure_info, interaction))
                    failures[:] = [min(failures, key=lambda failure: len(failure.curl))]


def _failure(suite: Suite, case: Any, info: Any, interaction: Any) -> Failure:
    title, message = info.failure.title, " ".join(info.failure.message.split())
    if interaction is None or interaction.response is None:
        return Failure(_operation_id(case), title, message, "")
    reply = _reply(case, interaction.request, interaction.response)
    return suite.failure(
        _operation_id(case), f"no `{title}`: {message}"[:400], reply.summary(), reply
    )


@contextmanager
def _hooked(suite: Suite, schema: Any, hand: Stagehand) -> Iterator[None]:
    """Register the hooks and the check for one schema, and take them back afterwards."""

    def before_call(_: Any, case: Any, __: Any) -> None:
        if case.operation.schema is schema:
            hand.before(case)

    def after_call(_: Any, case: Any, response: Any) -> None:
        if case.operation.schema is schema:
            suite.client.requests += 1
            hand.after(case, _reply(case, response.request, response))

    def conformance_rules(_: Any, response: Any, case: Any) -> None:
        if case.operation.schema is schema:
            suite.watch(_reply(case, response.request, response))

    schemathesis.hook(before_call)
    schemathesis.hook(after_call)
    schemathesis.check(conformance_rules)
    try:
        yield
    finally:
        schemathesis.hooks.unregister(before_call)
        schemathesis.hooks.unregister(after_call)
        CHECKS.unregister(CHECK)


@contextmanager
def _hypothesis_elsewhere() -> Iterator[None]:
    """Keep Hypothesis' own files out of the user's folder."""
    with tempfile.TemporaryDirectory(prefix="greenroom-") as folder:
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)


def _operation_id(case: Any) -> str:
    definition: Mapping[str, Json] = case.operation.definition.raw
    return str(definition.get("operationId", case.operation.label))


def _reply(case: Any, request: Any, response: Any) -> Reply:
    """Return Schemathesis' request and response as the suite's own Reply.

    A request with another method than its operation's belongs to no operation.
    """
    method = request.method.upper()
    operation = _operation_id(case) if method == case.operation.method.upper() else None
    content = request.body
    sent = Request(
        operation=operation,
        method=method,
        url=getattr(request, "url", None) or request.uri,
        headers=tuple(_flat(request.headers)),
        content=content.encode() if isinstance(content, str) else content,
    )
    headers = {name.lower(): value for name, value in _flat(response.headers)}
    body = response.content or b""
    return Reply(sent, response.status_code, headers, body, parsed(body))


def _flat(headers: Any) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        first = value[0] if isinstance(value, list) else value
        yield str(name), first.decode("latin-1") if isinstance(first, bytes) else str(first)

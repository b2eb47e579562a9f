"""The generated half: Schemathesis invents requests, the suite's own rules judge the answers.

Schemathesis' engine runs its phases over every operation: examples, coverage and fuzzing in both
modes, then sequences along the contract's links. Its checks about shapes are switched off,
because `conformance.responses` and `conformance.invariants`, registered as one check, see every
answer as they see those of the hand-written half.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.internal import charmap
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from conformance import journal
from conformance.contract import Contract
from conformance.errors import Stopped
from conformance.polite import blind_sessions, parsed_once, polite
from conformance.reply import Reply, Request, parsed
from conformance.rule import Rule, declare
from conformance.sparing import Sparing
from conformance.stagehand import Stagehand, operation_id
from conformance.suite import Suite
from conformance.verdicts import Failure, Outcome, Verdict

Json = Any

CHECK = "conformance_rules"
FRESH_SCENES = {"full": 3, "quick": 1}
EXAMPLES = {"full": 10, "quick": 5, "read-only": 10}
SEQUENCES = {"full": 12, "quick": 4, "read-only": 0}
WORKERS = 6
ALL_PHASES = ("examples", "coverage", "fuzzing", "stateful")
UNIT_PHASES = {
    "full": ("examples", "coverage", "fuzzing"),
    "quick": ("fuzzing",),
    "read-only": ("examples", "coverage", "fuzzing"),
}


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
    profile, manners = suite.options.profile, suite.options.manners
    coverage: dict[str, list[str]] = {"unexpected-methods": []} if manners.read_only else {}
    # What operations need is made by a stagehand, so none waits for another one's answers.
    free = {"operation-ordering": "none"}
    enabled: dict[str, dict[str, Any]] = {
        name: {"enabled": name in phases, **({} if name == "stateful" else free)}
        for name in ALL_PHASES
    }
    return SchemathesisConfig.from_dict(
        {
            "seed": suite.options.seed,
            "cache": {"enabled": False},
            "base-url": suite.client.base_url,
            "continue-on-failure": True,
            "request-timeout": manners.timeout,
            "max-redirects": 0,
            "workers": min(manners.in_flight, WORKERS),
            **({"tls-verify": str(manners.ca)} if manners.ca else {}),
            "auth": {"openapi": {"bearer": {"bearer": suite.world.host.token}}},
            "generation": {
                "max-examples": EXAMPLES[profile],
                "no-shrink": True,
                "database": "none",
            },
            "phases": {
                **enabled,
                "coverage": {**enabled["coverage"], **coverage},
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


def run(suite: Suite, phases: tuple[str, ...]) -> Iterator[Outcome]:
    """Send generated requests in these phases, all at a time, and yield what became of each rule.

    An operation's requests follow one another, so a phase lasts as long as its longest operation.
    """
    if not suite.options.manners.read_only:
        suite.world.stage()
    hand = Stagehand(suite.world, FRESH_SCENES.get(suite.options.profile, 0))
    with ThreadPoolExecutor(len(phases)) as pool:
        parts = list(pool.map(lambda phase: _phase(suite, hand, phase), phases))
    tried: dict[tuple[str, str], list[Failure]] = {}
    for part in parts:
        for key, failures in part.tried.items():
            tried.setdefault(key, []).extend(failures)
    for (check, operation), failures in tried.items():
        shortest = min(failures, key=lambda failure: len(failure.curl), default=None)
        verdict = Verdict.FAIL if shortest else Verdict.PASS
        yield Outcome(RULES[check].id, verdict, operation, failure=shortest)
    for error in (error for part in parts for error in part.errors):
        yield Outcome("generated.requests", Verdict.ERROR, "engine", reason=error)


@dataclass(slots=True)
class Part:
    """What came of one phase: failures by check and operation, and what went wrong with it."""

    tried: dict[tuple[str, str], list[Failure]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


def _phase(suite: Suite, hand: Stagehand, phase: str) -> Part:
    part = Part()
    interrupted = False
    for event in _events(suite, hand, phase):
        if isinstance(event, events.ScenarioFinished):
            _collect(suite, event.recorder, part.tried)
        elif isinstance(event, events.Interrupted):
            interrupted = True
        elif isinstance(event, events.NonFatalError):
            part.errors.append(f"{event.label}: {event.info.title}: {event.info.message}")
        elif isinstance(event, events.FatalError):
            part.errors.append(f"{type(event.exception).__name__}: {event.exception}")
    if interrupted:
        raise KeyboardInterrupt
    return part


def _events(suite: Suite, hand: Stagehand, phase: str) -> Iterator[Any]:
    """Yield what Schemathesis tells while it sends requests; end when the run does."""
    reads = suite.options.manners.read_only
    document, settings = suite.judged.document, configuration(suite, (phase,))
    # The other phases try things on what earlier operations have answered, so order matters there.
    document = longest_first(suite.judged) if phase == "coverage" else document
    schema: Any = schemathesis.openapi.from_dict(document, config=settings)
    schema = schema.include(method="GET") if reads else schema
    _spared(schema, Sparing(suite.contract))
    schema = polite(schema, suite.client.gate, lambda case, got: suite.watch(_received(case, got)))
    with _hooked(suite, schema, hand):
        stream = from_schema(schema).execute()
        for event in stream:
            if suite.client.gate.stopped:
                stream.stop()
                raise Stopped("the run was stopped")
            yield event


def longest_first(contract: Contract) -> Json:
    """Return the document with those paths first whose operations have the most fields to try."""

    def fields(path: str) -> int:
        bodies = (op.body for op in contract.operations.values() if op.path == path and op.body)
        return sum(len(contract.properties(body)) for body in bodies)

    paths: dict[str, Json] = contract.document["paths"]
    return {**contract.document, "paths": dict(sorted(paths.items(), key=lambda p: -fields(p[0])))}


def _spared(schema: Any, sparing: Sparing) -> None:
    def filter_case(_: Any, case: Any) -> bool:
        return sparing.keeps(operation_id(case), case)

    def before_add_examples(_: Any, examples: list[Any]) -> None:
        examples[:] = sparing.few(examples)

    schema.hook(filter_case)
    schema.hook(before_add_examples)


def _collect(suite: Suite, recorder: Any, tried: dict[tuple[str, str], list[Failure]]) -> None:
    for case_id, checks in recorder.checks.items():
        case = recorder.cases[case_id].value
        for check in checks:
            if check.name in RULES:
                failures = tried.setdefault((check.name, operation_id(case)), [])
                if check.failure_info is not None:
                    interaction = recorder.interactions.get(case_id)
                    failures.append(_failure(suite, case, check.failure_info, interaction))
                    failures[:] = [min(failures, key=lambda failure: len(failure.curl))]


def _failure(suite: Suite, case: Any, info: Any, interaction: Any) -> Failure:
    title, message = info.failure.title, " ".join(info.failure.message.split())
    if interaction is None or interaction.response is None:
        return Failure(operation_id(case), title, message, "")
    reply = _reply(case, interaction.request, interaction.response)
    return suite.failure(
        operation_id(case), f"no `{title}`: {message}"[:400], reply.summary(), reply
    )


@dataclass(slots=True)
class Backstage:
    """Who sends requests for which schema: Schemathesis has one register for a process."""

    hands: dict[int, tuple[Suite, Stagehand]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    open: ExitStack = field(default_factory=ExitStack)

    def enter(self, schema: Any, suite: Suite, hand: Stagehand) -> None:
        """Let a schema's requests go through these hands, the first one opens the register."""
        with self.lock:
            if not self.hands:
                self.open.enter_context(_hypothesis_elsewhere())
                self.open.enter_context(parsed_once())
                self.open.enter_context(blind_sessions())
                self.open.enter_context(_registered(self))
            self.hands[id(schema)] = (suite, hand)

    def leave(self, schema: Any) -> None:
        """Forget a schema; the last one closes the register."""
        with self.lock:
            del self.hands[id(schema)]
            if not self.hands:
                self.open.close()

    def of(self, case: Any) -> tuple[Suite, Stagehand] | None:
        """Return who sends a case."""
        return self.hands.get(id(case.operation.schema))


BACKSTAGE = Backstage()


@contextmanager
def _hooked(suite: Suite, schema: Any, hand: Stagehand) -> Iterator[None]:
    BACKSTAGE.enter(schema, suite, hand)
    try:
        yield
    finally:
        BACKSTAGE.leave(schema)


@contextmanager
def _registered(backstage: Backstage) -> Iterator[None]:
    """Register the hooks and the check, and take them back afterwards."""

    def before_call(_: Any, case: Any, __: Any) -> None:
        if found := backstage.of(case):
            found[1].before(case)

    def after_call(_: Any, case: Any, response: Any) -> None:
        if found := backstage.of(case):
            found[1].after(case, _received(case, response))

    def conformance_rules(_: Any, response: Any, case: Any) -> None:
        if found := backstage.of(case):
            found[0].watch(_received(case, response))

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
    """Keep Hypothesis' own files out of the user's folder, and its tables for the next run.

    The table of UTF-8 takes seconds to make, once a thread if many ask for it at a time.
    """
    set_hypothesis_home_dir(str(journal.beneath(os.environ, "CACHE") / "hypothesis"))
    try:
        charmap.intervals_from_codec("utf-8")
        yield
    finally:
        set_hypothesis_home_dir(None)


def _received(case: Any, response: Any) -> Reply:
    return _reply(case, response.request, response)


def _reply(case: Any, request: Any, response: Any) -> Reply:
    """Return Schemathesis' request and response as the suite's own Reply.

    A request with another method than its operation's belongs to no operation.
    """
    method = request.method.upper()
    operation = operation_id(case) if method == case.operation.method.upper() else None
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

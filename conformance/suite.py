"""One run of the rules: target, callers, ledger, and what became of each rule."""

from __future__ import annotations

import itertools
import os
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from conformance import cleaning, invariants, levels, mock, preflight, responses
from conformance.client import Client, new_http_client
from conformance.contract import BASE_PATH, Contract, bundled
from conformance.curl import command
from conformance.exchange import exchange_of
from conformance.identities import (
    Identities,
    from_environment,
    from_file,
    from_personas,
    merged,
)
from conformance.journal import Journal, file_for, folder
from conformance.ledger import Entry, Ledger
from conformance.manners import TOO_MANY_REQUESTS, Gate, Manners
from conformance.redaction import JWT_DOTS, Secrets, signature_of
from conformance.reply import Reply
from conformance.rule import Level, Rule, disabling, selects
from conformance.verdicts import ANY_ANSWER, Failure, Outcome, Verdict
from conformance.world import World

Json = Any
ABOUT_BUSY = (responses.RETRY_AFTER,)


@dataclass(frozen=True, slots=True)
class Options:
    """What a run was asked to do."""

    base_url: str | None = None
    level: Level = "decided"
    rules: tuple[str, ...] = ()
    identities: Path | None = None
    run_id: str | None = None
    profile: str = "full"
    seed: int = 1
    skip: tuple[str, ...] = ()
    known: Path | None = None
    report_dir: Path | None = None
    manners: Manners = field(default_factory=Manners)

    def selects(self, found: Rule) -> bool:
        """Tell whether the run tries a rule."""
        return self.names(found) and not disabling(found, level=self.level, skipped=self.skip)

    def names(self, found: Rule) -> bool:
        """Tell whether a rule is among those that were asked for, disabled or not."""
        return selects(found, level="decided", prefixes=self.rules)


@dataclass(slots=True)
class Suite:
    """A run against one target, or one rule's part of it: `scoped` makes that."""

    options: Options
    contract: Contract
    judged: Contract
    world: World
    started_mock: bool
    found: list[Outcome] = field(default_factory=list)
    leftovers: list[Entry] = field(default_factory=list)
    secrets: Secrets = field(default_factory=Secrets)
    _answers: Counter[str] = field(default_factory=Counter)
    _shown: set[tuple[str, str]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _scopes: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def client(self) -> Client:
        """Return the client every rule speaks through."""
        return self.world.api

    def scoped(self) -> Suite:
        """Return the run as one rule sees it: what it creates and what is found is its own."""
        api = self.client.scoped(next(self._scopes))
        world = replace(self.world, api=api)
        child = replace(
            self, world=world, found=[], leftovers=[], _answers=Counter(), _lock=threading.Lock()
        )
        api.watchers.append(child.watch)
        return child

    def watch(self, reply: Reply) -> None:
        """Put an answer through every rule that holds for all answers, and keep what breaks."""
        self.secrets.learn(reply.content)
        broken = {violation.rule.id: violation for violation in self.violations(reply)}
        outcomes = [self.outcome_of(violation) for violation in broken.values()]
        with self._lock:
            self._answers[f"{reply.request.operation or ''} {reply.status}"] += 1
            self.found.extend(outcomes)

    def violations(self, reply: Reply) -> list[responses.Violation]:
        """Return the selected rules for all answers that one answer breaks."""
        if reply.status == TOO_MANY_REQUESTS:
            # No answer to what was asked: the request is sent again. What it must bear is judged.
            broken = [v for v in responses.violations(self.judged, reply) if v.rule in ABOUT_BUSY]
            return [found for found in broken if self.options.selects(found.rule)]
        broken = list(responses.violations(self.judged, reply))
        operation = self.contract.operations.get(reply.request.operation or "")
        if operation and reply.status < 300 and isinstance(reply.json, dict):  # noqa: PLR2004
            asked = invariants.asked_by(reply, operation.path)
            broken += invariants.violations(asked, reply.json, reply)
        return [violation for violation in broken if self.options.selects(violation.rule)]

    def outcome_of(self, violation: responses.Violation) -> Outcome:
        """Return a violation as the outcome a report counts."""
        operation = violation.reply.request.operation or violation.reply.request.method
        again = (violation.rule.id, operation) in self._shown
        self._shown.add((violation.rule.id, operation))
        failure = self.failure(
            operation, violation.expected, violation.received, violation.reply, shown=not again
        )
        return Outcome(violation.rule.id, Verdict.FAIL, operation, failure=failure)

    def failure(
        self, subject: str, expected: str, received: str, reply: Reply | None, *, shown: bool = True
    ) -> Failure:
        """Return a failure with the command that shows it and, shown, the exchange."""
        expected, received = map(self.secrets.hide, (expected, received))
        if reply is None:
            return Failure(subject, expected, received)
        exchange = exchange_of(reply, self.secrets) if shown else None
        curl = self.secrets.hide(command(reply.request, self.placeholders()))
        operation = reply.request.operation or ""
        return Failure(subject, expected, received, curl, operation, exchange)

    def placeholders(self) -> dict[str, str]:
        """Return what is printed in place of each credential."""
        who = self.world.who
        callers = (who.host, who.other_host, who.viewer, self.world.scenery.viewer)
        tokens = {i.token: i.placeholder for i in callers if i}
        signatures = {
            token.rpartition(".")[2]: signature_of(placeholder)
            for token, placeholder in tokens.items()
            if token.count(".") == JWT_DOTS
        }
        return {**tokens, **signatures, **({who.api_key: "$API_KEY"} if who.api_key else {})}

    def drain(self) -> list[Outcome]:
        """Return the outcomes found since the last call."""
        with self._lock:
            outcomes, self.found = self.found, []
            answers, self._answers = self._answers, Counter()
        counted = [
            Outcome(ANY_ANSWER, Verdict.PASS, answer, count=count)
            for answer, count in sorted(answers.items())
        ]
        return [*outcomes, *counted]

    def clean(self) -> list[Entry]:
        """Remove what was created: by this rule, or, of the whole run, everything."""
        ledger, scope = self.client.ledger, self.client.scope
        # What was never answered is looked for at the end, when no rule uses what looks alike.
        entries = [each for each in ledger.of(scope) if each.id] if scope else ledger.entries()
        quiet = replace(self.client, watchers=[])
        self.leftovers = cleaning.clean(quiet, self.world.who, entries)
        return self.leftovers


@contextmanager
def opened(options: Options) -> Iterator[Suite]:
    """Find the target and the callers, give the run, and clean up after it.

    Raises NotTestable and BadIdentities.
    """
    with ExitStack() as stack:
        url = options.base_url or stack.enter_context(mock.running())
        with new_http_client(options.manners) as http:
            suite, journal = _opened(options, url, http)
        stack.callback(suite.client.close)
        try:
            yield suite
        finally:
            suite.client.gate.reopen()
            try:
                suite.clean()
            finally:
                there = [each for each in suite.client.ledger.entries() if each.kind != "viewer"]
                journal.close(clean=not there)


def _opened(options: Options, url: str, http: Any) -> tuple[Suite, Journal]:
    base = preflight.base_of(url, http)
    who = identities(options, base, http)
    preflight.refuse_dead_tokens(base, who, http)
    run_id = options.run_id or f"gr-{uuid.uuid4().hex[:8]}"
    contract = bundled()
    judged = contract if options.level == "decided" else levels.published(contract)
    journal = Journal(file_for(folder(os.environ), run_id), run_id, base)
    client = Client(base, contract, Ledger(run_id, journal), Gate(options.manners))
    world = World(client, contract, who, options.level, run_id, options.profile != "quick")
    suite = Suite(options, contract, judged, world, options.base_url is None)
    suite.secrets.know({**suite.placeholders(), **passwords(who)})
    client.watchers.append(suite.watch)
    return suite, journal


def identities(options: Options, base: str, http: Any) -> Identities:
    """Return the callers: from the file, the environment, or the mock's personas."""
    if options.identities is not None:
        given = from_file(options.identities)
        return merged(given, from_environment(os.environ))
    given_by_environment = from_environment(os.environ)
    if given_by_environment is not None:
        return given_by_environment
    return from_personas(preflight.personas(base, http)) or Identities()


def passwords(who: Identities) -> dict[str, str]:
    """Return what must not be shown beside tokens, each with what stands for it."""
    callers = [caller for caller in (who.host, who.other_host, who.viewer) if caller]
    found = {i.password: f"${i.name.upper()}_PASSWORD" for i in callers if i.password}
    return {**found, **({who.livekit_secret: "$LIVEKIT_SECRET"} if who.livekit_secret else {})}


def root_of(base: str) -> str:
    """Return the server's root above the API's base."""
    return base.removesuffix(BASE_PATH)

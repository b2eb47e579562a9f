"""What a call meets before its operation is asked: a wish of its own, or the world's faults."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from mock_server.domain.entities import FaultCounts, Session, World
from mock_server.domain.errors import Unprocessable
from mock_server.domain.lifecycle import observe
from mock_server.env import Env
from mock_server.injection.answers import ContractAnswers, MadeAnswer
from mock_server.injection.decide import UNTOUCHED, Asked, Count, Counts, Decision, decide, ends_by
from mock_server.injection.offers import Offers, OperationOffers
from mock_server.injection.rules import Rule, read_rule
from mock_server.injection.wishes import Wish, grant, read_wish
from mock_server.storage.protocol import Lock, Needs, Transaction

COUNTS = "faults"
RULES = "rules"


class Question(NamedTuple):
    """Hold what of a request decides what it meets; `parameter` is the path's, as sent."""

    operation: str
    parameter: str
    query_string: bytes
    prefer: tuple[bytes, ...]


class Met(NamedTuple):
    """Hold what a call meets: whose doing it is, and what happens.

    `answer` stands in place of the operation's, and so does nothing at all with `dropped`.
    Otherwise the operation is asked, and its answer is late by `delay` seconds, lost, or cut after
    `truncate` bytes.
    """

    by: str
    delay: float = 0
    answer: MadeAnswer | None = None
    dropped: bool = False
    lost: bool = False
    truncate: int | None = None
    preferred: bool = False


def meet(answers: ContractAnswers, question: Question, env: Env, now: datetime) -> Met | None:
    """Return what a call meets, None where that is only its operation.

    A wish wins over the world's faults, which then neither see nor count the call. Raises
    UnmetWish. What is not of the API meets nothing.
    """
    operation = answers.offers.get(question.operation)
    if operation is None:
        return None
    wish = read_wish(question.query_string, question.prefer)
    if wish is not None:
        return _granted(answers, wish, operation, now)
    rules = [rule for rule in rules_of(answers, env) if operation.id in rule.operations]
    return _met(answers, operation.id, _decided(env, rules, question, now), now)


def contract_faults(answers: ContractAnswers, env: Env, now: datetime) -> tuple[str, ...]:
    """Return the names of the deliberate mistakes that are on in a world."""
    return tuple(
        rule.effect.contract_fault
        for rule in rules_of(answers, env)
        if rule.effect.contract_fault is not None and not ends_by(rule, now)
    )


def rules_of(answers: ContractAnswers, env: Env) -> tuple[Rule, ...]:
    """Return the rules of a world; one that a later contract has no room for is left out."""
    found: tuple[Rule, ...] = env.remembered.once(
        "fault rules", _read_all, env.world.faults, answers.offers
    )
    return found


def _read_all(faults: Mapping[str, Any], offers: Offers) -> tuple[Rule, ...]:
    found = []
    for document in faults.get(RULES, ()):
        try:
            found.append(read_rule(document, offers))
        except Unprocessable:
            continue
    return tuple(found)


def read_counts(tx: Transaction) -> Counts:
    """Return what the rules of a world have counted."""
    kept = tx.get(FaultCounts, COUNTS)
    return {} if kept is None else {name: Count(*each) for name, each in kept.counts.items()}


def write_counts(tx: Transaction, counts: Counts, world: World) -> None:
    """Keep what the rules of a world have counted."""
    written = {name: list(each) for name, each in counts.items()}
    tx.put(FaultCounts(id=COUNTS, counts=written, created_at=world.created_at))


def _granted(
    answers: ContractAnswers, wish: Wish, operation: OperationOffers, now: datetime
) -> Met:
    status, example = grant(wish, operation)
    made = answers.make(operation.id, status, now, example=example)
    return Met(wish.source, answer=made, preferred=wish.preferred)


def _decided(env: Env, rules: list[Rule], question: Question, now: datetime) -> Decision:
    if all(rule.effect.contract_fault is not None for rule in rules):
        return UNTOUCHED
    session_id = question.parameter.lower()
    needs = Needs(
        locks=(Lock(FaultCounts, COUNTS),),
        entities=((FaultCounts, COUNTS), (Session, session_id)),
    )
    with env.store.write(needs) as tx:
        session = None
        if any(rule.when.state is not None for rule in rules):
            session = tx.get(Session, session_id)
        asked = Asked(question.operation, None if session is None else observe(session, now))
        counts = read_counts(tx)
        decision, after = decide(rules, counts, asked, now, env.seed)
        if after is not counts:
            write_counts(tx, after, env.world)
    return decision


def _met(answers: ContractAnswers, operation: str, decision: Decision, now: datetime) -> Met | None:
    if not decision.rules:
        return None
    effect = decision.effect
    made = None
    if effect.status is not None:
        made = answers.make(
            operation, effect.status, now, example=effect.example, retry_after=effect.retry_after
        )
    return Met(
        by=", ".join(decision.rules),
        delay=decision.delay,
        answer=made,
        dropped=effect.drop == "request",
        lost=effect.drop == "answer",
        truncate=effect.truncate,
    )

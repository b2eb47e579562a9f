"""Rules of injected faults as frozen values, read from the JSON in which a world keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Literal, cast

from mock_server.domain.entities import Status
from mock_server.domain.errors import Unprocessable
from mock_server.injection.offers import Offers, OperationOffers, one_of

ANY = "*"
MAX_DELAY_MS = 60_000
_RETRY_AFTER = "Retry-After"
_REFUSALS = 400
# What ends the request by itself; a delay may go before any of them.
_ENDS = ("status", "drop", "truncate")
Distribution = Literal["fixed", "uniform", "normal", "lognormal"]
Drop = Literal["request", "answer"]


@dataclass(frozen=True, slots=True)
class Delay:
    """Hold a distribution of delays in milliseconds.

    `low` and `high` are the bounds of `uniform`; of `fixed` the delay is `low`. Of `normal` they
    are mean and deviation, of `lognormal` the median and the (unitless) deviation of the logarithm.
    """

    distribution: Distribution
    low: float
    high: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Hold which calls a rule is for; all that is given must hold.

    `nth` are numbers of calls, counted from 1 by the rule itself; `state` is a session's status.
    """

    state: Status | None = None
    nth: tuple[int, ...] = ()
    every: int | None = None
    percentage: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Hold what happens to a call: a delay, and at most one of the others."""

    delay: Delay | None = None
    status: int | None = None
    example: str | None = None
    retry_after: int | None = None
    drop: Drop | None = None
    truncate: int | None = None
    contract_fault: str | None = None

    @property
    def ends(self) -> bool:
        """Tell whether no later rule is asked once this one applies."""
        return self.status is not None or self.drop is not None or self.truncate is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Hold a fault of a world; `operations` are those it is for, `until` is on the mock's clock."""

    id: str
    operations: frozenset[str]
    when: When
    count: int | None
    until: datetime | None
    effect: Effect


def read_rule(document: Mapping[str, Any], offers: Offers) -> Rule:
    """Read a rule that keeps the control contract's `FaultRule`.

    Raises Unprocessable for what no schema can say: an unknown operation, a status or example the
    contract does not give, parts that do not go together.
    """
    effect = _effect(document["effect"])
    when = _when(document.get("when", {}))
    _require_parts_that_fit(document, effect)
    until = document.get("until")
    return Rule(
        id=document["id"],
        operations=_operations(document["operation"], when, effect, offers),
        when=when,
        count=document.get("count"),
        until=None if until is None else datetime.fromisoformat(until),
        effect=effect,
    )


def _when(document: Mapping[str, Any]) -> When:
    return When(
        state=document.get("state"),
        nth=tuple(sorted(set(document.get("nth", ())))),
        every=document.get("every"),
        percentage=document.get("percentage"),
    )


def _effect(document: Mapping[str, Any]) -> Effect:
    delay = document.get("delay")
    return Effect(
        delay=None if delay is None else _delay(delay),
        status=document.get("status"),
        example=document.get("example"),
        retry_after=document.get("retry_after"),
        drop=document.get("drop"),
        truncate=document.get("truncate"),
        contract_fault=document.get("contract_fault"),
    )


def _delay(document: Mapping[str, Any]) -> Delay:
    ((name, value),) = document.items()
    distribution = cast("Distribution", name.removesuffix("_ms"))
    match distribution:
        case "fixed":
            return Delay("fixed", value)
        case "uniform":
            low, high = value
            if low > high:
                raise Unprocessable(
                    f"`effect.delay.uniform_ms` is from {low} to {high}, must not fall"
                )
            return Delay("uniform", low, high)
        case "normal":
            return Delay("normal", value["mean"], value["deviation"])
        case "lognormal":
            return Delay("lognormal", value["median"], value["sigma"])


def _require_parts_that_fit(document: Mapping[str, Any], effect: Effect) -> None:
    given = document["effect"]
    ends = [name for name in _ENDS if name in given]
    if len(ends) > 1:
        raise Unprocessable(f"`effect` has {one_of(ends, last='and')}, must have one of them")
    for name in ("example", "retry_after"):
        if name in given and effect.status is None:
            raise Unprocessable(
                f"`effect.{name}` is given without `effect.status`, must go with it"
            )
    if effect.contract_fault is None:
        return
    limits = [name for name in ("when", "count") if document.get(name)]
    if len(given) > 1 or limits or document["operation"] != ANY:
        raise Unprocessable(
            "a `contract_fault` holds for the whole world, must be the only effect, of the "
            f"operation `{ANY}`, without `when` and `count`"
        )


def _operations(wanted: str, when: When, effect: Effect, offers: Offers) -> frozenset[str]:
    if wanted == ANY:
        found = [each for each in offers.values() if _refusal(each, when, effect) is None]
        if not found:
            raise Unprocessable(_of_none(when, effect))
        return frozenset(each.id for each in found)
    if wanted not in offers:
        near = get_close_matches(wanted, offers, n=1, cutoff=0.6)
        meant = f"did you mean `{near[0]}`?" if near else f"must be an operationId or `{ANY}`"
        raise Unprocessable(f"no operation has the name `{wanted}`, {meant}")
    refusal = _refusal(offers[wanted], when, effect)
    if refusal is not None:
        raise Unprocessable(refusal)
    return frozenset({wanted})


def _refusal(operation: OperationOffers, when: When, effect: Effect) -> str | None:
    """Say why a rule can't be for an operation, None where it can."""
    if when.state is not None and not operation.in_session:
        return f"`when.state` asks for a session, and `{operation.id}` has none in its path"
    if effect.status is None:
        return None
    unmet = why_not_offered(operation, effect.status, effect.example)
    if unmet is None and effect.retry_after is not None:
        headers = operation.responses[effect.status].headers
        if _RETRY_AFTER not in headers:
            with_it = [s for s, each in operation.responses.items() if _RETRY_AFTER in each.headers]
            return (
                f"`effect.retry_after` is given with {effect.status}, must be with one of "
                f"{one_of(with_it)}"
            )
    return unmet


def why_not_offered(operation: OperationOffers, status: int, example: str | None) -> str | None:
    """Say why the contract does not give an operation an answer, None where it does."""
    offer = operation.responses.get(status)
    if offer is None:
        statuses = one_of(operation.responses)
        return f"the contract gives `{operation.id}` no {status}, must be one of {statuses}"
    if example is None and not offer.examples and offer.schema is not None and status < _REFUSALS:
        return f"{status} of `{operation.id}` has no example in the contract to be answered with"
    if example is None or example in offer.examples:
        return None
    must = f"must be one of {one_of(offer.examples)}" if offer.examples else "it has none"
    return f"{status} of `{operation.id}` has no example `{example}`, {must}"


def _of_none(when: When, effect: Effect) -> str:
    wished = f"gives {effect.status}" if effect.status is not None else "has a session in its path"
    if effect.example is not None:
        wished += f" with an example `{effect.example}`"
    if effect.retry_after is not None:
        wished += f" and `{_RETRY_AFTER}`"
    if when.state is not None and effect.status is not None:
        wished += " and has a session in its path"
    return f"no operation {wished}, must be what at least one does"

"""Which fault, if any, a call meets: a pure function of rules, counts, the call and the seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from math import exp, log
from statistics import NormalDist
from typing import NamedTuple

from mock_server.domain.entities import Status
from mock_server.domain.identity import derive_fraction
from mock_server.injection.rules import MAX_DELAY_MS, Delay, Effect, Rule

_STANDARD = NormalDist()
# The smallest and largest fractions `derive_fraction` can be told apart from 0 and 1.
_NEAR_0, _NEAR_1 = 2.0**-54, 1 - 2.0**-53
_NO_EFFECT = Effect()


class Count(NamedTuple):
    """Hold how many calls a rule has seen, and to how many it applied."""

    calls: int = 0
    applied: int = 0


class Asked(NamedTuple):
    """Hold what is known of a call: its operation, and the status of its path's session."""

    operation: str
    state: Status | None = None


class Decision(NamedTuple):
    """Hold what happens to a call: the rules that apply, their delays in seconds, and the effect
    of the one that ends it (an empty effect where none does).
    """

    rules: tuple[str, ...] = ()
    delay: float = 0
    effect: Effect = _NO_EFFECT


UNTOUCHED = Decision()
Counts = Mapping[str, Count]


def decide(
    rules: Iterable[Rule], counts: Counts, asked: Asked, now: datetime, seed: int
) -> tuple[Decision, Counts]:
    """Decide what happens to a call, and return the counts after it (`counts` itself if the same).

    Rules are asked in order until one ends the call; delays add up, to a minute at most. A rule
    counts the calls that reach it.
    """
    applied: list[str] = []
    delay = 0.0
    effect = _NO_EFFECT
    counted: dict[str, Count] = {}
    for rule in rules:
        count = counts.get(rule.id, Count())
        if not concerns(rule, count, asked, now):
            continue
        call = count.calls + 1
        applies = _applies(rule, call, seed)
        counted[rule.id] = Count(call, count.applied + applies)
        if not applies:
            continue
        applied.append(rule.id)
        if rule.effect.delay is not None:
            delay += delay_of(rule.effect.delay, seed, rule.id, call)
        if rule.effect.ends:
            effect = rule.effect
            break
    decision = Decision(tuple(applied), min(delay, MAX_DELAY_MS) / 1000, effect)
    return decision, {**counts, **counted} if counted else counts


def concerns(rule: Rule, count: Count, asked: Asked, now: datetime) -> bool:
    """Tell whether a rule counts a call: it is for it, and it is not over."""
    return (
        asked.operation in rule.operations
        and rule.effect.contract_fault is None
        and rule.when.state in (None, asked.state)
        and not is_over(rule, count, now)
    )


def is_over(rule: Rule, count: Count, now: datetime) -> bool:
    """Tell whether a rule can't apply again: its count is used up, or its time or its last call
    has passed.
    """
    nth = rule.when.nth
    return (
        (rule.count is not None and count.applied >= rule.count)
        or ends_by(rule, now)
        or (bool(nth) and count.calls >= nth[-1])
    )


def ends_by(rule: Rule, now: datetime) -> bool:
    """Tell whether the time of a rule has passed."""
    return rule.until is not None and now >= rule.until


def _applies(rule: Rule, call: int, seed: int) -> bool:
    when = rule.when
    return (
        (not when.nth or call in when.nth)
        and (when.every is None or call % when.every == 0)
        and (
            when.percentage is None
            or derive_fraction(seed, "fault", rule.id, "percentage", call) * 100 < when.percentage
        )
    )


def delay_of(delay: Delay, seed: int, rule_id: str, call: int) -> float:
    """Return the delay of a call in milliseconds, 0 to a minute: its quantile is seeded."""
    fraction = derive_fraction(seed, "fault", rule_id, "delay", call)
    return max(0, min(_quantile(delay, fraction), MAX_DELAY_MS))


def _quantile(delay: Delay, fraction: float) -> float:
    if delay.distribution == "fixed":
        return delay.low
    if delay.distribution == "uniform":
        return delay.low + (delay.high - delay.low) * fraction
    deviations = _STANDARD.inv_cdf(min(max(fraction, _NEAR_0), _NEAR_1))
    if delay.distribution == "normal":
        return delay.low + delay.high * deviations
    # Bounded before `exp`, which overflows far beyond a minute.
    return exp(min(log(delay.low) + delay.high * deviations, log(MAX_DELAY_MS)))

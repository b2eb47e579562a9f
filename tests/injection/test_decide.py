from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.injection.decide import UNTOUCHED, Asked, Count, decide, delay_of, is_over
from mock_server.injection.rules import Delay, Effect, Rule, When

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
JOIN = Asked("join_session", "live")
CONFLICT = Effect(status=409)


def a_rule(
    effect=CONFLICT, *, name="fault-1", when=None, count=None, until=None, operation="join_session"
):
    return Rule(
        id=name,
        operations=frozenset({operation}),
        when=when or When(),
        count=count,
        until=until,
        effect=effect,
    )


def outcomes(rules, calls, *, asked=JOIN, now=NOW, seed=42):
    """Return what happened to each of so many calls, and the counts after them."""
    counts = {}
    found = []
    for _ in range(calls):
        decision, counts = decide(rules, counts, asked, now, seed)
        found.append(decision)
    return found, counts


def applied(rules, calls, **how):
    found, _ = outcomes(rules, calls, **how)
    return [number for number, decision in enumerate(found, 1) if decision.rules]


def test_without_rules_nothing_happens():
    assert decide([], {}, JOIN, NOW, 42) == (UNTOUCHED, {})


def test_a_rule_applies_to_each_call_of_its_operation_and_counts_it():
    found, counts = outcomes([a_rule()], 3)
    assert [decision.effect.status for decision in found] == [409, 409, 409]
    assert found[0].rules == ("fault-1",)
    assert counts == {"fault-1": Count(3, 3)}


def test_a_call_of_another_operation_is_not_counted():
    counts = {}
    decision, after = decide([a_rule()], counts, Asked("get_session", "live"), NOW, 42)
    assert decision == UNTOUCHED
    assert after is counts


def test_the_nth_calls_are_met_and_no_others():
    assert applied([a_rule(when=When(nth=(2, 5)))], 9) == [2, 5]


def test_calls_after_the_last_nth_are_not_counted():
    _, counts = outcomes([a_rule(when=When(nth=(2,)))], 9)
    assert counts == {"fault-1": Count(2, 1)}


def test_every_third_call_is_met():
    assert applied([a_rule(when=When(every=3))], 10) == [3, 6, 9]


def test_a_count_ends_a_rule():
    found, counts = outcomes([a_rule(when=When(every=2), count=2)], 20)
    assert [n for n, each in enumerate(found, 1) if each.rules] == [2, 4]
    assert counts == {"fault-1": Count(4, 2)}


def test_a_rule_ends_at_its_time():
    rule = a_rule(until=NOW + timedelta(seconds=1))
    assert applied([rule], 1, now=NOW) == [1]
    assert applied([rule], 1, now=NOW + timedelta(seconds=1)) == []


def test_a_state_is_asked_of_the_session():
    rule = a_rule(when=When(state="live"))
    assert applied([rule], 1, asked=JOIN) == [1]
    assert applied([rule], 1, asked=Asked("join_session", "ended")) == []
    assert applied([rule], 1, asked=Asked("join_session")) == []


def test_all_conditions_must_hold():
    rule = a_rule(when=When(nth=(2, 3, 4), every=2))
    assert applied([rule], 9) == [2, 4]


def test_a_percentage_is_met_about_as_often_and_at_the_same_calls_each_time():
    rule = a_rule(when=When(percentage=20))
    met = applied([rule], 2000)
    assert 340 <= len(met) <= 460
    assert applied([rule], 2000) == met
    assert applied([rule], 2000, seed=43) != met
    assert applied([replace(rule, id="fault-2")], 2000) != met


@pytest.mark.parametrize(("percentage", "calls"), [(0, []), (100, [1, 2, 3, 4, 5])])
def test_no_percent_is_never_and_a_hundred_is_always(percentage, calls):
    assert applied([a_rule(when=When(percentage=percentage))], 5) == calls


def test_the_first_rule_that_answers_ends_the_call():
    rules = [a_rule(name="a", when=When(nth=(1,))), a_rule(Effect(status=503), name="b")]
    found, counts = outcomes(rules, 2)
    assert [(each.rules, each.effect.status) for each in found] == [(("a",), 409), (("b",), 503)]
    assert counts == {"a": Count(1, 1), "b": Count(1, 1)}, "the first call did not reach b"


def test_a_delay_lets_later_rules_be_asked_and_delays_add_up():
    slow = Effect(delay=Delay("fixed", 100))
    rules = [
        a_rule(slow, name="a"),
        a_rule(slow, name="b"),
        a_rule(Effect(status=503, delay=Delay("fixed", 50)), name="c"),
        a_rule(slow, name="d"),
    ]
    (decision,), _ = outcomes(rules, 1)
    assert decision.rules == ("a", "b", "c")
    assert decision.delay == pytest.approx(0.25)
    assert decision.effect.status == 503


def test_delays_together_are_a_minute_at_most():
    slow = Effect(delay=Delay("fixed", 50_000))
    (decision,), _ = outcomes([a_rule(slow, name="a"), a_rule(slow, name="b")], 1)
    assert decision.delay == 60


def test_a_contract_fault_is_no_effect_of_a_call():
    (decision,), counts = outcomes([a_rule(Effect(contract_fault="oldest-first"))], 1)
    assert decision == UNTOUCHED
    assert counts == {}


def delays(delay, calls=2000):
    return sorted(delay_of(delay, 42, "fault-1", call) for call in range(calls))


def test_draws_have_the_distribution_they_are_asked_for():
    uniform = delays(Delay("uniform", 100, 300))
    assert 100 <= uniform[0] < 103
    assert 297 < uniform[-1] <= 300
    assert uniform[1000] == pytest.approx(200, abs=10)
    normal = delays(Delay("normal", 1000, 50))
    assert normal[1000] == pytest.approx(1000, abs=5)
    # 84 % of a bell is below its mean and one deviation.
    assert normal[1683] == pytest.approx(1050, abs=8)
    lognormal = delays(Delay("lognormal", 400, 0.5))
    assert lognormal[1000] == pytest.approx(400, rel=0.05)
    assert lognormal[1683] == pytest.approx(400 * 2.718281828**0.5, rel=0.05)


@given(
    st.sampled_from(["fixed", "uniform", "normal", "lognormal"]),
    st.floats(1, 60_000),
    st.floats(0, 60_000),
    st.integers(0, 2**63 - 1),
    st.integers(1, 10**9),
)
def test_a_delay_is_never_negative_or_longer_than_a_minute(distribution, low, high, seed, call):
    if distribution == "lognormal":
        high %= 5
    delay = Delay(distribution, low, high)
    assert 0 <= delay_of(delay, seed, "fault-1", call) <= 60_000
    assert delay_of(delay, seed, "fault-1", call) == delay_of(delay, seed, "fault-1", call)


def test_a_rule_is_over_by_count_time_or_its_last_call():
    assert not is_over(a_rule(), Count(10**6, 10**6), NOW)
    assert is_over(a_rule(count=1), Count(1, 1), NOW)
    assert is_over(a_rule(until=NOW), Count(), NOW)
    assert is_over(a_rule(when=When(nth=(1,))), Count(1, 1), NOW)

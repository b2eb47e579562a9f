"""Which failing rule a report names first: the one most likely to be the cause, then what follows.

One mistake of a server breaks several rules. Judged from what the run saw, not from a list:

1. An operation's answer that breaks the document by itself is a cause, as are contradictions in
   answers that no other rule asked for; what is built on such answers fails as a consequence.
   A refusal with an undocumented status is what the rule that asked for it knows better.
2. A whole story, a race, two mistakes at once, or two things that must be apart tell nothing new
   where a plain rule fails.
3. A rule that failed where most others failed too explains them; one that failed elsewhere
   does not.
4. A rule with tries of its own says which request goes wrong; one about every answer, that some do.
5. One failed try of many says what is wrong and what is not; an only try, that something is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from conformance.rule import Rule, rules
from conformance.verdicts import Tally, Verdict

SHAPE, STATUS = "response", "response.status"
WIDE = frozenset({"journey", "tour", "concurrency", "generated", "refusal"})
WIDE_ENDS = (".apart", ".only_what_is_meant")
REFUSED = 400
Rank = tuple[int, int, bool, float, int, int, str]


def ranked(tallies: Iterable[Tally]) -> list[Tally]:
    """Return the failing rules, the most telling first, then the others by their id."""
    listed = sorted(tallies, key=lambda tally: tally.rule.id)
    failing = [tally for tally in listed if tally.verdict is Verdict.FAIL]
    met = Counter(place for tally in failing for place in _places(tally))
    asked = {place for tally in failing if not tally.judges_answers for place in _places(tally)}
    declared = {id_: number for number, id_ in enumerate(rules())}

    def kind(tally: Tally) -> int:
        places, refusals = _places(tally), tally.rule.id == STATUS and _refused(tally)
        if tally.rule.family == SHAPE and any(places) and not refusals:
            return 0
        if tally.judges_answers and places - asked:
            return 1
        return 3 if refusals or _is_wide(tally.rule) else 2

    def rank(tally: Tally) -> Rank:
        broken, by_answer = tally.counts[Verdict.FAIL], tally.judges_answers
        return (
            kind(tally),
            -sum(met[place] for place in _places(tally)),
            by_answer,
            -broken if by_answer else broken / tally.judged,
            len(tally.rule.operations),
            declared.get(tally.rule.id, len(declared)) if by_answer else 0,
            tally.rule.id,
        )

    rest = [tally for tally in listed if tally.verdict is not Verdict.FAIL]
    return sorted(failing, key=rank) + rest


def _is_wide(rule: Rule) -> bool:
    return rule.family in WIDE or rule.id.endswith(WIDE_ENDS)


def _refused(tally: Tally) -> bool:
    """Tell whether every answer that broke the rule was a refusal."""
    return all(each.exchange and each.exchange.status >= REFUSED for each in tally.failures)


def _places(tally: Tally) -> set[str]:
    """Return the operations whose answers broke the rule; empty where it was none of them."""
    return {failure.operation for failure in tally.failures}

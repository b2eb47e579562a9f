"""Which failing rule a report names first: the one most likely to be the cause, then what follows.

One mistake of a server breaks several rules. Judged from what the run saw, not from a list:

1. An operation's answer that breaks the document by itself is a cause, as are contradictions in
   answers that no other rule asked for; what is built on such answers fails as a consequence.
   A refusal with an undocumented status is what the rule that asked for it knows better, and so
   is the answer of an operation that had to refuse.
2. A whole story, a race, two mistakes at once, or two things that must be apart tell nothing new
   where a plain rule fails.
3. What answers say comes before refusals where another status was due, and before what had changed
   after a refusal that was right: the server that answers wrongly refuses later requests for it.
4. A rule that failed where most other plain rules failed too explains them; one that failed
   elsewhere does not.
5. A rule with tries of its own says which request goes wrong; one about every answer, that some do.
6. Several tries that all failed, at every operation that the rule is about, say that it is broken
   as a whole. Else one failed try of many says what is wrong and what is not; an only try, that
   something is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from conformance.errors import UNCHANGED
from conformance.rule import Rule, rules
from conformance.verdicts import Failure, Tally, Verdict

SHAPE, STATUS = "response", "response.status"
WIDE = frozenset({"journey", "tour", "concurrency", "generated", "refusal"})
WIDE_ENDS = (".apart", ".only_what_is_meant")
REFUSED = 400
SEVERAL, EXPLAINED = 3, 3
_STATUS_DUE = re.compile(r"\d\d\d( or | for |$)|a value at `data")
_REFUSAL_DUE = re.compile(r"4\d\d( or | for |$)|a 4xx ")
Rank = tuple[int, bool, int, bool, float, int, int, int, str]


def ranked(tallies: Iterable[Tally]) -> list[Tally]:
    """Return the failing rules, the most telling first, then the others by their id."""
    listed = sorted(tallies, key=lambda tally: tally.rule.id)
    failing = [tally for tally in listed if tally.verdict is Verdict.FAIL]
    trying = [tally for tally in failing if not tally.judges_answers]
    asked = {place for tally in trying for place in _places(tally)}
    unwanted = {each.operation for tally in trying for each in tally.failures if _answered(each)}
    declared = {id_: number for number, id_ in enumerate(rules())}

    def kind(tally: Tally) -> int:
        places, refusals = _places(tally), tally.rule.id == STATUS and _all_refused(tally)
        if tally.rule.family == SHAPE and any(places) and not refusals:
            return EXPLAINED if places <= unwanted else 0
        if tally.judges_answers and places - asked:
            return 1
        return EXPLAINED if refusals or _is_wide(tally.rule) else 2

    plain = [tally for tally in failing if kind(tally) != EXPLAINED]
    met = Counter(place for tally in plain for place in _places(tally))

    def rank(tally: Tally) -> Rank:
        broken, by_answer = tally.counts[Verdict.FAIL], tally.judges_answers
        return (
            kind(tally),
            not by_answer and all(map(_hindered, tally.failures)),
            -sum(met[place] for place in _places(tally)),
            by_answer,
            -broken if by_answer else _part(tally),
            len(tally.rule.operations),
            broken - tally.judged,
            declared.get(tally.rule.id, len(declared)) if by_answer else 0,
            tally.rule.id,
        )

    rest = [tally for tally in listed if tally.verdict is not Verdict.FAIL]
    return sorted(failing, key=rank) + rest


def _is_wide(rule: Rule) -> bool:
    return rule.family in WIDE or rule.id.endswith(WIDE_ENDS)


def _part(tally: Tally) -> float:
    """Return the part of a rule's tries that failed, nothing where it is broken as a whole."""
    broken, about = tally.counts[Verdict.FAIL], set(tally.rule.operations)
    whole = broken == tally.judged >= SEVERAL and about and about <= _places(tally)
    return 0 if whole else broken / tally.judged


def _all_refused(tally: Tally) -> bool:
    """Tell whether every answer that broke the rule was a refusal."""
    return all(each.exchange and each.exchange.status >= REFUSED for each in tally.failures)


def _hindered(failure: Failure) -> bool:
    """Tell whether a refusal came where another status was due, or something changed beside it."""
    refused = failure.exchange is not None and failure.exchange.status >= REFUSED
    due = failure.expected
    return refused and (due == UNCHANGED or _STATUS_DUE.match(due) is not None)


def _answered(failure: Failure) -> bool:
    """Tell whether a success came where a refusal was due."""
    answered = failure.exchange is not None and failure.exchange.status < REFUSED
    return answered and _REFUSAL_DUE.match(failure.expected) is not None


def _places(tally: Tally) -> set[str]:
    """Return the operations whose answers broke the rule; empty where it was none of them."""
    return {failure.operation for failure in tally.failures}

from __future__ import annotations

from itertools import count

import pytest

from conformance.errors import Mismatch
from conformance.still import while_still


def broken() -> None:
    raise Mismatch("this", "that")


def test_what_holds_once_holds() -> None:
    tries = iter([broken, broken, lambda: None])

    def judge() -> None:
        next(tries)()

    while_still(lambda: 1, judge)


def test_what_never_holds_though_nothing_moves_is_a_failure() -> None:
    with pytest.raises(Mismatch):
        while_still(lambda: 1, broken)


def test_what_moves_all_the_time_cannot_be_judged() -> None:
    moving = count()
    with pytest.raises(pytest.skip.Exception, match="stands still"):
        while_still(lambda: next(moving), broken)

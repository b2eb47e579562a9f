from __future__ import annotations

from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.errors import Mismatch
from conformance.quiet import Quiet
from conformance.still import while_still

WORLD: Any = SimpleNamespace(api=SimpleNamespace(stillness=Quiet().still))


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.still.LONGEST_PAUSE", 0)


def broken() -> None:
    raise Mismatch("this", "that")


def test_what_holds_once_holds() -> None:
    tries = iter([broken, broken, lambda: None])

    def judge() -> None:
        next(tries)()

    while_still(WORLD, lambda: 1, judge)


def test_a_good_judgement_late_outweighs_bad_ones() -> None:
    tries = iter([*[broken] * 5, lambda: None])
    while_still(WORLD, lambda: 1, lambda: next(tries)())  # noqa: PLW0108 - a new one each time


def test_what_never_holds_though_nothing_moves_is_a_failure() -> None:
    with pytest.raises(Mismatch):
        while_still(WORLD, lambda: 1, broken)


def test_what_moves_all_the_time_cannot_be_judged() -> None:
    moving = count()
    with pytest.raises(pytest.skip.Exception, match="stands still"):
        while_still(WORLD, lambda: next(moving), broken)

"""Tries rules several at a time, and hands each result to pytest as if it had run the test.

A rule whose test asks for nothing but `world`, `suite` and its parameters is tried in a pool of
threads; pytest then goes through its usual protocol, in which the call repeats what came of it.
So reports, `-k`, `--lf` and `-x` work as ever. Rules that need stillness follow when no others
are under way, and whatever failed is tried again, alone, before it is told.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from conformance.attempt import Attempt, confirmed, given_to, rule_of, tried
from conformance.plugin import ALONE, LONG
from conformance.suite import Suite
from conformance.turns import Turns

SUITE = pytest.StashKey[Suite]()
ATTEMPT = pytest.StashKey[Attempt]()
GIVEN = {"world", "suite"}
HARMLESS = {"request", "base_url", "_verify_url"}
MARKED = ("skip", "skipif", "xfail", "usefixtures")
OURS = Path(__file__).parent / "rules" / "conftest.py"
# How many failed tests of one rule are tried again.
LOOKS = 3
# How long a thread may compute while others wait, in seconds.
TURN = 0.001


def attempt_at(item: pytest.Item) -> Attempt:
    """Return the try of an item: the one that was made, or a new one for pytest to make."""
    found = item.stash.get(ATTEMPT, None)
    if found is None:
        found = item.stash[ATTEMPT] = Attempt(item.config.stash[SUITE].scoped())
    return found


def may_run_beside_others(item: pytest.Item) -> bool:
    """Tell whether a test can be tried outside pytest's protocol: it needs nothing of it."""
    if rule_of(item) is None or not isinstance(item, pytest.Function):
        return False
    if any(item.get_closest_marker(name) for name in MARKED):
        return False
    parameters = set(item.callspec.params) if hasattr(item, "callspec") else set()
    if set(item.fixturenames) - GIVEN - HARMLESS - parameters:
        return False
    made_by = item._fixtureinfo.name2fixturedefs  # noqa: SLF001 - pytest tells it nowhere else
    return all(
        Path(made_by[name][-1].func.__code__.co_filename) == OURS for name in GIVEN & set(made_by)
    )


@contextmanager
def short_turns() -> Iterator[None]:
    """Let threads compute for a shorter time at once than they otherwise may.

    A thread whose answer is there has a place at the gate until it is its turn to read it, and
    those that generate requests take all the time they get.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, TURN))
    try:
        yield
    finally:
        sys.setswitchinterval(before)


class Together:
    """The hooks that try rules together."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.looked: Counter[str] = Counter()
        worker = getattr(config, "workerinput", None)
        self.turns = Turns(worker["testrunuid"]) if worker else None

    @property
    def suite(self) -> Suite:
        """Return the run."""
        return self.config.stash[SUITE]

    @property
    def in_flight(self) -> int:
        """Return how many rules are tried at a time."""
        return self.suite.options.manners.in_flight

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Try the rules of this process together; leave all others to whose they are."""
        if self.turns or SUITE not in self.config.stash or self.config.option.collectonly:
            return None
        if session.testsfailed and not self.config.option.continue_on_collection_errors:
            return None
        # Closed on the way out, so that an exception here stops those that are under way too.
        with short_turns(), closing(self._tried(session.items)) as items:
            for item, after in _in_pairs(items):
                self.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
                if session.shouldfail:
                    raise session.Failed(session.shouldfail)
                if session.shouldstop:
                    raise session.Interrupted(session.shouldstop)
        return True

    def _tried(self, items: list[pytest.Item]) -> Generator[pytest.Item, None, None]:
        """Yield the items, each when it may be told: after the pool, those that need quiet."""
        debugged = self.config.getoption("usepdb", default=False)
        apart = [] if debugged else [item for item in items if may_run_beside_others(item)]
        chosen = set(map(id, apart))
        doubtful: list[pytest.Item] = []
        for quiet in (False, True):
            stage = [item for item in apart if bool(item.get_closest_marker(ALONE)) is quiet]
            for item in self._pooled(stage):
                if item.stash[ATTEMPT].broken:
                    doubtful.append(item)
                else:
                    yield item
        yield from (item for item in items if id(item) not in chosen)
        for item in doubtful:
            self._confirm(item)
            yield item

    def _pooled(self, items: list[pytest.Item]) -> Iterator[pytest.Item]:
        """Try items, many at a time, and yield each when it is done; the longest begin first."""
        if not items:
            return
        generating = sum(_family(item) == "generated" for item in items)
        with ThreadPoolExecutor(self.in_flight + generating) as pool:
            futures: dict[Future[None], pytest.Item] = {
                pool.submit(self._try, item): item for item in sorted(items, key=_shortness)
            }
            try:
                for future in as_completed(futures):
                    future.result()
                    yield futures[future]
            except BaseException:
                self.suite.client.gate.stop()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _try(self, item: pytest.Item) -> None:
        assert isinstance(item, pytest.Function)
        attempt = item.stash[ATTEMPT] = tried(item, self.suite)
        # What is there pytest does not make again, to throw it away.
        item.funcargs.update(given_to(item, attempt.suite))

    def _confirm(self, item: pytest.Item) -> None:
        """Try a failed test again, while that may teach something."""
        attempt = item.stash[ATTEMPT]
        known = all(self.looked[rule] >= LOOKS for rule in attempt.broken)
        if known or _family(item) == "generated" or not isinstance(item, pytest.Function):
            return
        self.looked.update(attempt.broken)
        item.stash[ATTEMPT] = confirmed(item, attempt, self.suite)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """In a process beside others, wait for the turn of what must be alone."""
        if self.turns is None or SUITE not in self.config.stash or rule_of(item) is None:
            return (yield)
        with self.turns.taken(alone=item.get_closest_marker(ALONE) is not None):
            if may_run_beside_others(item):
                self._try(item)
                self._confirm(item)
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Repeat what came of a test that was tried already."""
        attempt = pyfuncitem.stash.get(ATTEMPT, None)
        if attempt is None or not attempt.tried:
            return None
        if attempt.error is not None:
            raise attempt.error
        return True


def _family(item: pytest.Item) -> str:
    found = rule_of(item)
    return found.family if found else ""


def _shortness(item: pytest.Item) -> int:
    """Return a number that is the smaller, the longer a test is known to last."""
    if _family(item) == "generated":
        return 0
    return 1 if item.get_closest_marker(LONG) else 2


def _in_pairs(items: Iterator[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    """Yield each item with the one after it."""
    before = next(items, None)
    while before is not None:
        after = next(items, None)
        yield before, after
        before = after

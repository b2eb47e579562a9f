from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from conformance.errors import Busy, Stopped
from conformance.manners import Gate, Manners, asked_wait, rate_of

NOW = datetime(2026, 3, 12, 18, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "rate"), [("10/s", 10), ("90/m", 1.5), ("7200/h", 2), ("5", 5), ("0.5/s", 0.5)]
)
def test_a_rate_is_requests_a_second(text: str, rate: float) -> None:
    assert rate_of(text) == rate


@pytest.mark.parametrize("text", ["", "fast", "0/s", "-1/s", "10/d", "10 / s"])
def test_what_is_no_rate_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is no rate, it must be like"):
        rate_of(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        (None, 1),
        ("soon", 1),
        ("Thu, 12 Mar 2026 18:00:30 GMT", 30),
        ("Thu, 12 Mar 2026 17:00:00 GMT", 0),
    ],
)
def test_a_target_asks_for_seconds_or_for_a_date(text: str | None, seconds: float) -> None:
    assert asked_wait(text, NOW) == seconds


def test_no_more_requests_are_under_way_than_may_be() -> None:
    gate, inside, most = Gate(Manners(in_flight=3)), [0], [0]
    lock = threading.Lock()

    def request(_: int) -> None:
        with gate.passing():
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            time.sleep(0.005)
            with lock:
                inside[0] -= 1

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(request, range(30)))
    assert most[0] == 3


def test_who_needs_several_places_gets_them_at_one_moment_even_more_than_there_are() -> None:
    gate = Gate(Manners(in_flight=2))
    with gate.passing(8):
        others = threading.Thread(target=lambda: gate.passing().__enter__(), daemon=True)
        others.start()
        others.join(0.05)
        assert others.is_alive()
    others.join(10)
    assert not others.is_alive()


def test_a_pace_is_kept_by_all_threads_together() -> None:
    gate = Gate(Manners(rate=100))
    begun = time.monotonic()
    for _ in range(11):
        with gate.passing():
            pass
    assert time.monotonic() - begun >= 0.1


def test_a_busy_target_is_waited_for_within_reason() -> None:
    gate = Gate(Manners(patience=1))
    assert gate.after_busy(0, 0, {"retry-after": "0"}) == pytest.approx(0.05)
    with pytest.raises(Busy, match="asks for 3600 s more after 0 s, and a request waits 1 s"):
        gate.after_busy(0, 0, {"retry-after": "3600"})


def test_a_stop_wakes_all_who_wait_and_lets_nobody_through_until_the_clean_up() -> None:
    gate = Gate(Manners(in_flight=1))
    heard: list[str] = []

    def wait() -> None:
        try:
            gate.wait(60)
        except Stopped:
            heard.append("stopped")

    waiting = threading.Thread(target=wait)
    waiting.start()
    gate.stop()
    waiting.join(10)
    assert heard == ["stopped"]
    with pytest.raises(Stopped), gate.passing():
        pass
    gate.reopen()
    with gate.passing():
        pass

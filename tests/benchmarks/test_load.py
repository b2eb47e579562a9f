from __future__ import annotations

import pytest

from benchmarks.load import parse

SAID = """Running 1s test @ http://127.0.0.1:1/
  1 threads and 32 connections
  Latency Distribution
     50%    1.10ms
     99%  {tail}
  20000 requests in 1.00s, 2.94MB read
{more}Requests/sec:  19876.50
Transfer/sec:      2.94MB
"""


def said(tail: str = "4.20ms", more: str = "") -> str:
    return SAID.format(tail=tail, more=more)


def test_figures_are_read_from_what_wrk_prints():
    found = parse(said(), cpu_seconds=0.5)
    assert (found.speed, found.p99_ms, found.total, found.failed) == (19876.5, 4.2, 20_000, 0)
    assert found.cpu_us == 25.0


@pytest.mark.parametrize(("tail", "ms"), [("310.00us", 0.31), ("1.20s", 1200.0), ("2.00m", 120e3)])
def test_times_may_have_any_unit(tail, ms):
    assert parse(said(tail), cpu_seconds=0).p99_ms == pytest.approx(ms)


def test_refusals_and_lost_answers_are_failures():
    more = (
        "  Socket errors: connect 1, read 2, write 0, timeout 3\n  Non-2xx or 3xx responses: 40\n"
    )
    assert parse(said(more=more), cpu_seconds=0).failed == 46


def test_words_that_are_no_figures_are_refused_with_what_was_said():
    with pytest.raises(RuntimeError, match="unable to connect"):
        parse("unable to connect", cpu_seconds=0)

from __future__ import annotations

from benchmarks.control_plane import READINGS, Way, _some, of_checkout
from benchmarks.requests import GET_SESSION, START_SESSION
from benchmarks.servers import Running, greenroom

RUN = Running("http://127.0.0.1:4010/v1/webinar", pid=1, ready_seconds=0.0)


def test_a_way_to_ask_is_a_header_or_a_path():
    plain = Way("plain", greenroom())
    assert plain.url(RUN, GET_SESSION, "1").endswith(":4010/v1/webinar/sessions/1")
    assert plain.script(START_SESSION) == 'wrk.method = "POST"'
    by_path = Way("by path", greenroom(), prefix=True)
    assert by_path.url(RUN, GET_SESSION, "1").endswith(
        "/_mock/worlds/measured/v1/webinar/sessions/1"
    )
    assert 'wrk.headers["X-Mock-World"] = "measured"' in Way("", greenroom(), header=True).script(
        GET_SESSION
    )


def test_another_checkout_stands_before_what_is_installed(tmp_path):
    command = of_checkout(tmp_path).command(4010)
    assert command[:2] == ["env", f"PYTHONPATH={tmp_path}"]
    assert "-P" in command


def test_some_readings_of_many_are_told_the_last_one_always():
    readings = [(count, float(count)) for count in range(95)]
    told = list(_some(readings))
    assert told[-1] == readings[-1]
    assert len(told) <= READINGS + 1
    assert list(_some(readings[:3])) == readings[:3]

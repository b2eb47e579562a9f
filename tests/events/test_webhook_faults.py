"""What the control plane lets go wrong with webhooks on their way."""

from __future__ import annotations

import asyncio

import pytest

from mock_server.events import lane

OPENED = ["room_started", "ingress_started", "egress_started"]


def fault(served, **body):
    served.mock.data("POST", "/_mock/deliveries/faults", json=body)


def test_lost_attempts_are_not_sent_and_not_the_last_word(serve, receiver):
    served = serve(receiver.url)
    fault(served, event="ingress_started", fail=2, count=1)
    served.live()
    served.until(lambda: len(receiver.got) == 3)
    assert receiver.names == OPENED
    served.until(lambda: len(served.log()) == 3)
    attempts = served.log()[1]["attempts"]
    assert ["error" in each for each in attempts] == [True, True, False]
    assert "delivery fault" in attempts[0]["error"]
    shown = served.mock.data("GET", "/_mock/deliveries/faults")["faults"]
    assert shown == [{"id": 1, "event": "ingress_started", "fail": 2, "count": 1, "used": 1}]


def test_more_lost_attempts_than_there_are_lose_it(serve, receiver):
    served = serve(receiver.url)
    fault(served, event="room_started", fail=9)
    served.live()
    served.until(lambda: len(receiver.got) == 2)
    assert receiver.names == OPENED[1:]
    assert served.log()[0]["state"] == "failed"


def test_a_duplicate_is_the_same_twice(serve, receiver):
    served = serve(receiver.url)
    fault(served, event="room_started", duplicate=True)
    served.live()
    served.until(lambda: len(receiver.got) == 4)
    assert receiver.names == ["room_started", *OPENED]
    assert receiver.got[0].body == receiver.got[1].body
    served.until(lambda: len(served.log()[0]["attempts"]) == 2)


def test_in_the_wrong_order_the_next_one_comes_first(serve, receiver, address):
    served = serve(receiver.url, store=address)
    fault(served, event="room_started", reorder=True)
    served.live()
    served.until(lambda: len(receiver.got) == 3)
    assert receiver.names == ["ingress_started", "room_started", "egress_started"]


def test_what_nothing_follows_comes_all_the_same(serve, receiver):
    served = serve(receiver.url)
    fault(served, reorder=True)
    session = served.mock.session()
    served.mock.data("POST", f"/sessions/{session}/start", by="host")
    served.until(lambda: len(receiver.got) == 1)


def test_a_delay_is_waited_for(serve, receiver, monkeypatch):
    slept = []
    real = asyncio.sleep

    async def sleep(seconds, *rest: object):
        slept.append(seconds)
        await real(min(seconds, 0.01), *rest)

    monkeypatch.setattr(lane.asyncio, "sleep", sleep)
    served = serve(receiver.url)
    fault(served, event="egress_started", delay_ms=90_000)
    served.live()
    served.until(lambda: len(receiver.got) == 3)
    assert slept.count(90.0) == 1


def test_faults_are_taken_away_together(serve):
    served = serve("http://127.0.0.1:9/")
    fault(served, duplicate=True)
    fault(served, fail=1)
    assert served.mock.data("DELETE", "/_mock/deliveries/faults") == {"faults": []}


@pytest.mark.parametrize(
    "body", [{}, {"event": "go_live"}, {"fail": 0}, {"delay_ms": -1}, {"url": "http://evil.test"}]
)
def test_what_is_no_delivery_fault_is_refused(serve, body):
    served = serve("http://127.0.0.1:9/")
    answer = served.mock.send("POST", "/_mock/deliveries/faults", json=body)
    assert answer.status_code == 422


def test_there_are_never_too_many_faults(serve, monkeypatch):
    monkeypatch.setattr("mock_server.control.deliveries.MOST_FAULTS", 2)
    served = serve("http://127.0.0.1:9/")
    for _ in range(2):
        fault(served, fail=1)
    answer = served.mock.send("POST", "/_mock/deliveries/faults", json={"fail": 1})
    assert answer.status_code == 409

"""The database goes and comes back: a 503 that says so meanwhile, and no restart afterwards."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from cluster import start_at_once, stop
from database import Database
from serving import command

WRITERS = 8


@pytest.fixture
def own():
    """A server of this test's, since the others would miss it."""
    pytest.importorskip("psycopg")
    own = Database.begin()
    yield own
    own.end()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restart_under_load_is_a_503_and_then_over(own, mode):
    replicas = start_at_once(2, "--store", own.empty(), "--scenario", "empty")
    answers: list[httpx.Response] = []
    waits: list[float] = []
    states = {status: threading.Event() for status in (201, 503)}
    done = threading.Event()

    def write(url: str) -> None:
        with httpx.Client(base_url=url, headers={"X-API-Key": "greenroom-host-key"}) as client:
            while not done.is_set():
                begun = time.monotonic()
                answer = client.post("/rooms", json={"title": "Kept"}, timeout=10)
                waits.append(time.monotonic() - begun)
                answers.append(answer)
                states.get(answer.status_code, done).set()

    try:
        with ThreadPoolExecutor(WRITERS) as pool:
            writing = [pool.submit(write, replicas[n % 2].url) for n in range(WRITERS)]
            assert states[201].wait(10)
            own.stop(mode)
            assert states[503].wait(10)
            states[201].clear()
            own.start()
            assert states[201].wait(10)
            done.set()
            for each in writing:
                each.result(timeout=10)
        assert {answer.status_code for answer in answers} == {201, 503}
        for answer in answers:
            if answer.status_code == 503:
                assert answer.headers["retry-after"] == "1"
                assert answer.json()["success"] is False
                assert "can't be used now" in answer.json()["error"]
        assert max(waits) < 6
        kept = {each.json()["data"]["room"]["id"] for each in answers if each.is_success}
        for replica in replicas:
            with replica.client() as client:
                # The first answer of each is no longer a refusal: nothing stale is lent.
                assert client.get("/rooms").json()["data"]["total"] >= len(kept)
                for room in sorted(kept)[:50]:
                    assert client.get(f"/rooms/{room}").is_success
    finally:
        stop(replicas)


def test_a_database_that_is_away_at_the_start_is_one_sentence(own):
    address = own.empty()
    own.stop()
    begun = time.monotonic()
    process = command("serve", "--port", "0", "--store", address)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, "")
    assert len(err.strip().splitlines()) == 1
    assert "start it or correct `--store`" in err
    assert time.monotonic() - begun < 5
    own.start()

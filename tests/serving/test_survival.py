from __future__ import annotations

import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
from serving import serve

WRITERS = 4
ENOUGH = 200


def test_every_answered_write_is_there_after_kill_9(tmp_path):
    store = f"sqlite:///{tmp_path / 'world.db'}"
    answered: list[str] = []
    enough = threading.Event()

    def write(url: str, number: int) -> None:
        with httpx.Client(base_url=url, headers={"X-API-Key": "greenroom-host-key"}) as client:
            while True:
                try:
                    answer = client.post("/rooms", json={"title": f"Writer {number}"})
                except httpx.TransportError:
                    return
                answered.append(answer.json()["data"]["room"]["id"])
                if len(answered) >= ENOUGH:
                    enough.set()

    with (
        serve("--store", store, "--scenario", "empty") as served,
        ThreadPoolExecutor(WRITERS) as pool,
    ):
        writing = [pool.submit(write, served.url, number) for number in range(WRITERS)]
        assert enough.wait(60)
        served.process.send_signal(signal.SIGKILL)
        for each in writing:
            each.result(timeout=30)
    with serve("--store", store) as served, served.client() as client:
        there = set()
        total = client.get("/rooms").json()["data"]["total"]
        for page in range(1, total // 100 + 2):
            rooms = client.get(f"/rooms?limit=100&page={page}").json()["data"]["rooms"]
            there |= {room["id"] for room in rooms}
        assert len(there) == total
        assert set(answered) <= there
        again = client.post("/rooms", json={"title": "After"}).json()["data"]["room"]["id"]
        assert again not in there

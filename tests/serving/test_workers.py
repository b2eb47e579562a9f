from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest
from serving import serve

AT_ONCE = 8


@pytest.fixture
def store(tmp_path):
    return f"sqlite:///{tmp_path / 'world.db'}"


def test_workers_share_one_world(store):
    with serve("--workers", "3", "--store", store, "--scenario", "empty") as served:
        assert len(psutil.Process(served.process.pid).children()) == 3
        with served.client() as client, ThreadPoolExecutor(AT_ONCE) as pool:
            preset = client.get("/presets").json()["data"]["presets"][0]["id"]
            body = {"title": "Rush", "preset_id": preset}
            for _ in range(10):
                room = client.post("/rooms", json={"title": "Rush"}).json()["data"]["room"]["id"]
                made = [client.post(f"/rooms/{room}/sessions", json=body) for _ in range(AT_ONCE)]
                paths = [f"/sessions/{each.json()['data']['session']['id']}" for each in made]
                started = pool.map(lambda path: client.post(f"{path}/start"), paths)
                statuses = sorted(answer.status_code for answer in started)
                assert statuses == [200] + [409] * (AT_ONCE - 1)


def test_a_worker_that_dies_is_replaced_and_the_others_go_on(store):
    with serve("--workers", "2", "--store", store, "--scenario", "empty") as served:
        parent = psutil.Process(served.process.pid)
        first = parent.children()[0]
        first.kill()
        # The parent says so once it has noticed; requests are answered all the while.
        assert httpx.get(f"{served.url}/rooms").status_code == 200
        said = served.process.stderr.readline()
        assert said == f"worker {first.pid} ended with -9, another takes its place\n"
        while len(parent.children()) < 2:
            assert httpx.get(f"{served.url}/rooms").status_code == 200
        assert served.stop()[0] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_parent_stops_all_of_them(store, number):
    with serve("--workers", "2", "--store", store) as served:
        workers = psutil.Process(served.process.pid).children()
        assert served.stop(number) == (0, "", "")
        assert not any(each.is_running() for each in workers)


def test_workers_do_not_outlive_their_parent(store):
    with serve("--workers", "2", "--store", store) as served:
        workers = psutil.Process(served.process.pid).children()
        served.process.kill()
        gone, alive = psutil.wait_procs(workers, timeout=20)
        assert (len(gone), alive) == (2, [])


def test_a_world_in_memory_has_one_worker(refused):
    said = refused("serve", "--port", "0", "--workers", "2")
    assert "must be a store they share: `sqlite:///file` or `postgresql://…`" in said


def test_no_workers_are_too_few(refused):
    assert refused("serve", "--workers", "0") == "`--workers` is 0, must be 1 or more"

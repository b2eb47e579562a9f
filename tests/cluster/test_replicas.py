"""Four replicas behind a proxy are one server, whatever happens to one of them."""

from __future__ import annotations

import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from cluster import REPLICAS, check, cluster, start_at_once, stop

sys.path.insert(0, str(Path(__file__).parents[1]))

from whip import OFFER, SDP

ROUNDS = 50
AT_ONCE = 8


@pytest.fixture(scope="module")
def whole(database, tmp_path_factory):
    with cluster(database, tmp_path_factory.mktemp("proxy"), "--scenario", "empty") as whole:
        yield whole


def test_eight_go_live_at_once_make_one_move_on_four_replicas(whole):
    with whole.client() as client, ThreadPoolExecutor(AT_ONCE) as pool:
        preset = client.get("/presets").json()["data"]["presets"][0]["id"]
        body = {"title": "Rush", "preset_id": preset}
        for _ in range(ROUNDS):
            room = client.post("/rooms", json={"title": "Rush"}).json()["data"]["room"]["id"]
            made = client.post(f"/rooms/{room}/sessions", json=body).json()["data"]
            path = f"/sessions/{made['session']['id']}/go_live"
            answers = list(pool.map(lambda _, path=path: client.post(path), range(AT_ONCE)))
            assert [answer.status_code for answer in answers] == [200] * AT_ONCE
            opened = [answer.json()["data"]["session"] for answer in answers]
            # One move: everybody is told the same beginning, and nothing moved after it.
            assert len({each["started_at"] for each in opened}) == 1
            assert len({each["updated_at"] for each in opened}) == 1


def test_two_sessions_of_a_room_that_start_at_once_do_not_both_succeed(whole):
    with whole.client() as client, ThreadPoolExecutor(AT_ONCE) as pool:
        preset = client.get("/presets").json()["data"]["presets"][0]["id"]
        body = {"title": "Rush", "preset_id": preset}
        for _ in range(5):
            room = client.post("/rooms", json={"title": "Rush"}).json()["data"]["room"]["id"]
            made = [client.post(f"/rooms/{room}/sessions", json=body) for _ in range(AT_ONCE)]
            paths = [f"/sessions/{each.json()['data']['session']['id']}/start" for each in made]
            statuses = sorted(answer.status_code for answer in pool.map(client.post, paths))
            assert statuses == [200] + [409] * (AT_ONCE - 1)


def test_no_more_join_than_there_are_places(whole):
    viewers = []
    with whole.client() as client, ThreadPoolExecutor(AT_ONCE) as pool:
        for number in range(AT_ONCE):
            guest = client.post("/auth/viewer/register", json={"display_name": f"Guest {number}"})
            viewers.append({"Authorization": f"Bearer {guest.json()['data']['access_token']}"})
        preset = client.get("/presets").json()["data"]["presets"][0]["id"]
        room = client.post("/rooms", json={"title": "Few"}).json()["data"]["room"]["id"]
        body = {"title": "Few", "preset_id": preset}
        made = client.post(f"/rooms/{room}/sessions", json=body).json()["data"]["session"]
        path = f"/sessions/{made['id']}"
        assert client.patch(f"{path}/settings", json={"max_join_limit": 3}).is_success
        assert client.post(f"{path}/go_live").is_success

        def join(headers):
            return httpx.post(f"{whole.url}{path}/join", headers=headers, timeout=30).status_code

        assert sorted(pool.map(join, viewers)) == [200] * 3 + [409] * (AT_ONCE - 3)


def test_a_refresh_token_and_a_code_are_spent_once(whole):
    with whole.client() as client, ThreadPoolExecutor(AT_ONCE) as pool:
        guest = client.post("/auth/viewer/register", json={"display_name": "Guest"}).json()["data"]
        token = {"refresh_token": guest["refresh_token"]}
        answers = pool.map(lambda _: client.post("/auth/refresh", json=token), range(AT_ONCE))
        assert sorted(each.status_code for each in answers) == [200] + [401] * (AT_ONCE - 1)
        preset = client.get("/presets").json()["data"]["presets"][0]["id"]
        room = client.post("/rooms", json={"title": "Code"}).json()["data"]["room"]["id"]
        body = {"title": "Code", "preset_id": preset}
        made = client.post(f"/rooms/{room}/sessions", json=body).json()["data"]["session"]
        code = client.post("/auth/code", json={"session_id": made["id"]}).json()["data"]["code"]
        answers = pool.map(
            lambda _: client.post("/auth/code/exchange", json={"code": code}), range(AT_ONCE)
        )
        assert sorted(each.status_code for each in answers) == [200] + [401] * (AT_ONCE - 1)


def test_a_room_is_not_removed_under_a_session_that_starts(whole):
    with whole.client() as client, ThreadPoolExecutor(2) as pool:
        preset = client.get("/presets").json()["data"]["presets"][0]["id"]
        body = {"title": "Race", "preset_id": preset}
        for _ in range(10):
            room = client.post("/rooms", json={"title": "Race"}).json()["data"]["room"]["id"]
            made = client.post(f"/rooms/{room}/sessions", json=body).json()["data"]["session"]
            removing = pool.submit(client.delete, f"/rooms/{room}")
            starting = pool.submit(client.post, f"/sessions/{made['id']}/start")
            outcome = (removing.result().status_code, starting.result().status_code)
            assert outcome in ((200, 404), (409, 200))


def test_a_preset_is_not_removed_under_a_session_that_is_made(whole):
    with whole.client() as client, ThreadPoolExecutor(2) as pool:
        room = client.post("/rooms", json={"title": "Race"}).json()["data"]["room"]["id"]
        wanted = {"name": "Race", "type": "whip", "primary_color": "#123abc"}
        for _ in range(10):
            preset = client.post("/presets", json=wanted).json()["data"]["id"]
            body = {"title": "Race", "preset_id": preset}
            removing = pool.submit(client.delete, f"/presets/{preset}")
            making = pool.submit(client.post, f"/rooms/{room}/sessions", json=body)
            outcome = (removing.result().status_code, making.result().status_code)
            assert outcome in ((200, 422), (409, 201))


def test_counts_are_right_after_many_writers(whole):
    with whole.client() as client, ThreadPoolExecutor(AT_ONCE) as pool:
        before = client.get("/rooms").json()["data"]["total"]
        made = pool.map(lambda _: client.post("/rooms", json={"title": "Many"}), range(80))
        assert {each.status_code for each in made} == {201}
        assert client.get("/rooms").json()["data"]["total"] == before + 80


def test_five_replicas_that_start_at_once_plant_one_world(database):
    alone, together = database.empty(), database.empty()
    count = "SELECT count(*), count(DISTINCT id) FROM greenroom.entities"
    stop(start_at_once(1, "--store", alone))
    stop(start_at_once(5, "--store", together))
    planted = database.sql(count, name=alone.rpartition("/")[2])
    assert planted[0][0] > 50
    assert database.sql(count, name=together.rpartition("/")[2]) == planted


def test_a_publisher_can_be_let_go_by_whichever_replica_is_asked(whole):
    with whole.client() as client:
        room = client.post("/rooms", json={"title": "On air"}).json()["data"]["room"]["id"]
        preset = client.get("/presets").json()["data"]["presets"][0]["id"]
        made = client.post(
            f"/rooms/{room}/sessions", json={"title": "On air", "preset_id": preset}
        ).json()["data"]["session"]["id"]
        url = client.post(f"/sessions/{made}/go_live").json()["data"]["whip_url"]
        said = []
        for _ in range(8):
            posted = client.post(url, content=OFFER, headers=SDP)
            where = urljoin(url, posted.headers["location"])
            said += [posted.status_code, *(client.delete(where).status_code for _ in range(2))]
        assert said == [201, 200, 404] * 8


def test_the_conformance_suite_passes_on_the_cluster(whole):
    done = check(whole.url, "--profile", "quick")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_replica_killed_in_the_middle_loses_no_answered_write(database, tmp_path):
    answered: list[str] = []
    broken: list[int] = []
    some, enough = threading.Event(), threading.Event()

    def write(url: str) -> None:
        with httpx.Client(base_url=url, headers={"X-API-Key": "greenroom-host-key"}) as client:
            while not enough.is_set():
                try:
                    answer = client.post("/rooms", json={"title": "Kept"})
                except httpx.TransportError:
                    broken.append(0)
                    continue
                if answer.status_code == 201:
                    answered.append(answer.json()["data"]["room"]["id"])
                else:
                    broken.append(answer.status_code)
                if len(answered) >= 200:
                    some.set()
                if len(answered) >= 800:
                    enough.set()

    with cluster(database, tmp_path, "--scenario", "empty") as whole, whole.client() as client:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            writing = [pool.submit(write, whole.url) for _ in range(AT_ONCE)]
            assert some.wait(30)
            whole.replicas[0].process.send_signal(signal.SIGKILL)
            assert enough.wait(30)
            for each in writing:
                each.result(timeout=30)
        there = set()
        total = client.get("/rooms").json()["data"]["total"]
        for page in range(1, total // 100 + 2):
            rooms = client.get(f"/rooms?limit=100&page={page}").json()["data"]["rooms"]
            there |= {room["id"] for room in rooms}
    assert len(there) == total
    assert set(answered) <= there
    # What was under way in the killed one is all that broke.
    assert len(broken) <= 2 * AT_ONCE
    assert set(broken) <= {0, 502, 503}
    assert len(whole.replicas) == REPLICAS

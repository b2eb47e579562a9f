from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from serving import serve

ROUNDS = 50
AT_ONCE = 8


@pytest.mark.parametrize("kept", [False, True], ids=["memory", "sqlite"])
def test_eight_go_live_at_once_make_one_move_and_give_one_ingress(kept, tmp_path):
    store = f"sqlite:///{tmp_path / 'world.db'}" if kept else "memory"
    with (
        serve("--scenario", "empty", "--store", store) as served,
        served.client() as client,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        preset = client.get("/presets").json()["data"]["presets"][0]["id"]
        for _ in range(ROUNDS):
            room = client.post("/rooms", json={"title": "Rush"}).json()["data"]["room"]["id"]
            body = {"title": "Rush", "preset_id": preset}
            made = client.post(f"/rooms/{room}/sessions", json=body).json()["data"]
            path = f"/sessions/{made['session']['id']}/go_live"
            answers = list(pool.map(lambda _, path=path: client.post(path), range(AT_ONCE)))
            assert [answer.status_code for answer in answers] == [200] * AT_ONCE
            opened = [answer.json()["data"] for answer in answers]
            assert {each["rtmp"]["ingress_id"] for each in opened} == {
                opened[0]["rtmp"]["ingress_id"]
            }
            assert {each["rtmp"]["stream_key"] for each in opened} == {made["stream_key"]}
            # One move: everybody is told the same beginning, and nothing moved after it.
            assert len({each["session"]["started_at"] for each in opened}) == 1
            assert len({each["session"]["updated_at"] for each in opened}) == 1


def test_two_sessions_of_a_room_that_start_at_once_do_not_both_succeed():
    with (
        serve("--scenario", "empty") as served,
        served.client() as client,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        preset = client.get("/presets").json()["data"]["presets"][0]["id"]
        room = client.post("/rooms", json={"title": "Rush"}).json()["data"]["room"]["id"]
        body = {"title": "Rush", "preset_id": preset}
        made = [client.post(f"/rooms/{room}/sessions", json=body) for _ in range(AT_ONCE)]
        paths = [f"/sessions/{each.json()['data']['session']['id']}/start" for each in made]
        statuses = sorted(answer.status_code for answer in pool.map(client.post, paths))
        assert statuses == [200] + [409] * (AT_ONCE - 1)
        assert client.get("/sessions/live").json()["data"]["total"] == 1

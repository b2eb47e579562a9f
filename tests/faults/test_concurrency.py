from __future__ import annotations

import pytest

fault = pytest.mark.fault


@fault("two-go-live-two-ingresses")
def test_two_calls_to_go_live_make_one_ingress(judge):
    def ingresses(mock):
        path = f"/sessions/{mock.session()}/go_live"
        answers = mock.together(*[(path, "host", None)] * 4)
        alone = [mock.send("POST", path, by="host") for _ in range(2)]
        told = [[each.json()["data"]["rtmp"]["ingress_id"] for each in a] for a in (answers, alone)]
        return [len(set(each)) for each in told]

    judge(ingresses, right=[1, 1], wrong=[4, 1])


@fault("two-starts-in-a-room-win")
def test_of_two_starts_in_a_room_one_wins(judge):
    def seen(mock):
        room = mock.room()
        paths = [f"/sessions/{mock.session(room=room)}/start" for _ in range(3)]
        both = mock.together(*[(path, "host", None) for path in paths[:2]])
        alone = mock.status("POST", paths[2], by="host")
        live = mock.data("GET", "/sessions/live")["total"]
        return sorted(each.status_code for each in both), alone, live

    judge(seen, right=([200, 409], 409, 1), wrong=([200, 200], 409, 2))


@fault("two-exchanges-of-a-code-win")
def test_of_two_exchanges_of_a_code_one_wins(judge):
    def seen(mock):
        codes = [
            mock.data("POST", "/auth/code", by="viewer", json={"session_id": mock.session()})[
                "code"
            ]
            for _ in range(2)
        ]
        path = "/auth/code/exchange"
        both = mock.together(*[(path, "viewer", {"code": codes[0]})] * 2)
        alone = [mock.status("POST", path, json={"code": codes[1]}) for _ in range(2)]
        return sorted(each.status_code for each in both), alone

    judge(seen, right=([200, 401], [200, 401]), wrong=([200, 200], [200, 401]))


@fault("two-refreshes-win")
def test_of_two_refreshes_one_wins(judge):
    def seen(mock):
        tokens = [mock.login()["refresh_token"] for _ in range(2)]
        path = "/auth/refresh"
        both = mock.together(*[(path, "viewer", {"refresh_token": tokens[0]})] * 2)
        alone = [mock.status("POST", path, json={"refresh_token": tokens[1]}) for _ in range(2)]
        return sorted(each.status_code for each in both), alone

    judge(seen, right=([200, 401], [200, 401]), wrong=([200, 200], [200, 401]))


@fault("two-joins-share-the-last-place")
def test_of_two_joins_one_gets_the_last_place(judge):
    def seen(mock):
        session = mock.session()
        body = {"max_join_limit": 1}
        mock.data("PATCH", f"/sessions/{session}/settings", by="host", json=body)
        mock.move(session, "start")
        path = f"/sessions/{session}/join"
        both = mock.together((path, "viewer", None), (path, "other-host", None))
        return sorted(each.status_code for each in both)

    judge(seen, right=[200, 409], wrong=[200, 200])

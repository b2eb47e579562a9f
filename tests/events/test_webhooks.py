"""Webhooks in LiveKit's shape: signed, in order, tried again, remembered; asked of every store."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from datetime import timedelta

import jwt
import pytest
from livekit.api import TokenVerifier, WebhookReceiver
from receiver import Receiver

from mock_server.events.ledger import REMEMBERED

OPENED = ["room_started", "ingress_started", "egress_started"]
# What `serve` signs with.
SECRET = "a secret of thirty-two bytes and more"
CLOSED = ["egress_ended", "ingress_ended", "room_finished"]


def livekits():
    # The clock of these tests is not the machine's.
    return WebhookReceiver(TokenVerifier("devkey", SECRET, leeway=timedelta(days=36_500)))


def claims_of(got):
    times = {"verify_exp": False, "verify_nbf": False}
    return jwt.decode(got.headers["Authorization"], SECRET, algorithms=["HS256"], options=times)


def test_livekits_own_receiver_takes_every_webhook(serve, receiver, address):
    served = serve(f"{receiver.url}/livekit", store=address)
    session = served.live(mode="rtmp")
    served.mock.data("POST", f"/sessions/{session}/join", by="viewer")
    served.mock.data("POST", f"/sessions/{session}/end", by="host")
    wanted = [*OPENED, "participant_joined", *CLOSED]
    served.until(lambda: len(receiver.got) == len(wanted))
    assert receiver.names == wanted
    theirs = livekits()
    taken = [theirs.receive(each.body, each.headers["Authorization"]) for each in receiver.got]
    room = taken[0].room
    assert (room.name, room.sid[:3], len(room.sid)) == (session, "RM_", 15)
    assert room.creation_time == int(served.mock.clock.now.timestamp())
    ingress = taken[1].ingress_info
    assert ingress.ingress_id.startswith("IN_")
    assert (ingress.input_type, ingress.state.status) == (0, 2)
    assert ingress.stream_key == ""
    assert taken[2].egress_info.status == 1
    assert taken[2].egress_info.room_id == room.sid
    participant = taken[3].participant
    assert participant.identity == served.mock.data("GET", "/auth/me", by="viewer")["id"]
    assert (participant.state, participant.permission.can_publish) == (2, False)
    assert taken[4].egress_info.status == 3
    assert taken[5].ingress_info.state.status == 4
    assert taken[6].room.num_participants == 0
    assert len({each.id for each in taken}) == len(taken)
    assert all(each.created_at == room.creation_time for each in taken)


def encoder(served, session, action, **options):
    path = f"/_mock/sessions/{session}/encoder"
    served.mock.data("POST", path, json={"action": action, **options})


def test_an_ingress_ends_with_its_encoder_and_starts_again_with_it(serve, receiver, address):
    served = serve(f"{receiver.url}/livekit", store=address)
    session = served.live()
    clock = served.mock.clock
    for action in ("bitrate_collapse", "drop", "wrong_key", "connect"):
        clock.advance(seconds=20)
        encoder(served, session, action)
    clock.advance(seconds=1)
    encoder(served, session, "silent_audio")
    encoder(served, session, "drop")
    served.mock.data("POST", f"/sessions/{session}/end", by="host")
    wanted = [*OPENED, "ingress_ended", "ingress_started", "ingress_ended", CLOSED[0], CLOSED[2]]
    served.until(lambda: len(receiver.got) == len(wanted))
    assert receiver.names == wanted
    theirs = livekits()
    ended, started = (
        theirs.receive(each.body, each.headers["Authorization"]).ingress_info.state
        for each in receiver.got[3:5]
    )
    begun = int(clock.now.timestamp()) - 81
    assert (ended.status, started.status) == (0, 1), "inactive, then buffering"
    assert ended.started_at == begun * 10**9
    assert ended.ended_at == (begun + 40) * 10**9
    assert started.started_at == (begun + 80) * 10**9
    assert started.ended_at == 0


def test_what_time_does_to_an_encoder_is_told_though_nobody_looks(serve, receiver, address):
    served = serve(f"{receiver.url}/livekit", store=address)
    session = served.live()
    clock = served.mock.clock
    begun = int(clock.now.timestamp())
    encoder(served, session, "flap", every=20, times=1, after=60)
    encoder(served, session, "silent_audio", after=90)
    served.until(lambda: len(receiver.got) == len(OPENED))
    clock.advance(hours=1)
    served.until(lambda: len(receiver.got) == len(OPENED) + 2)
    assert receiver.names == [*OPENED, "ingress_ended", "ingress_started"]
    theirs = livekits()
    by_word, ended, started = (
        theirs.receive(receiver.got[number].body, receiver.got[number].headers["Authorization"])
        for number in (1, 3, 4)
    )
    assert (ended.ingress_info.state.status, started.ingress_info.state.status) == (0, 1)
    assert ended.created_at == begun + 60
    assert ended.ingress_info.state.started_at == begun * 10**9
    assert ended.ingress_info.state.ended_at == (begun + 60) * 10**9
    assert started.ingress_info.state.started_at == (begun + 70) * 10**9
    assert started.ingress_info.ingress_id == by_word.ingress_info.ingress_id
    served.mock.data("POST", f"/sessions/{session}/end", by="host")
    served.until(lambda: len(receiver.got) == len(OPENED) + 2 + len(CLOSED))


def test_an_end_nobody_had_looked_before_is_told_after_what_time_did(serve, receiver):
    served = serve(f"{receiver.url}/livekit")
    session = served.live()
    encoder(served, session, "drop", after=60)
    served.mock.clock.advance(hours=1)
    served.mock.data("POST", f"/sessions/{session}/end", by="host")
    served.until(lambda: len(receiver.got) == len(OPENED) + 3)
    assert receiver.names == [*OPENED, "ingress_ended", "egress_ended", "room_finished"]


def test_a_broadcast_without_its_encoder_has_no_ingress_yet(serve, receiver):
    served = serve(f"{receiver.url}/livekit")
    session = served.mock.session()
    encoder(served, session, "drop")
    served.mock.data("POST", f"/sessions/{session}/go_live", by="host")
    encoder(served, session, "connect", after=5)
    encoder(served, session, "connect")
    served.until(lambda: len(receiver.got) == 3)
    assert receiver.names == ["room_started", "egress_started", "ingress_started"]


def test_the_request_is_livekits(serve, receiver):
    served = serve(f"{receiver.url}/livekit?secret=x")
    served.live()
    served.until(lambda: len(receiver.got) == 3)
    got = receiver.got[0]
    assert got.path == "/livekit?secret=x"
    assert got.headers["Content-Type"] == "application/webhook+json"
    assert got.headers["X-Mock-World"] == "default"
    claims = claims_of(got)
    digest = base64.b64encode(hashlib.sha256(got.body.encode()).digest()).decode()
    assert (claims["iss"], claims["sha256"]) == ("devkey", digest)
    assert claims["exp"] - claims["nbf"] == 300
    assert isinstance(got.event["createdAt"], str)
    assert "secret" not in served.log()[0]["url"]


def test_a_changed_body_is_not_verified(serve, receiver):
    served = serve(receiver.url)
    served.live()
    served.until(lambda: len(receiver.got) == 3)
    theirs = livekits()
    with pytest.raises(Exception, match="hash mismatch"):
        theirs.receive(receiver.got[0].body + " ", receiver.got[0].headers["Authorization"])


def test_a_frozen_world_signs_by_the_machines_clock(serve, receiver):
    served = serve(receiver.url)
    served.mock.data("POST", "/_mock/clock", json={"set": "2090-01-01T00:00:00Z", "freeze": True})
    served.live()
    served.until(lambda: len(receiver.got) == 3)
    claims = claims_of(receiver.got[0])
    assert claims["nbf"] == int(served.mock.clock.now.timestamp())
    assert receiver.got[0].event["createdAt"] == "3786912000"


def test_what_is_refused_is_tried_again_and_holds_up_what_follows(serve, receiver, address):
    refusals = [500, 429, 302]
    receiver.answer = lambda _: refusals.pop(0) if refusals else 204
    served = serve(receiver.url, store=address)
    served.live()
    served.until(lambda: len(receiver.got) == 6)
    assert receiver.names == ["room_started"] * 4 + OPENED[1:]
    assert len({each.event["id"] for each in receiver.got}) == 3
    served.until(lambda: len(served.log()) == 3)
    first, *others = served.log()
    assert [each["status"] for each in first["attempts"]] == [500, 429, 302, 204]
    assert (first["event"], first["state"], first["id"]) == (
        "room_started", "delivered", receiver.got[0].event["id"],
    )  # fmt: skip
    assert [each["state"] for each in others] == ["delivered"] * 2


def test_what_is_never_taken_is_given_up_and_the_next_one_comes(serve, receiver):
    receiver.answer = lambda got: 500 if got.name == "room_started" else 200
    served = serve(receiver.url)
    served.live()
    served.until(lambda: len(served.log()) == 3)
    served.until(lambda: served.log()[-1]["state"] == "delivered")
    first, *others = served.log()
    assert (first["state"], len(first["attempts"])) == ("failed", 4)
    assert [each["state"] for each in others] == ["delivered"] * 2


def test_nobody_there_is_told_in_the_log(serve):
    with Receiver() as gone:
        url = gone.url
    served = serve(url)
    served.live()
    served.until(lambda: any(each["state"] == "failed" for each in served.log()))
    assert "ConnectError" in served.log()[0]["attempts"][0]["error"]


def test_a_redirect_is_not_followed(serve, receiver):
    receiver.answer = lambda _: 307
    served = serve(receiver.url)
    served.live()
    served.until(lambda: len(receiver.got) > 4)
    assert {each.path for each in receiver.got} == {"/"}


def test_one_address_does_not_wait_for_another(serve, receiver):
    with Receiver(answer=lambda _: 500) as broken:
        served = serve(broken.url, receiver.url)
        served.live()
        served.until(lambda: len(receiver.got) == 3)
        assert receiver.names == OPENED
        listed = served.mock.data("GET", "/_mock/deliveries")["webhooks"]
        assert listed == [broken.url, receiver.url]


def test_worlds_are_told_apart(serve, receiver, address):
    served = serve(receiver.url, store=address)
    for world in ("default", "other"):
        here = {"headers": {"X-Mock-World": world}}
        room = served.mock.data("POST", "/rooms", by="host", json={"title": "A room"}, **here)
        presets = served.mock.data("GET", "/presets", by="host", **here)["presets"]
        body = {"title": "A session", "preset_id": presets[0]["id"]}
        path = f"/rooms/{room['room']['id']}/sessions"
        made = served.mock.data("POST", path, by="host", json=body, **here)["session"]["id"]
        served.mock.data("POST", f"/sessions/{made}/start", by="host", **here)
    served.until(lambda: len(receiver.got) == 2)
    assert {each.headers["X-Mock-World"] for each in receiver.got} == {"default", "other"}
    served.until(lambda: len(served.log(headers={"X-Mock-World": "other"})) == 1)
    served.until(lambda: len(served.log()) == 1)


def test_who_comes_after_a_restart_goes_on_where_it_was(serve, receiver, mock_with, tmp_path):
    store = f"sqlite:///{tmp_path / 'world.db'}"
    first = serve(receiver.url, store=store)
    session = first.live()
    first.until(lambda: len(receiver.got) == 3)
    first.until(lambda: len(first.log()) == 3)
    first.stop()
    first.mock.data("POST", f"/sessions/{session}/end", by="host")
    second = serve(receiver.url, store=store)
    second.until(lambda: len(receiver.got) == 6)
    assert receiver.names == [*OPENED, *CLOSED]


def test_a_reset_forgets_what_was_not_delivered(serve, receiver):
    receiver.answer = lambda _: 500
    served = serve(receiver.url)
    served.live()
    served.until(lambda: len(receiver.got) >= 1)
    served.mock.data("POST", "/_mock/reset")
    receiver.answer = lambda _: 200
    served.live()
    served.until(lambda: receiver.names[-1:] == ["egress_started"])
    taken = [each["event"] for each in served.log() if each["state"] == "delivered"]
    assert taken == OPENED[: len(taken)]
    assert receiver.names[-3:] == OPENED


def test_a_world_that_was_put_back_tells_only_of_what_is_new(serve, receiver):
    served = serve(receiver.url)
    session = served.live()
    served.until(lambda: len(receiver.got) == 3)
    served.mock.data("POST", "/_mock/worlds/default/snapshots", json={"label": "kept"})
    served.mock.data("POST", "/_mock/worlds/default/restore", json={"label": "kept"})
    served.mock.data("POST", f"/sessions/{session}/end", by="host")
    served.until(lambda: len(receiver.got) == 6)
    assert receiver.names == [*OPENED, *CLOSED]


def test_a_deleted_world_stays_deleted(serve, receiver):
    receiver.answer = lambda _: 500
    served = serve(receiver.url)
    here = {"headers": {"X-Mock-World": "short"}}
    preset = served.mock.data("GET", "/presets", by="host", **here)["presets"][0]["id"]
    room = served.mock.data("POST", "/rooms", by="host", json={"title": "A room"}, **here)
    path = f"/rooms/{room['room']['id']}/sessions"
    body = {"title": "A session", "preset_id": preset}
    made = served.mock.data("POST", path, by="host", json=body, **here)["session"]["id"]
    served.mock.data("POST", f"/sessions/{made}/start", by="host", **here)
    served.until(lambda: len(receiver.got) >= 1)
    served.mock.data("DELETE", "/_mock/worlds/short")
    seen = len(receiver.got)
    served.until(lambda: not any(True for key in _lanes(served) if key[0] == "short"))
    assert len(receiver.got) <= seen + 1
    names = [each["name"] for each in served.mock.data("GET", "/_mock/worlds")["worlds"]]
    assert names == ["default"]


def _lanes(served):
    (courier,) = [
        task.get_coro().cr_frame.f_locals["self"]
        for task in asyncio.all_tasks(served.mock.loop)
        if task.get_coro().__qualname__ == "Courier.run"
    ]
    return courier._running


def test_of_two_processes_one_delivers_and_the_other_follows(serve, receiver, tmp_path):
    store = f"sqlite:///{tmp_path / 'world.db'}"
    first, second = serve(receiver.url, store=store), serve(receiver.url, store=store)
    session = first.live()
    first.until(lambda: len(receiver.got) == 3)
    second.mock.data("POST", f"/sessions/{session}/end", by="host")
    second.until(lambda: len(receiver.got) == 6)
    assert receiver.names == [*OPENED, *CLOSED]
    first.until(lambda: len(second.log()) == 6)
    first.stop()
    # Who stops gives the lease up; who waits asks for it every few seconds.
    second.live()
    second.until(lambda: len(receiver.got) == 9)
    assert receiver.names == [*OPENED, *CLOSED, *OPENED]


def test_the_log_keeps_the_last_ones(serve, receiver, monkeypatch):
    monkeypatch.setattr("mock_server.events.ledger.REMEMBERED", 4)
    served = serve(receiver.url)
    for _ in range(3):
        served.live()
    served.until(lambda: len(receiver.got) == 9)
    last = {each.event["id"] for each in receiver.got[-4:]}
    served.until(lambda: {each["id"] for each in served.log()} == last)
    assert REMEMBERED == 500


def test_without_addresses_nothing_is_made_or_sent(mock):
    session = mock.session()
    mock.data("POST", f"/sessions/{session}/go_live", by="host")
    page = mock.env.store.events(0, 1000)
    assert {each.notices for each in page.events} == {()}
    assert mock.data("GET", "/_mock/deliveries")["webhooks"] == []

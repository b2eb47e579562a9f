from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from conformance.client import Client
from conformance.contract import bundled
from conformance.errors import Busy, ReadOnly, Unreachable
from conformance.identities import Identity
from conformance.ledger import Ledger
from conformance.manners import Gate, Manners

ROOM = "0b6f3c1e-8a4d-4f7b-9c52-3e1d7a60b4f8"
HOST = Identity("host", "host-token")
MADE = {"success": True, "data": {"room": {"id": ROOM}}, "timestamp": 1}


@pytest.fixture
def client(stub) -> Iterator[Client]:
    found = Client(f"{stub.url}/v1/webinar", bundled(), Ledger("run"))
    yield found
    found.close()


def test_a_creation_is_in_the_ledger_while_it_is_asked_for(stub, client: Client) -> None:
    def create(_: str) -> tuple[int, object]:
        assert [(entry.kind, entry.id) for entry in client.ledger.entries()] == [("room", None)]
        return 201, MADE

    stub.answers["POST /v1/webinar/rooms"] = create
    client.send("create_room", by=HOST, body={"title": "x"}).must(201)
    assert [(e.kind, e.owner, e.id) for e in client.ledger.entries()] == [("room", "host", ROOM)]


def test_a_deletion_takes_it_out_again(stub, client: Client) -> None:
    stub.answers["POST /v1/webinar/rooms"] = (201, MADE)
    stub.answers[f"DELETE /v1/webinar/rooms/{ROOM}"] = (200, {"success": True})
    client.send("create_room", by=HOST, body={"title": "x"})
    client.send("delete_room", ROOM, by=HOST)
    assert client.ledger.entries() == []


def test_every_reply_is_watched(stub, client: Client) -> None:
    seen = []
    client.watchers.append(seen.append)
    replies = [client.send("list_rooms"), client.raw("GET", "/nowhere")]
    assert seen == replies
    assert [reply.status for reply in replies] == [200, 404]
    assert client.requests == 2


def test_a_busy_target_is_given_the_time_it_asks_for(stub, client: Client) -> None:
    answers = [(429, {}, {"Retry-After": "0"})] * 3
    stub.answers["GET /v1/webinar/rooms"] = lambda _: answers.pop() if answers else (200, {})
    assert client.send("list_rooms").status == 200
    assert answers == []


def test_a_target_that_stays_busy_gives_no_verdict(stub) -> None:
    stub.answers["GET /v1/webinar/rooms"] = (429, {}, {"Retry-After": "0"})
    gate = Gate(Manners(patience=0.2))
    client = Client(f"{stub.url}/v1/webinar", bundled(), Ledger("run"), gate)
    with pytest.raises(Busy, match="the target is busy"):
        client.send("list_rooms")
    client.close()


def test_a_busy_answer_is_shown_to_watchers_and_never_returned(stub, client: Client) -> None:
    answers = [(429, {}, {"Retry-After": "0"})]
    stub.answers["GET /v1/webinar/rooms"] = lambda _: answers.pop() if answers else (200, {})
    seen: list[int] = []
    client.watchers.append(lambda reply: seen.append(reply.status))
    client.send("list_rooms")
    assert seen == [429, 200]


def test_a_run_that_only_reads_sends_nothing_else(stub) -> None:
    gate = Gate(Manners(read_only=True))
    client = Client(f"{stub.url}/v1/webinar", bundled(), Ledger("run"), gate)
    for operation in ("create_room", "login", "delete_room", "update_room"):
        with pytest.raises(ReadOnly, match="only reads"):
            client.send(operation, ROOM, body={})
    client.send("list_rooms")
    assert stub.seen == [("GET", "/v1/webinar/rooms")]
    assert client.ledger.entries() == []
    client.close()


def test_a_lost_answer_is_asked_for_again_when_that_is_safe(stub, client: Client) -> None:
    answers = [lambda: 1 / 0]
    stub.answers["GET /v1/webinar/rooms"] = lambda _: answers.pop()() if answers else (200, {})
    assert client.send("list_rooms").status == 200
    stub.answers["POST /v1/webinar/rooms"] = lambda _: 1 / 0
    with pytest.raises(Unreachable):
        client.send("create_room", by=HOST, body={"title": "x"})
    assert [method for method, _ in stub.seen] == ["GET", "GET", "POST"]


def test_no_more_than_some_megabytes_are_read(stub, client: Client) -> None:
    stub.answers["GET /v1/webinar/rooms"] = (200, b"x" * 10_000_000)
    with pytest.raises(Unreachable, match="more than 5,000,000 bytes"):
        client.send("list_rooms")


def test_each_rule_has_watchers_and_a_part_of_the_ledger_of_its_own(stub, client: Client) -> None:
    stub.answers["POST /v1/webinar/rooms"] = (201, MADE)
    one, two = client.scoped(1), client.scoped(2)
    seen: list[object] = []
    one.watchers.append(seen.append)
    two.send("create_room", by=HOST, body={"title": "run x"})
    assert seen == []
    assert client.ledger.of(1) == []
    assert [(entry.id, entry.name) for entry in client.ledger.of(2)] == [(ROOM, "run x")]
    assert client.requests == one.requests == 1


def test_no_answer_is_no_verdict(client: Client, stub) -> None:
    stub.answers["GET /v1/webinar/rooms"] = lambda _: 1 / 0
    with pytest.raises(Unreachable, match="got no answer"):
        client.send("list_rooms")


def test_what_is_sent_is_what_was_meant(stub, client: Client) -> None:
    reply = client.send(
        "list_room_sessions",
        ROOM,
        by=HOST,
        api_key="key",
        query=[("page", "1"), ("page", "2")],
        headers={"A": "b"},
    )
    assert reply.request.url == f"{stub.url}/v1/webinar/rooms/{ROOM}/sessions?page=1&page=2"
    assert set(reply.request.headers) == {
        ("A", "b"),
        ("Authorization", "Bearer host-token"),
        ("X-API-Key", "key"),
    }
    assert client.send("create_room", body={"title": "é"}).request.body() == {"title": "é"}


def test_who_waits_for_a_removal_does_not_keep_others_from_watching_before_they_remove(
    stub,
) -> None:
    stub.answers["POST /v1/webinar/rooms"] = (201, MADE)
    stub.answers[f"DELETE /v1/webinar/rooms/{ROOM}"] = (200, {"success": True})
    ledger, made = Ledger("run", most={"room": 1}, wait=20), threading.Event()
    client = Client(f"{stub.url}/v1/webinar", bundled(), ledger)

    def tried(first: bool) -> None:
        own = client.scoped(1 if first else 2)
        with client.gate.quiet.staying() as own.stay:
            assert first or made.wait(20)
            own.send("create_room", by=HOST, body={"title": "x"}).must(201)
            made.set()
            with own.stillness():
                pass
            own.send("delete_room", ROOM, by=HOST)

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(tried, first) for first in (True, False)]:
            future.result(40)
    client.close()
    assert [method for method, _ in stub.seen] == ["POST", "DELETE"] * 2

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance import cleaning
from conformance.client import Client
from conformance.contract import bundled
from conformance.identities import Identities, Identity
from conformance.ledger import Entry, Ledger
from conformance.manners import Gate, Manners

BASE = "/v1/webinar"
WHO = Identities(
    host=Identity("host", "host-token"), other_host=Identity("other_host", "viewer-token")
)
DONE = (200, {"success": True, "data": {}, "timestamp": 1})


@pytest.fixture
def client(stub) -> Iterator[Client]:
    found = Client(f"{stub.url}{BASE}", bundled(), Ledger("gr-0"), Gate(Manners(timeout=2)))
    yield found
    found.close()


def made(client: Client, kind: str, id_: str, **more: str) -> Entry:
    entry = client.ledger.intend(kind, "host", **more)
    client.ledger.confirm(entry, id_)
    return entry


def clean(client: Client) -> list[Entry]:
    return cleaning.clean(client, WHO, client.ledger.entries())


def changes(stub) -> list[str]:
    paths = ((method, path.removeprefix(BASE)) for method, path in stub.seen)
    return [f"{method} {path}" for method, path in paths if method != "GET"]


def test_rooms_take_their_sessions_along_and_presets_follow(stub, client: Client) -> None:
    made(client, "preset", "p")
    made(client, "room", "r")
    made(client, "session", "inside", room="r")
    made(client, "session", "elsewhere", room="somebody's")
    for path in ("presets/p", "rooms/r", "sessions/elsewhere"):
        stub.answers[f"DELETE {BASE}/{path}"] = DONE
    assert clean(client) == []
    assert changes(stub) == ["DELETE /rooms/r", "DELETE /sessions/elsewhere", "DELETE /presets/p"]
    assert client.ledger.entries() == []


def test_what_is_known_to_be_live_is_ended_first(stub, client: Client) -> None:
    made(client, "room", "r")
    made(client, "session", "s", room="r")
    client.ledger.lives("s", True)
    stub.answers[f"POST {BASE}/sessions/s/end"] = stub.answers[f"DELETE {BASE}/rooms/r"] = DONE
    assert clean(client) == []
    assert changes(stub) == ["POST /sessions/s/end", "DELETE /rooms/r"]


def test_what_is_live_without_our_knowing_is_ended_when_the_target_says_so(stub, client) -> None:
    made(client, "room", "r")
    answers = [DONE, (409, {"success": False})]
    stub.answers[f"DELETE {BASE}/rooms/r"] = lambda _: answers.pop()
    stub.answers[f"GET {BASE}/rooms/r"] = (200, {"data": {"active_session_id": "theirs"}})
    stub.answers[f"POST {BASE}/sessions/theirs/end"] = DONE
    assert clean(client) == []
    assert changes(stub) == ["DELETE /rooms/r", "POST /sessions/theirs/end", "DELETE /rooms/r"]


@pytest.mark.parametrize("status", [200, 204, 404])
def test_what_is_gone_already_is_gone(stub, client: Client, status: int) -> None:
    made(client, "room", "r")
    stub.answers[f"DELETE {BASE}/rooms/r"] = (status, {})
    assert clean(client) == []


@pytest.mark.parametrize("status", [403, 409, 500])
def test_what_would_not_go_is_told_and_stays_in_the_ledger(stub, client, status: int) -> None:
    made(client, "preset", "p")
    made(client, "preset", "q")
    stub.answers[f"DELETE {BASE}/presets/p"] = (status, {})
    stub.answers[f"DELETE {BASE}/presets/q"] = DONE
    assert [entry.id for entry in clean(client)] == ["p"]
    assert [entry.id for entry in client.ledger.entries()] == ["p"]


def test_an_answer_that_makes_no_sense_ends_nothing_else(stub, client: Client) -> None:
    for id_ in ("one", "two"):
        made(client, "room", id_)
        stub.answers[f"DELETE {BASE}/rooms/{id_}"] = DONE
    stub.answers[f"DELETE {BASE}/rooms/two"] = (409, b"no JSON")
    stub.answers[f"GET {BASE}/rooms/two"] = (200, b"no JSON")
    assert [entry.id for entry in clean(client)] == ["two"]


def test_what_was_never_answered_is_looked_for_by_its_name_and_nothing_else_is(
    stub, client: Client
) -> None:
    client.ledger.intend("room", "host", name="gr-0 lost")
    client.ledger.intend("room", "host", name="not marked")
    names = ("gr-0 lost", "gr-0 another", "not marked", "lost")
    rows = [{"id": f"id-{place}", "title": name} for place, name in enumerate(names)]
    stub.answers[f"GET {BASE}/rooms/my"] = (200, {"data": {"rooms": rows, "total": len(rows)}})
    stub.answers[f"DELETE {BASE}/rooms/id-0"] = DONE
    assert clean(client) == []
    assert changes(stub) == ["DELETE /rooms/id-0"]


def test_viewers_stay_for_nothing_removes_them(stub, client: Client) -> None:
    made(client, "viewer", "v")
    assert clean(client) == []
    assert stub.seen == []
    assert [entry.kind for entry in client.ledger.entries()] == ["viewer"]


def test_pages_are_read_to_the_end_and_no_further(stub, client: Client) -> None:
    page = [{"id": str(number), "title": "x"} for number in range(100)]
    stub.answers[f"GET {BASE}/rooms/my"] = (200, {"data": {"rooms": page, "total": 250}})
    assert len(cleaning.listed(client, WHO, "host", "room")) == 300
    assert len(stub.seen) == 3
    assert cleaning.listed(client, WHO, "host", "session") == []

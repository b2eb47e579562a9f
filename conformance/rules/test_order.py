"""Which refusal comes first when a request is wrong in two ways."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.reply import Reply
from conformance.rule import rule
from conformance.world import COLOR, World, later, unknown_id

JSON = {"Content-Type": "application/json"}
PAST = "2001-01-01T00:00:00Z"
BIG = b'{"title": "' + b"x" * (1 << 20) + b'"}'


def with_foreign_preset(world: World) -> dict[str, str]:
    """Return a body for create_session that uses a preset of the other host."""
    return {"title": world.title(), "preset_id": world.new_preset(by=world.other_host)["id"]}


def rescheduled_into_the_past_after_the_end(world: World) -> Reply:
    """Ask for a past time on a session that has ended."""
    made = world.new_session("ended")
    body = {"scheduled_start_time": PAST}
    return world.api.send("reschedule_session", made.id, by=world.host, body=body)


CASES: dict[str, tuple[int, Callable[[World], Reply]]] = {
    "an unknown path before 401": (404, lambda w: w.api.raw("GET", "/no-such-path")),
    "a wrong method before 401": (405, lambda w: w.api.raw("DELETE", "/sessions")),
    "401 before a malformed id": (401, lambda w: w.api.send("end_session", "1")),
    "401 before a malformed page": (
        401,
        lambda w: w.api.send("list_my_rooms", query={"page": "x"}),
    ),
    "401 before 413": (401, lambda w: w.api.send("create_room", content=BIG, headers=JSON)),
    "401 before 415": (401, lambda w: w.api.send("create_room", content=b"{}")),
    "401 before a body that is no JSON": (
        401,
        lambda w: w.api.send("create_room", content=b"{", headers=JSON),
    ),
    "401 before 422": (401, lambda w: w.api.send("create_room", body={})),
    "401 before 404": (401, lambda w: w.api.send("end_session", unknown_id())),
    "a malformed id before 413": (
        400,
        lambda w: w.api.send("update_room", "1", by=w.host, content=BIG, headers=JSON),
    ),
    "a malformed id before 415": (
        400,
        lambda w: w.api.send("update_room", "1", by=w.host, content=b"{}"),
    ),
    "a malformed id before 422": (
        400,
        lambda w: w.api.send("update_room", "1", by=w.host, body={"title": ""}),
    ),
    "a malformed id before the role": (400, lambda w: w.api.send("end_session", "1", by=w.viewer)),
    "413 before 415": (413, lambda w: w.api.send("create_room", by=w.host, content=BIG)),
    "413 before 422": (
        413,
        lambda w: w.api.send("create_room", by=w.host, content=BIG, headers=JSON),
    ),
    "a missing body before 415": (
        400,
        lambda w: w.api.send("create_room", by=w.host, headers={"Content-Type": "text/plain"}),
    ),
    "415 before a body that is no JSON": (
        415,
        lambda w: w.api.send(
            "create_room", by=w.host, content=b"{", headers={"Content-Type": "text/plain"}
        ),
    ),
    "413 before the role": (
        413,
        lambda w: w.api.send("create_room", by=w.viewer, content=BIG, headers=JSON),
    ),
    "415 before the role": (415, lambda w: w.api.send("create_room", by=w.viewer, content=b"{}")),
    "a body that is no JSON before the role": (
        400,
        lambda w: w.api.send("create_room", by=w.viewer, content=b"{", headers=JSON),
    ),
    "422 before the role": (422, lambda w: w.api.send("create_room", by=w.viewer, body={})),
    "422 before 404": (
        422,
        lambda w: w.api.send("update_room", unknown_id(), by=w.host, body={"title": ""}),
    ),
    "a past time before 404": (
        422,
        lambda w: w.api.send(
            "reschedule_session", unknown_id(), by=w.host, body={"scheduled_start_time": PAST}
        ),
    ),
    "a past time before the role": (
        422,
        lambda w: w.api.send(
            "reschedule_session",
            w.stage().session,
            by=w.viewer,
            body={"scheduled_start_time": PAST},
        ),
    ),
    "422 before the owner": (
        422,
        lambda w: w.api.send("update_room", w.stage().room, by=w.other_host, body={"title": ""}),
    ),
    "the role before 404": (403, lambda w: w.api.send("end_session", unknown_id(), by=w.viewer)),
    "404 before another host's preset": (
        404,
        lambda w: w.api.send(
            "create_session", unknown_id(), by=w.host, body=with_foreign_preset(w)
        ),
    ),
    "the owner before another host's preset": (
        403,
        lambda w: w.api.send(
            "create_session",
            w.stage().room,
            by=w.other_host,
            body={"title": w.title(), "preset_id": w.stage().preset},
        ),
    ),
    "the owner before the state": (
        403,
        lambda w: w.api.send("end_session", w.stage().session, by=w.other_host),
    ),
    "the role before the state": (
        403,
        lambda w: w.api.send("end_session", w.stage().session, by=w.viewer),
    ),
    "a past time before the state": (422, rescheduled_into_the_past_after_the_end),
    "422 before the state": (
        422,
        lambda w: w.api.send(
            "reschedule_session",
            w.new_session("ended").id,
            by=w.host,
            body={"scheduled_start_time": "soon"},
        ),
    ),
    "a preset's owner before 422 has no say": (
        422,
        lambda w: w.api.send(
            "update_preset", w.stage().preset, by=w.other_host, body={"primary_color": "red"}
        ),
    ),
    "a page before the role": (
        400,
        lambda w: w.api.send("list_presets", by=w.viewer, query={"page": "0"}),
    ),
    "422 on a preset before the role": (
        422,
        lambda w: w.api.send(
            "create_preset", by=w.viewer, body={"name": "", "type": "rtmp", "primary_color": COLOR}
        ),
    ),
    "a time ahead gives the role its turn": (
        403,
        lambda w: w.api.send(
            "reschedule_session",
            w.stage().session,
            by=w.viewer,
            body={"scheduled_start_time": later(days=1)},
        ),
    ),
}


@rule(
    "refusal.order",
    level="decided",
    must="Of two refusals the earlier MUST be given: path, credentials, request, role, resource, "
    "owner, looked-up values, state",
    contract="#/info",
    operations=("create_room", "update_room", "end_session", "reschedule_session"),
)
@pytest.mark.parametrize("case", CASES)
def test_the_first_refusal_wins(world: World, case: str) -> None:
    """Send one request that is wrong in two ways."""
    status, send = CASES[case]
    send(world).must(status)

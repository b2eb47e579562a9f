"""Faults of presets: whose they are, and what a change reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from mock_server.domain.entities import Preset, Session
from mock_server.domain.presets import DEFAULTS
from mock_server.env import Call
from mock_server.faults.fault import Fault
from mock_server.faults.handling import around, as_owner, veiled, with_body
from mock_server.faults.rewrite import Change, Json, Reply, Request, changed_within, remembering
from mock_server.http.operation import Handler
from mock_server.http.views import session_view
from mock_server.seeds import person_id
from mock_server.storage.indexes import OPEN_SESSIONS_OF_PRESET, PRESETS_OF_USER, Index

_fault = partial(Fault, family="presets")
_SMALL_LIMIT = 50
_EFFECTIVE = ("chat_enabled", "stage_enabled", "max_join_limit")


def _of_any_host(handler: Handler, call: Call) -> Any:
    def get(kind: type[Any], entity_id: str) -> Any:
        found = call.tx.get(kind, entity_id)
        return replace(found, user_id=call.user.id) if isinstance(found, Preset) else found

    data = handler(veiled(call, get=get))
    session = call.tx.get(Session, data["session"]["id"])
    assert session is not None, "it has just been made"
    return {**data, "session": session_view(call, session)}


def _never_used(handler: Handler, call: Call) -> Any:
    def count(index: Index[Any], key: str, **bounds: Any) -> int:
        return 0 if index is OPEN_SESSIONS_OF_PRESET else call.tx.count(index, key, **bounds)

    return handler(veiled(call, count=count))


def _of_everyone(handler: Handler, call: Call) -> Any:
    people = {person_id(call.env.seed, each.person_key) for each in call.env.seed_file.personas}
    owners = sorted({*people, call.user.id})

    def count(index: Index[Any], key: str) -> int:  # noqa: ARG001 - the signature of a store's
        return sum(call.tx.count(PRESETS_OF_USER, owner) for owner in owners)

    def page(index: Index[Any], key: str, *, offset: int, limit: int) -> list[Any]:
        total = count(index, key)
        rows = [
            row
            for owner in owners
            for row in call.tx.page(PRESETS_OF_USER, owner, offset=0, limit=total)
        ]
        rows.sort(key=lambda row: (row.created_at, row.id), reverse=True)
        return rows[offset : offset + limit]

    return handler(veiled(call, count=count, page=page))


def _as_first_seen() -> Change:
    presets: dict[str, Mapping[str, Any]] = {}

    def aged(session: Json) -> Json:
        preset = presets.setdefault(session["id"], session["preset"])
        effective = {
            f"effective_{name}": session.get(f"{name}_override", preset[name])
            for name in _EFFECTIVE
        }
        return {**session, "preset": preset, **effective}

    def change(_: Request, reply: Reply) -> Reply:
        if not reply.succeeded or not reply.body:
            return reply
        return reply.with_json(changed_within(reply.json, "session", aged))

    return change


def _one_flag_for_two(call: Call) -> dict[str, Any]:
    given = {name: call.body[name] for name in ("host_chat_send_file",) if name in call.body}
    return {**call.body, **{f"audience{name.removeprefix('host')}": given[name] for name in given}}


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="other-hosts-preset-usable",
        breaks="Using another host's preset is refused with 422",
        handlers=around(("create_session",), _of_any_host),
    ),
    _fault(
        name="other-hosts-preset-readable",
        breaks="Another host's preset by its id is refused with 403",
        handlers=around(("get_preset",), as_owner),
    ),
    _fault(
        name="presets-of-everyone-listed",
        breaks="The list of presets holds the caller's own only",
        handlers=around(("list_presets",), _of_everyone),
    ),
    _fault(
        name="used-preset-deletable",
        breaks="A preset is not deleted while a session that has not ended uses it",
        handlers=around(("delete_preset",), _never_used),
    ),
    _fault(
        name="preset-change-unseen",
        breaks="A changed preset shows in its sessions at once",
        wrap=remembering(_as_first_seen),
    ),
    _fault(
        name="preset-limit-of-50-by-default",
        breaks="The join limit of a preset is 100 where none is given",
        handlers=around(
            ("create_preset",),
            with_body(lambda call: {"max_join_limit": _SMALL_LIMIT, **call.body}),
        ),
    ),
    _fault(
        name="preset-change-resets-flags",
        breaks="A change keeps the fields of a preset that are not given",
        handlers=around(("update_preset",), with_body(lambda call: {**DEFAULTS, **call.body})),
    ),
    _fault(
        name="two-flags-are-one",
        breaks="Whether the audience may send files is another flag than whether the host may",
        handlers=around(("create_preset", "update_preset"), with_body(_one_flag_for_two)),
    ),
)

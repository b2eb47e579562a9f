"""Faults of envelopes and shapes: how answers are wrapped and how their values are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

from mock_server.faults.fault import Fault
from mock_server.faults.rewrite import Json, Reply, Request, answers, data_of, every, refusals

_fault = partial(Fault, family="shape")
_LOCAL = timezone(timedelta(hours=2))


def _enveloped(change: Callable[[Json], Json]) -> Callable[[Request, Reply], Reply]:
    return lambda _, reply: reply.with_json(change(reply.json)) if reply.body else reply


def _in_milliseconds(document: Json) -> Json:
    return {**document, "timestamp": document["timestamp"] * 1000}


def _with_request_id(_: Request, reply: Reply) -> Reply:
    if not reply.succeeded:
        return reply
    return reply.with_json({**reply.json, "request_id": "req_4k2v9"})


def _error_object(document: Json) -> Json:
    return {**document, "error": {"code": "refused", "message": document["error"]}}


def _without_timestamp(document: Json) -> Json:
    return {name: value for name, value in document.items() if name != "timestamp"}


def _with_nulls(session: Json) -> Json:
    unknown = ("started_at", "ended_at", "duration", "hls_url", "scheduled_start_time")
    return {**dict.fromkeys(unknown), **session}


def _without_host(room: Json) -> Json:
    return {name: value for name, value in room.items() if name != "host"}


def _in_capitals(session: Json) -> Json:
    return {**session, "status": session["status"].upper()}


def _in_local_time(resource: Json) -> Json:
    return {
        name: datetime.fromisoformat(value).astimezone(_LOCAL).isoformat()
        if name in ("created_at", "updated_at", "started_at", "ended_at")
        else value
        for name, value in resource.items()
    }


def _created_as_ok(_: Request, reply: Reply) -> Reply:
    return Reply(200, reply.headers, reply.body) if reply.status == 201 else reply  # noqa: PLR2004


def _nothing(_: Any) -> Json:
    return {}


def _said_nothing(_: Request, reply: Reply) -> Reply:
    if reply.operation != "delete_session" or not reply.succeeded:
        return reply
    return replace(reply.with_header(b"content-type", None), status=204, body=b"")


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="deletion-answers-204",
        breaks="Deleting answers 200 with the envelope",
        wrap=answers(_said_nothing),
    ),
    _fault(
        name="fetched-room-wrapped",
        breaks="Getting a room answers it as data",
        wrap=data_of(("get_room",), lambda data: {"room": data}),
    ),
    _fault(
        name="logout-tells-something",
        breaks="Logging out answers with empty data",
        wrap=data_of(("logout",), lambda _: {"ok": True}),
    ),
    _fault(
        name="created-session-without-key",
        breaks="Creating a session gives its stream key",
        wrap=data_of(
            ("create_session",), lambda data: {k: data[k] for k in data if k != "stream_key"}
        ),
    ),
    _fault(
        name="timestamp-in-milliseconds",
        breaks="The timestamp of an envelope is in Unix seconds",
        wrap=answers(_enveloped(_in_milliseconds)),
    ),
    _fault(
        name="success-with-request-id",
        breaks="A success has success, data and timestamp, and no other field",
        wrap=answers(_with_request_id),
    ),
    _fault(
        name="error-is-an-object",
        breaks="The error of a refusal is one readable sentence",
        wrap=refusals(_error_object),
    ),
    _fault(
        name="refusal-without-timestamp",
        breaks="A refusal has success, error and timestamp",
        wrap=refusals(_without_timestamp),
    ),
    _fault(
        name="created-room-unwrapped",
        breaks="Creating a room answers it as data.room",
        wrap=data_of(("create_room",), lambda data: data["room"]),
    ),
    _fault(
        name="fetched-session-wrapped",
        breaks="Getting a session answers it as data",
        wrap=data_of(("get_session",), lambda data: {"session": data}),
    ),
    _fault(
        name="unknown-values-are-null",
        breaks="A value that is not known yet is absent, not null",
        wrap=every("session", _with_nulls),
    ),
    _fault(
        name="room-without-host",
        breaks="Response fields that can be known are always present",
        wrap=every("room", _without_host),
    ),
    _fault(
        name="status-in-capitals",
        breaks="The status of a session is one of the published words",
        wrap=every("session", _in_capitals),
    ),
    _fault(
        name="dates-in-local-time",
        breaks="Dates are answered in UTC",
        wrap=every("session", _in_local_time),
    ),
    _fault(
        name="created-answers-200",
        breaks="An operation that creates answers 201",
        wrap=answers(_created_as_ok),
    ),
    _fault(
        name="deletion-without-id",
        breaks="A deletion answers the id of what is gone",
        wrap=data_of(("delete_room", "delete_session", "delete_preset"), _nothing),
    ),
)

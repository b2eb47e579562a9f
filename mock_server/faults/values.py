"""Faults of texts and times in bodies: how they are measured, and what is kept of them."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from mock_server.domain.errors import Unprocessable
from mock_server.env import Call
from mock_server.faults.editing import bound, without
from mock_server.faults.fault import Fault, ValueChecks
from mock_server.faults.handling import around, with_body
from mock_server.http.operation import Handler, ValueCheck

_fault = partial(Fault, family="validation")
_MAX_BYTES = 255
_TIMED = ("create_session", "reschedule_session")


def _bytes_counted(handler: Handler, call: Call) -> Any:
    length = len(call.body["title"].encode())
    if length > _MAX_BYTES:
        raise Unprocessable(f"`title` has {length} bytes, must have at most {_MAX_BYTES}")
    return handler(call)


def _trimmed(call: Call) -> dict[str, Any]:
    return {**call.body, "title": call.body["title"].strip()}


def _name_trimmed(call: Call) -> dict[str, Any]:
    names = {"name", "display_name"} & call.body.keys()
    return {**call.body, **{name: call.body[name].strip() for name in names}}


def _unchecked(operation: str, checks: ValueChecks) -> ValueChecks:
    return {name: check for name, check in checks.items() if name != operation}


def _by_another_clock(ahead: timedelta, checks: ValueChecks) -> ValueChecks:
    def shifted(check: ValueCheck) -> ValueCheck:
        return lambda body, now: check(body, now + ahead)

    return {name: shifted(check) if name in _TIMED else check for name, check in checks.items()}


def _zulu_only(call: Call) -> dict[str, Any]:
    given = call.body.get("scheduled_start_time")
    if given is not None and not given.upper().endswith(("Z", "+00:00")):
        raise Unprocessable("`scheduled_start_time` must be in UTC")
    return dict(call.body)


def _offset_dropped(call: Call) -> dict[str, Any]:
    given = call.body.get("scheduled_start_time")
    if given is None or given[-6:-5] not in ("+", "-"):
        return dict(call.body)
    return {**call.body, "scheduled_start_time": f"{given[:-6]}Z"}


FAULTS = (
    _fault(
        name="start-time-in-utc-only",
        breaks="A start time may have any offset",
        handlers=around(_TIMED, with_body(_zulu_only)),
    ),
    _fault(
        name="offset-dropped",
        breaks="A start time with an offset is the same instant in UTC",
        handlers=around(_TIMED, with_body(_offset_dropped)),
    ),
    _fault(
        name="past-start-accepted",
        breaks="A session is not scheduled for a time in the past",
        checks=partial(_unchecked, "create_session"),
    ),
    _fault(
        name="a-minute-of-grace",
        breaks="A time that passed less than a minute ago has passed",
        checks=partial(_by_another_clock, timedelta(minutes=-1)),
    ),
    _fault(
        name="start-an-hour-ahead",
        breaks="A session may be scheduled for any time in the future",
        checks=partial(_by_another_clock, timedelta(hours=1)),
    ),
    _fault(
        name="past-reschedule-accepted",
        breaks="A session is not rescheduled to a time in the past",
        checks=partial(_unchecked, "reschedule_session"),
    ),
    _fault(
        name="local-times-accepted",
        breaks="Dates in a request need an offset",
        contract=without("CreateSessionRequest", "scheduled_start_time", "format"),
    ),
    _fault(
        name="lengths-in-bytes",
        breaks="Lengths count code points",
        handlers=around(("create_room",), _bytes_counted),
    ),
    _fault(
        name="titles-trimmed",
        breaks="Nothing is trimmed",
        handlers=around(("create_room", "create_session"), with_body(_trimmed)),
    ),
    _fault(
        name="preset-names-trimmed",
        breaks="Nothing of a preset's name is trimmed",
        handlers=around(("create_preset", "update_preset"), with_body(_name_trimmed)),
    ),
    _fault(
        name="viewer-names-trimmed",
        breaks="Nothing of a viewer's name is trimmed",
        handlers=around(("register_viewer",), with_body(_name_trimmed)),
    ),
    _fault(
        name="long-description-refused",
        breaks="A description may be of any length",
        contract=bound("CreateRoomRequest", "description", maxLength=255),
    ),
)

"""Faults of the lifecycle's table: moves allowed and refused against it, and what refusals do."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from mock_server.domain.entities import Session
from mock_server.domain.errors import Conflict
from mock_server.env import Call
from mock_server.faults.editing import allowed, forbidden, without_host_row
from mock_server.faults.fault import Fault
from mock_server.faults.handling import around, beside_another, instead_of, rewrites
from mock_server.faults.rewrite import Reply, Request, answers, every, refusal
from mock_server.http.operation import Handler

_fault = partial(Fault, family="lifecycle")
_OPENING = ("start_session", "go_live")


def _as_good_as_new(_: Call, session: Session) -> Session:
    if session.state != "ended":
        return session
    return replace(session, state="scheduled", started_at=None, broadcast_at=None, ended_at=None)


def _not_early(handler: Handler, call: Call) -> Any:
    session = call.tx.get(Session, call.id)
    planned = session.scheduled_start_time if session else None
    data = handler(call)
    if session and session.state == "scheduled" and planned is not None and planned > call.now:
        raise Conflict(f"`{call.operation}`: session starts at {planned:%H:%M}, must not be early")
    return data


def _conflict_as_422(_: Request, reply: Reply) -> Reply:
    if reply.status != 409:  # noqa: PLR2004
        return reply
    return refusal(reply, 422, reply.json["error"])


def _touched_when_refused(request: Request, reply: Reply) -> Reply:
    if reply.status == 409 and request.kind is Session:  # noqa: PLR2004
        with request.env.store.write() as tx:
            session = tx.get(Session, request.id.lower())
            if session is not None:
                tx.put(replace(session, updated_at=request.env.clock()))
    return reply


def _never_late(session: Any) -> Any:
    return {**session, "status": "scheduled"} if session["status"] == "expired" else session


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="sessions-never-expire",
        breaks="A session that nobody starts expires 24 hours after its time",
        wrap=every("session", _never_late),
    ),
    _fault(
        name="ended-session-starts-again",
        breaks="A session that has ended cannot be started",
        handlers=around(("start_session",), rewrites(_as_good_as_new)),
    ),
    _fault(
        name="ended-session-goes-live-again",
        breaks="A session that has ended cannot go live",
        handlers=around(("go_live",), rewrites(_as_good_as_new)),
    ),
    _fault(
        name="scheduled-session-ends",
        breaks="Only a live session can be ended",
        contract=allowed("end_session", "scheduled"),
    ),
    _fault(
        name="live-session-reschedules",
        breaks="A live session cannot be rescheduled",
        contract=allowed("reschedule_session", "live"),
    ),
    _fault(
        name="restart-refused",
        breaks="Starting a live session answers it with a fresh token",
        contract=forbidden("start_session", "live"),
    ),
    _fault(
        name="start-never-goes-live",
        breaks="A session that was started can still go live",
        contract=forbidden("go_live", "live"),
    ),
    _fault(
        name="settings-change-after-the-end",
        breaks="The settings of a session that has ended cannot be changed",
        contract=allowed("update_session_settings", "ended"),
    ),
    _fault(
        name="settings-locked-while-live",
        breaks="The settings of a live session can be changed",
        contract=forbidden("update_session_settings", "live"),
    ),
    _fault(
        name="live-session-deletable",
        breaks="A live session is not deleted",
        contract=allowed("delete_session", "live"),
    ),
    _fault(
        name="audience-joins-early",
        breaks="Only the room's host may join before the session is live",
        contract=allowed("join_session", "scheduled"),
    ),
    _fault(
        name="host-waits-outside",
        breaks="The room's host may join a scheduled session",
        contract=without_host_row("join_session"),
    ),
    _fault(
        name="scheduled-session-monitored",
        breaks="Only a live session can be monitored",
        contract=allowed("monitor_session", "scheduled"),
    ),
    _fault(
        name="early-start-refused",
        breaks="A session may be started before its time",
        handlers=around(_OPENING, _not_early),
    ),
    _fault(
        name="second-live-session-in-a-room",
        breaks="One session of a room is live at a time",
        handlers=around(_OPENING, beside_another),
    ),
    _fault(
        name="rtmp-session-starts-webcam-hls",
        breaks="The webcam broadcast is for sessions in webcam mode",
        handlers=instead_of("start_webcam_hls", "ensure_hls_egress"),
    ),
    _fault(
        name="egress-for-webcams-only",
        breaks="A broadcast of an encoder can be begun, not only one of a webcam",
        handlers=instead_of("ensure_hls_egress", "start_webcam_hls"),
    ),
    _fault(
        name="conflict-is-422",
        breaks="What the table does not allow is refused with 409",
        wrap=answers(_conflict_as_422),
    ),
    _fault(
        name="refused-move-changes-updated-at",
        breaks="A refused move changes nothing",
        wrap=answers(_touched_when_refused),
    ),
)

"""Faults of two calls at once: a check and its change that are two steps.

The mock handles one request after the other, so these faults hold a request back until others
had time to arrive, and treat those that met as a server without a lock would.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.domain.entities import AuthCode, RefreshToken, Session
from mock_server.domain.identity import derive_base57
from mock_server.env import Call, Env
from mock_server.faults.fault import Fault
from mock_server.faults.handling import (
    Around,
    around,
    beside_another,
    keeping,
    rewrites,
    veiled,
)
from mock_server.faults.rewrite import is_of_api
from mock_server.http.operation import Handler
from mock_server.storage.indexes import PARTICIPANTS_OF_SESSION, Index

_fault = partial(Fault, family="concurrency")
_OPENING = ("start_session", "go_live")
_PATHS = ("/start", "/go_live", "/code/exchange", "/auth/refresh", "/join")
_HELD_BACK = 0.03
_MET: ContextVar[bool] = ContextVar("met", default=False)


@dataclass(slots=True)
class _Meeting:
    present: int = 0
    met: bool = False


def _meeting(app: ASGIApp, _: Env) -> ASGIApp:
    """Mark requests that were under way together; the mark is `_MET` in their context."""
    meetings: dict[str, _Meeting] = {}

    async def changed(scope: Scope, receive: Receive, send: Send) -> None:
        ending = next((end for end in _PATHS if scope.get("path", "").endswith(end)), None)
        if not is_of_api(scope) or ending is None:
            await app(scope, receive, send)
            return
        meeting = meetings.setdefault(ending, _Meeting())
        meeting.present += 1
        meeting.met = meeting.met or meeting.present > 1
        try:
            await asyncio.sleep(_HELD_BACK)
            _MET.set(meeting.met)
            await app(scope, receive, send)
        finally:
            meeting.present -= 1
            if not meeting.present:
                meetings.pop(ending, None)

    return changed


def _if_met(change: Around) -> Around:
    return lambda handler, call: change(handler, call) if _MET.get() else handler(call)


def _on_an_ingress_of_its_own(call: Call, session: Session) -> Session:
    number = call.tx.next_number()
    characters = derive_base57(call.env.seed, "raced ingress", number, length=12)
    return replace(session, ingress_id=f"IN_{characters}")


def _endless(handler: Handler, call: Call) -> Any:
    def count(index: Index[Any], key: str, **bounds: Any) -> int:
        return -1 if index is PARTICIPANTS_OF_SESSION else call.tx.count(index, key, **bounds)

    return handler(veiled(call, count=count))


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="two-refreshes-win",
        breaks="Of two uses of a refresh token at once exactly one buys a pair",
        handlers=around(("refresh_tokens",), _if_met(keeping(RefreshToken))),
        wrap=_meeting,
    ),
    _fault(
        name="two-joins-share-the-last-place",
        breaks="Of two who join at once no more come in than there are places",
        handlers=around(("join_session",), _if_met(_endless)),
        wrap=_meeting,
    ),
    _fault(
        name="two-go-live-two-ingresses",
        breaks="Of two calls to go live at once exactly one makes the move and the ingress",
        handlers=around(_OPENING, _if_met(rewrites(_on_an_ingress_of_its_own))),
        wrap=_meeting,
    ),
    _fault(
        name="two-starts-in-a-room-win",
        breaks="Of two sessions of a room started at once exactly one goes live",
        handlers=around(_OPENING, _if_met(beside_another)),
        wrap=_meeting,
    ),
    _fault(
        name="two-exchanges-of-a-code-win",
        breaks="Of two exchanges of a code at once exactly one succeeds",
        handlers=around(("exchange_auth_code",), _if_met(keeping(AuthCode))),
        wrap=_meeting,
    ),
)

"""Faults of the order of refusal: a later reason that comes before an earlier one."""

from __future__ import annotations

from functools import partial
from typing import Any

from mock_server.domain.entities import Preset, Session
from mock_server.domain.errors import DomainError, Forbidden, Unprocessable
from mock_server.domain.lifecycle import require_move
from mock_server.env import Call, Env
from mock_server.faults.fault import Fault
from mock_server.faults.handling import SESSION_OPERATIONS, around
from mock_server.faults.rewrite import Reply, Request, answers, refusal
from mock_server.http.headers import RequestHeaders
from mock_server.http.operation import Handler
from mock_server.http.security import Authenticator

_fault = partial(Fault, family="order")
_HOSTS_BODIES = ("create_room", "update_room", "create_preset", "update_preset", "create_session")


def _state_first(handler: Handler, call: Call) -> Any:
    try:
        return handler(call)
    except Forbidden:
        session = call.tx.get(Session, call.id)
        assert session is not None, "its owner was looked up"
        require_move(call.env.lifecycle, call.operation, session, call.now)
        raise


def _unknown_first(request: Request, reply: Reply) -> Reply:
    if reply.status != 401 or not request.id or request.kind is None:  # noqa: PLR2004
        return reply
    with request.env.store.read() as tx:
        known = tx.get(request.kind, request.id.lower()) is not None
    if known:
        return reply
    return refusal(reply.with_header(b"www-authenticate", None), 404, "nothing has this id")


def _role_of(env: Env, request: Request) -> str | None:
    headers = RequestHeaders.read(request.scope["headers"])
    authenticator = Authenticator(env.settings.token_secret)
    with env.store.read() as tx:
        try:
            return authenticator.identify(
                headers.authorization, headers.api_keys, tx, env.clock()
            ).role
        except DomainError:
            return None


def _role_first(request: Request, reply: Reply) -> Reply:
    early = reply.status in (400, 415, 422) and reply.operation in _HOSTS_BODIES
    if not early or _role_of(request.env, request) != "viewer":
        return reply
    return refusal(reply, 403, "caller's role is `viewer`, must be `host`")


def _body_first(request: Request, reply: Reply) -> Reply:
    if reply.status != 401 or reply.operation not in _HOSTS_BODIES:  # noqa: PLR2004
        return reply
    if request.header(b"content-type") == b"application/json":
        return reply
    sentence = "Content-Type must be application/json"
    return refusal(reply.with_header(b"www-authenticate", None), 415, sentence)


def _preset_first(handler: Handler, call: Call) -> Any:
    try:
        return handler(call)
    except Forbidden:
        preset = call.tx.get(Preset, call.body["preset_id"].lower())
        if preset is None or preset.user_id != call.user.id:
            raise Unprocessable("`preset_id`: preset is unknown or another host's") from None
        raise


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="body-before-credentials",
        breaks="Missing credentials are refused before the body is looked at",
        wrap=answers(_body_first),
    ),
    _fault(
        name="preset-before-owner",
        breaks="Another host's room is refused before the preset is looked up",
        handlers=around(("create_session",), _preset_first),
    ),
    _fault(
        name="state-before-ownership",
        breaks="A caller who does not own the session is refused with 403 before its state is told",
        handlers=around(SESSION_OPERATIONS, _state_first),
    ),
    _fault(
        name="lookup-before-credentials",
        breaks="Missing credentials are refused before the resource is looked up",
        wrap=answers(_unknown_first),
    ),
    _fault(
        name="role-before-body",
        breaks="A malformed request is refused before the caller's role",
        wrap=answers(_role_first),
    ),
)

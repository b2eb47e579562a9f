"""Faults of signing in: tokens, codes and passwords that work too often, or not often enough."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import chain
from typing import Any
from zlib import crc32

from starlette.types import Scope

from mock_server.domain.entities import (
    AuthCode,
    DeviceToken,
    RefreshToken,
    Room,
    Session,
    SignIn,
    User,
)
from mock_server.domain.errors import NotFound, Unauthenticated
from mock_server.domain.identity import derive_uuid
from mock_server.env import Call, Env
from mock_server.faults import tokens
from mock_server.faults.editing import without
from mock_server.faults.fault import Fault, Handlers
from mock_server.faults.handling import around, keeping, veiled, with_body
from mock_server.faults.rewrite import Reply, Request, answers, data_of, refusal, requests
from mock_server.http.operation import Handler
from mock_server.http.tokens import mint_access_token
from mock_server.http.views import user_view
from mock_server.storage.indexes import USER_BY_EMAIL

_fault = partial(Fault, family="sign-in")
_AGAIN = "again-"
_SIGN_INS = ("login", "refresh_tokens", "register_viewer", "device_login", "exchange_auth_code")


def _named(call: Call) -> User | None:
    return call.tx.first(USER_BY_EMAIL, call.body["email"].casefold())


def _any_password(call: Call) -> dict[str, Any]:
    user = _named(call)
    known = user is not None and user.password is not None
    return {**call.body, "password": user.password if known and user else call.body["password"]}


def _unknown_is_404(handler: Handler, call: Call) -> Any:
    if _named(call) is None:
        raise NotFound("`login`: nobody has this email")
    return handler(call)


def _gone_soon(handler: Handler, call: Call) -> Any:
    code = call.tx.get(AuthCode, call.body["code"])
    if code is not None and call.now > code.created_at + timedelta(seconds=2):
        raise Unauthenticated("`exchange_auth_code`: the code is unknown, spent or expired")
    return handler(call)


def _under_a_new_sign_in(handler: Handler, call: Call) -> Any:
    token = call.tx.get(RefreshToken, call.body["refresh_token"])
    if token is not None:
        sign_in = SignIn(
            id=derive_uuid(call.env.seed, "sign_in", call.tx.next_number()),
            user_id=token.user_id,
            created_at=call.now,
        )
        call.tx.put(sign_in)
        call.tx.delete(SignIn, token.sign_in_id)
        call.tx.put(replace(token, sign_in_id=sign_in.id))
    return handler(call)


def _refreshed_once(handler: Handler, call: Call) -> Any:
    if call.body["refresh_token"].startswith(_AGAIN):
        raise Unauthenticated("`refresh_tokens`: the sign-in was refreshed before")
    data = handler(call)
    token = call.tx.get(RefreshToken, data["refresh_token"])
    assert token is not None, "it has just been made"
    call.tx.delete(RefreshToken, token.id)
    call.tx.put(replace(token, id=f"{_AGAIN}{token.id}"))
    return {**data, "refresh_token": f"{_AGAIN}{token.id}"}


def _known_by_name(handler: Handler, call: Call) -> Any:
    """Derive a viewer from their name, where the mock derives them from a number."""
    number = crc32(call.body["display_name"].encode())
    numbers = chain((number,), iter(call.tx.next_number, None))

    def put(entity: Any) -> None:
        if not isinstance(entity, User) or call.tx.get(User, entity.id) is None:
            call.tx.put(entity)

    data = handler(veiled(call, next_number=lambda: next(numbers), put=put))
    known = call.tx.get(User, data["user"]["id"])
    assert known is not None, "it is there since the first of this name"
    return {**data, "user": user_view(known)}


def _device_once(handler: Handler, call: Call) -> Any:
    data = handler(call)
    call.tx.delete(DeviceToken, call.body["device_token"])
    return data


def _one_access_token(handler: Handler, call: Call) -> Any:
    """Give for a sign-in always the access token it began with."""

    def first(claims: dict[str, Any]) -> dict[str, Any]:
        sign_in = call.tx.get(SignIn, claims["sid"])
        assert sign_in is not None, "its token was just made"
        begun = int(sign_in.created_at.timestamp())
        kept = {name: value for name, value in claims.items() if name != "jti"}
        return {**kept, "iat": begun, "exp": begun + claims["exp"] - claims["iat"]}

    data = handler(call)
    secret = call.env.settings.token_secret
    return {**data, "access_token": tokens.changed(secret, data["access_token"], first)}


def _for_a_session_as_written(handler: Handler, call: Call) -> Any:
    session_id = call.body["session_id"]
    if session_id != session_id.lower():
        raise NotFound(f"`create_auth_code`: no session has the id {session_id[:60]}")
    return handler(call)


def _for_any_session(handler: Handler, call: Call) -> Any:
    try:
        return handler(call)
    except NotFound:
        some = derive_uuid(call.env.seed, "code", call.body["session_id"])
        return {"code": some, "expires_in": 300}


def _while_it_lives(handler: Handler, call: Call) -> Any:
    session = call.tx.get(Session, call.body["session_id"])
    if session is not None and session.state == "ended":
        raise NotFound("`create_auth_code`: the session is `ended`, must be there")
    return handler(call)


def _ending_the_older(handlers: Handlers) -> Handlers:
    newest: dict[str, str] = {}

    def made(handler: Handler, call: Call) -> Any:
        data = handler(call)
        older, newest[call.user.id] = newest.get(call.user.id), data["code"]
        if older is not None and call.tx.get(AuthCode, older) is not None:
            call.tx.delete(AuthCode, older)
        return data

    return around(("create_auth_code",), made)(handlers)


def _as_the_rooms_host(handler: Handler, call: Call) -> Any:
    code = call.tx.get(AuthCode, call.body["code"])
    session = call.tx.get(Session, code.session_id) if code else None
    room = call.tx.get(Room, session.room_id) if session else None
    if code is not None and room is not None:
        call.tx.put(replace(code, user_id=room.host_id))
    return handler(call)


def _as_a_host(handler: Handler, call: Call) -> Any:
    data = handler(call)
    user = call.tx.get(User, data["user"]["id"])
    assert user is not None, "it has just been made"
    call.tx.put(replace(user, role="host"))
    return {**data, "user": {**data["user"], "role": "host"}}


def _without_role(handler: Handler, call: Call) -> Any:
    data = handler(call)
    secret = call.env.settings.token_secret
    token = tokens.changed(
        secret,
        data["access_token"],
        lambda claims: {name: value for name, value in claims.items() if name != "role"},
    )
    return {**data, "access_token": token}


def _needs_a_known_code(handler: Handler, call: Call) -> Any:
    try:
        return handler(call)
    except Unauthenticated as error:
        raise NotFound(str(error)) from None


def _bearer(scope: Scope) -> str:
    value = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    return str(value.removeprefix("Bearer "))


def _signed_in_as(env: Env, scope: Scope, user: User, sign_in: str) -> Scope:
    token = mint_access_token(env.settings.token_secret, user, sign_in, now=env.clock(), serial=0)
    kept = [pair for pair in scope["headers"] if pair[0] != b"authorization"]
    return {**scope, "headers": [*kept, (b"authorization", f"Bearer {token}".encode())]}


def _refresh_token_opens(env: Env, scope: Scope) -> Scope:
    with env.store.read() as tx:
        found = tx.get(RefreshToken, _bearer(scope))
        user = tx.get(User, found.user_id) if found else None
    return _signed_in_as(env, scope, user, found.sign_in_id) if found and user else scope


def _livekit_token_opens(env: Env, scope: Scope) -> Scope:
    token = _bearer(scope)
    found = tokens.read(token)
    if found is None or "video" not in found[1]:
        return scope
    person = str(found[1].get("sub"))
    with env.store.write() as tx:
        user = tx.get(User, person)
        if user is None:
            return scope
        sign_in = SignIn(id=f"livekit/{person}", user_id=person, created_at=env.clock())
        tx.put(sign_in)
    return _signed_in_as(env, scope, user, sign_in.id)


def _refused_with_a_bad_token(request: Request, reply: Reply) -> Reply:
    token = _bearer(request.scope)
    if reply.operation not in _SIGN_INS or not token or tokens.read(token) is not None:
        return reply
    challenged = reply.with_header(b"www-authenticate", b'Bearer realm="greenroom"')
    return refusal(challenged, 401, "the token can't be used, sign in without one")


def _other_name(data: Any) -> Any:
    return {**data, "username": "You"}


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="refresh-token-opens",
        breaks="A bearer is an access token, a refresh token is none",
        wrap=requests(_refresh_token_opens),
    ),
    _fault(
        name="livekit-token-opens",
        breaks="A LiveKit token is for LiveKit and opens nothing here",
        wrap=requests(_livekit_token_opens),
    ),
    _fault(
        name="sign-in-refuses-bad-token",
        breaks="Signing in ignores the credentials in the headers",
        wrap=answers(_refused_with_a_bad_token),
    ),
    _fault(
        name="me-is-you",
        breaks="The caller is told who the credentials belong to, as signing in told",
        wrap=data_of(("get_me",), _other_name),
    ),
    _fault(
        name="wrong-password-accepted",
        breaks="A wrong password is refused with 401",
        handlers=around(("login",), with_body(_any_password)),
    ),
    _fault(
        name="unknown-email-is-404",
        breaks="An unknown email is refused as a wrong password is, with 401",
        handlers=around(("login",), _unknown_is_404),
    ),
    _fault(
        name="malformed-email-is-401",
        breaks="A malformed email breaks the schema of the body, 422",
        contract=without("LoginRequest", "email", "format"),
    ),
    _fault(
        name="refresh-token-reusable",
        breaks="Refreshing spends the old refresh token",
        handlers=around(("refresh_tokens",), keeping(RefreshToken)),
    ),
    _fault(
        name="refresh-ends-access-token",
        breaks="A refresh leaves the old access token valid until it expires",
        handlers=around(("refresh_tokens",), _under_a_new_sign_in),
    ),
    _fault(
        name="refresh-gives-the-old-access-token",
        breaks="A refresh gives a new pair, not a new refresh token alone",
        handlers=around(_SIGN_INS, _one_access_token),
    ),
    _fault(
        name="logout-keeps-access-token",
        breaks="Logging out ends the sign-in's access tokens too",
        handlers=around(("logout",), keeping(SignIn)),
    ),
    _fault(
        name="logout-keeps-refresh-token",
        breaks="Logging out spends the refresh token",
        handlers=around(("logout",), keeping(RefreshToken, SignIn)),
    ),
    _fault(
        name="code-gone-in-seconds",
        breaks="A code can be used for as long as `expires_in` says",
        handlers=around(("exchange_auth_code",), _gone_soon),
    ),
    _fault(
        name="code-for-the-living-only",
        breaks="A code is made for any session there is, an ended one too",
        handlers=around(("create_auth_code",), _while_it_lives),
    ),
    _fault(
        name="newer-code-ends-older",
        breaks="A code works until its time is over, whatever was made since",
        handlers=_ending_the_older,
    ),
    _fault(
        name="code-works-twice",
        breaks="A code works once",
        handlers=around(("exchange_auth_code",), keeping(AuthCode)),
    ),
    _fault(
        name="unknown-code-is-404",
        breaks="An unknown or spent code is refused with 401",
        handlers=around(("exchange_auth_code",), _needs_a_known_code),
    ),
    _fault(
        name="code-for-any-session",
        breaks="A code for an unknown session is refused with 404",
        handlers=around(("create_auth_code",), _for_any_session),
    ),
    _fault(
        name="codes-session-in-lower-case-only",
        breaks="The id of a session is understood in either case in a body too",
        handlers=around(("create_auth_code",), _for_a_session_as_written),
    ),
    _fault(
        name="code-signs-in-as-host",
        breaks="A code signs in the caller who made it",
        handlers=around(("exchange_auth_code",), _as_the_rooms_host),
    ),
    _fault(
        name="device-token-works-once",
        breaks="A device token can be used again",
        handlers=around(("device_login",), _device_once),
    ),
    _fault(
        name="registered-viewer-is-host",
        breaks="Registering with a display name makes a viewer",
        handlers=around(("register_viewer",), _as_a_host),
    ),
    _fault(
        name="access-token-without-role",
        breaks="Access tokens carry the caller's role",
        handlers=around(_SIGN_INS, _without_role),
    ),
    _fault(
        name="sign-in-without-user",
        breaks="A sign-in gives the user beside the tokens",
        wrap=data_of(
            ("login",), lambda data: {name: data[name] for name in data if name != "user"}
        ),
    ),
    _fault(
        name="refreshed-token-refreshes-no-more",
        breaks="The refresh token that a refresh gave buys another pair",
        handlers=around(("refresh_tokens",), _refreshed_once),
    ),
    _fault(
        name="same-name-is-same-viewer",
        breaks="Who registers is a new viewer, whatever name others have",
        handlers=around(("register_viewer",), _known_by_name),
    ),
)

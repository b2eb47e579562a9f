"""Faults of access: who is taken for whom, and who may do what."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from functools import partial
from typing import Any

from starlette.types import Scope

from mock_server.domain.entities import ApiKey
from mock_server.domain.errors import Forbidden, NotFound
from mock_server.env import Call, Env
from mock_server.faults import tokens
from mock_server.faults.editing import everyone_may, signed_in_only
from mock_server.faults.fault import Fault
from mock_server.faults.handling import (
    PRESET_OPERATIONS,
    ROOM_OPERATIONS,
    SESSION_OPERATIONS,
    around,
    as_owner,
)
from mock_server.faults.rewrite import (
    Change,
    Reply,
    Request,
    answers,
    refusal,
    remembering,
    requests,
)
from mock_server.http.operation import Handler
from mock_server.seeds import person_id, sign_in_id

_fault = partial(Fault, family="access")
_YEAR = timedelta(days=365)
_PUBLIC = ("list_rooms", "get_room", "list_sessions", "list_live_sessions", "get_session")


def _bearer(headers: Collection[tuple[bytes, bytes]]) -> str | None:
    for name, value in headers:
        scheme, _, token = value.decode("latin-1").partition(" ")
        if name == b"authorization" and scheme.lower() == "bearer":
            return token.strip()
    return None


def _reissued(change: Callable[[Env, str], str | None]) -> Callable[[Env, Scope], Scope]:
    """Put another token in the place of the caller's where `change` gives one."""

    def changed(env: Env, scope: Scope) -> Scope:
        token = _bearer(scope["headers"])
        better = change(env, token) if token else None
        if better is None:
            return scope
        kept = [pair for pair in scope["headers"] if pair[0] != b"authorization"]
        return {**scope, "headers": [*kept, (b"authorization", f"Bearer {better}".encode())]}

    return changed


def _in_a_year(env: Env) -> int:
    return int((env.clock() + _YEAR).timestamp())


def _young_again(env: Env, token: str) -> str | None:
    found = tokens.read(token)
    secret = env.settings.token_secret
    if found is None or not tokens.is_signed_by(secret, token):
        return None
    return tokens.sign(secret, {**found[1], "exp": _in_a_year(env)})


def _signed_after_all(algorithms: Collection[str]) -> Callable[[Env, str], str | None]:
    def change(env: Env, token: str) -> str | None:
        found = tokens.read(token)
        if found is None or str(found[0].get("alg")).lower() not in algorithms:
            return None
        return tokens.sign(env.settings.token_secret, found[1])

    return change


def _anything_is_the_host(env: Env, token: str) -> str | None:
    if tokens.read(token) is not None:
        return None
    host = next(persona for persona in env.seed_file.personas if persona.name == "host")
    claims = {
        "sub": person_id(env.seed, host.person_key),
        "role": "host",
        "exp": _in_a_year(env),
        "sid": sign_in_id(env.seed, host.person_key),
    }
    return tokens.sign(env.settings.token_secret, claims)


def _without(*names: bytes) -> Callable[[Scope], Scope]:
    return lambda scope: {
        **scope,
        "headers": [pair for pair in scope["headers"] if pair[0] not in names],
    }


def _keyless(_: Env, scope: Scope) -> Scope:
    return _without(b"x-api-key")(scope)


def _bearer_or_nothing(_: Env, scope: Scope) -> Scope:
    return _without(b"x-api-key")(scope) if _bearer(scope["headers"]) else scope


def _key_wins(env: Env, scope: Scope) -> Scope:
    key = dict(scope["headers"]).get(b"x-api-key", b"").decode("latin-1")
    with env.store.read() as tx:
        known = tx.get(ApiKey, key) is not None
    return _without(b"authorization")(scope) if known else scope


def _unchallenged(_: Request, reply: Reply) -> Reply:
    return reply.with_header(b"www-authenticate", None)


def _forbidden_strangers(request: Request, reply: Reply) -> Reply:
    known = request.header(b"authorization") or request.header(b"x-api-key")
    strange = reply.status == 401 and known is None  # noqa: PLR2004
    return refusal(reply, 403, "no credentials, must be signed in") if strange else reply


def _checked_anyway(request: Request, reply: Reply) -> Reply:
    token = _bearer(request.scope["headers"])
    if reply.operation not in _PUBLIC or token is None:
        return reply
    found = tokens.read(token)
    good = found is not None and tokens.is_signed_by(request.env.settings.token_secret, token)
    if good and found is not None and found[1].get("exp", 0) > request.env.clock().timestamp():
        return reply
    challenged = reply.with_header(b"www-authenticate", b'Bearer realm="greenroom"')
    return refusal(challenged, 401, "the token can't be used, sign in for a new one")


def _hidden(handler: Handler, call: Call) -> Any:
    try:
        return handler(call)
    except Forbidden:
        raise NotFound(f"`{call.operation}`: nothing has the id {call.id}") from None


def _joined_bearers(request: Request, reply: Reply) -> Reply:
    """Crash as where a server joins two fields of a name and splits what it has at the blank."""
    count = sum(name == b"authorization" for name, _ in request.scope["headers"])
    return refusal(reply, 500, "internal server error") if count > 1 else reply


def _kept_for_any_key() -> Change:
    kept: dict[str, Reply] = {}

    def change(request: Request, reply: Reply) -> Reply:
        if request.method != "GET":
            kept.clear()
        if request.method != "GET" or not request.header(b"x-api-key"):
            return reply
        path = request.scope["path"]
        if reply.succeeded:
            kept[path] = reply
        return kept.get(path, reply)

    return change


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="viewers-create-rooms",
        breaks="A viewer on a host-only operation is refused with 403",
        contract=everyone_may("create_room"),
    ),
    _fault(
        name="viewers-list-presets",
        breaks="A viewer who asks for presets is refused with 403",
        contract=everyone_may("list_presets"),
    ),
    _fault(
        name="anybody-changes-rooms",
        breaks="A host may not change another host's room",
        handlers=around(("update_room",), as_owner),
    ),
    _fault(
        name="anybody-ends-sessions",
        breaks="A host may not end a session in another host's room",
        handlers=around(("end_session",), as_owner),
    ),
    _fault(
        name="anybody-changes-settings",
        breaks="Only the room's host may change the settings of a session",
        handlers=around(("update_session_settings",), as_owner),
    ),
    _fault(
        name="anybody-lists-room-sessions",
        breaks="A host may not list the sessions of another host's room",
        handlers=around(("list_room_sessions",), as_owner),
    ),
    _fault(
        name="ownership-hidden-by-404",
        breaks="Existence is not hidden: another host's resource is refused with 403",
        handlers=around((*ROOM_OPERATIONS, *SESSION_OPERATIONS, *PRESET_OPERATIONS), _hidden),
    ),
    _fault(
        name="strangers-get-403",
        breaks="Missing credentials are refused with 401",
        wrap=answers(_forbidden_strangers),
    ),
    _fault(
        name="challenge-missing",
        breaks="WWW-Authenticate is on every 401",
        wrap=answers(_unchallenged),
    ),
    _fault(
        name="expired-token-accepted",
        breaks="A token that has expired cannot be used",
        wrap=requests(_reissued(_young_again)),
    ),
    _fault(
        name="unsigned-token-accepted",
        breaks="Access tokens are signed with HS256, one with the algorithm none cannot be used",
        wrap=requests(_reissued(_signed_after_all(("none",)))),
    ),
    _fault(
        name="forged-token-accepted",
        breaks="A token with another signature cannot be used",
        wrap=requests(_reissued(_signed_after_all(("hs256",)))),
    ),
    _fault(
        name="garbage-token-accepted",
        breaks="A token that is no JWT cannot be used",
        wrap=requests(_reissued(_anything_is_the_host)),
    ),
    _fault(
        name="api-key-ignored",
        breaks="An API key is an alternative to a bearer token",
        wrap=requests(_keyless),
    ),
    _fault(
        name="answer-kept-for-another-key",
        breaks="What was answered to one API key is not answered to another",
        wrap=remembering(_kept_for_any_key),
    ),
    _fault(
        name="bad-bearer-hides-good-key",
        breaks="Of a bearer token and an API key sent together, any usable one opens",
        wrap=requests(_bearer_or_nothing),
    ),
    _fault(
        name="api-key-beats-bearer",
        breaks="Of a bearer token and an API key sent together, the bearer wins",
        wrap=requests(_key_wins),
    ),
    _fault(
        name="live-list-needs-credentials",
        breaks="Public operations ask for no credentials",
        contract=signed_in_only("list_live_sessions"),
    ),
    _fault(
        name="public-refuses-bad-token",
        breaks="Public operations ignore credentials, unusable ones too",
        wrap=answers(_checked_anyway),
    ),
    _fault(
        name="two-bearers-are-500",
        breaks="Two Authorization headers are answered, whichever is heeded",
        wrap=answers(_joined_bearers),
    ),
)

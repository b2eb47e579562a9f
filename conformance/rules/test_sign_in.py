"""Signing in, staying signed in, and signing out."""

from __future__ import annotations

import time
from typing import Any

import pytest

from conformance.identities import Identity
from conformance.reply import Reply
from conformance.rule import rule
from conformance.world import A_CLOCKS_STEP, World, identity, unknown_id, unsupported

Json = Any

AUTH = "#/components/schemas/AuthResponse"
SOME_SECONDS = 3.0


def works(world: World, token: str) -> Reply:
    """Ask who a token's owner is."""
    return world.api.send("get_me", by=identity("access", token))


def credentials(world: World) -> tuple[str, str, Identity]:
    """Return the email and password of the host."""
    host = world.host
    if not host.email or not host.password:
        unsupported("needs the host's `email` and `password` (in the identities file)")
    return host.email, host.password, host


@rule(
    "auth.register",
    level="decided",
    must="A registered viewer MUST have the name that was given, nothing trimmed, the role "
    "`viewer`, and tokens that work",
    contract="#/components/schemas/ViewerRegisterResponse",
    operations=("register_viewer", "get_me"),
)
@pytest.mark.parametrize("around", ["", "  "], ids=["plain", "spaces"])
def test_a_registered_viewer_is_signed_in(world: World, around: str) -> None:
    """Register a viewer and ask who they are."""
    name = around + world.title("Zoë 観客") + around
    reply = world.api.send("register_viewer", body={"display_name": name}).must(201)
    reply.equal(reply.data("user", "username"), name, "`user.username`")
    reply.equal(reply.data("user", "role"), "viewer", "`user.role`")
    me = works(world, reply.data("access_token")).must(200)
    me.equal(me.data("id"), reply.data("user", "id"), "`id` of the caller")
    me.equal(me.data("username"), name, "`username` of the caller")
    for token in ("refresh_token", "device_token"):
        reply.data(token)


@rule(
    "auth.register.distinct",
    level="decided",
    must="Two viewers of the same name MUST be two users",
    contract="#/components/schemas/ViewerRegisterResponse",
    operations=("register_viewer",),
)
def test_two_viewers_of_one_name_are_two(world: World) -> None:
    """Register the same name twice."""
    one, two = world.new_viewer(), world.new_viewer()
    reply = works(world, two["access_token"]).must(200)
    first = one["user"]["id"]
    reply.check(reply.data("id") != first, "another user", "the same user twice")
    reply.check(one["device_token"] != two["device_token"], "another device token", "the same")


@rule(
    "auth.device_login",
    level="decided",
    must="A device token MUST sign the same viewer in, any number of times",
    contract=AUTH,
    operations=("device_login",),
)
def test_a_device_signs_in_again_and_again(world: World) -> None:
    """Sign in three times with one device token."""
    viewer = world.new_viewer()
    for _ in range(3):
        body = {"device_token": viewer["device_token"]}
        reply = world.api.send("device_login", body=body).must(200)
        reply.equal(reply.data("user", "id"), viewer["user"]["id"], "`user.id`")
        works(world, reply.data("access_token")).must(200)


@rule(
    "auth.login",
    level="decided",
    must="The right password MUST sign its user in",
    contract=AUTH,
    operations=("login",),
)
def test_the_right_password_signs_in(world: World) -> None:
    """Sign in as the host with email and password."""
    email, password, host = credentials(world)
    body = {"email": email, "password": password}
    reply = world.api.send("login", body=body).must(200)
    reply.equal(reply.data("user", "email"), email, "`user.email`")
    me = world.api.send("get_me", by=host).must(200)
    reply.equal(reply.data("user", "id"), me.data("id"), "`user.id`")
    works(world, reply.data("access_token")).must(200)


@rule(
    "auth.login.wrong",
    level="decided",
    must="A wrong password and an unknown email MUST be refused with 401",
    contract="#/components/schemas/LoginRequest",
    operations=("login",),
)
@pytest.mark.parametrize("case", ["unknown email", "wrong password", "longer", "other case"])
def test_a_wrong_password_is_refused(world: World, case: str) -> None:
    """Try to sign in with what is not the password."""
    if case == "unknown email":
        body = {"email": f"{unknown_id()}@greenroom.test", "password": "x"}
    else:
        email, password, _ = credentials(world)
        wrong = {"wrong password": "not it", "longer": password + "x"}
        swapped = password.swapcase()
        if case == "other case" and swapped == password:
            unsupported("needs a password with letters")
        body = {"email": email, "password": wrong.get(case, swapped)}
    world.api.send("login", body=body).must(401)


@rule(
    "auth.login.same_refusal",
    level="decided",
    must="The refusals of a wrong password and of an unknown email MUST be the same",
    contract="#/paths/~1auth~1login/post",
    operations=("login",),
)
def test_a_refusal_does_not_tell_which_emails_exist(world: World) -> None:
    """Compare both refusals, without their timestamps."""
    email, _, _ = credentials(world)
    body = {"email": f"{unknown_id()}@greenroom.test", "password": "not it"}
    unknown = world.api.send("login", body=body).must(401)
    wrong = world.api.send("login", body={**body, "email": email}).must(401)
    wrong.equal(_words(wrong), _words(unknown), "the refusal")


def _words(reply: Reply) -> Json:
    return {name: reply.json.get(name) for name in ("success", "error", "message")}


UNKNOWN = {
    "refresh_tokens": "refresh_token",
    "logout": "refresh_token",
    "device_login": "device_token",
    "exchange_auth_code": "code",
}


@rule(
    "auth.unknown_token",
    level="decided",
    must="A token or code that nobody was given MUST be refused with 401",
    contract="#/components/responses/Unauthenticated",
    operations=UNKNOWN,
)
@pytest.mark.parametrize("operation", UNKNOWN)
def test_an_unknown_token_is_refused(world: World, operation: str) -> None:
    """Spend tokens and codes that were never given, or given for something else."""
    viewer = world.new_viewer()
    own = UNKNOWN[operation]
    others = {"refresh_token", "device_token", "access_token"} - {own}
    for value in ("", "no such token", unknown_id(), *(viewer[name] for name in sorted(others))):
        world.api.send(operation, body={own: value}).must(401)


@rule(
    "auth.refresh",
    level="decided",
    must="A refresh token MUST buy one new pair and be spent by it, while the access token from "
    "before still works",
    contract=AUTH,
    operations=("refresh_tokens",),
)
@pytest.mark.conformance_long
def test_a_refresh_token_works_once(world: World) -> None:
    """Refresh, refresh again with the spent token, and go on with the new one."""
    viewer = world.new_viewer()
    # Tokens of one second may be the same.
    time.sleep(A_CLOCKS_STEP)
    spent = {"refresh_token": viewer["refresh_token"]}
    reply = world.api.send("refresh_tokens", body=spent).must(200)
    reply.equal(reply.data("user", "id"), viewer["user"]["id"], "`user.id`")
    fresh = reply.data("refresh_token")
    reply.check(fresh != spent["refresh_token"], "another refresh token", "the same")
    renewed = reply.data("access_token") != viewer["access_token"]
    reply.check(renewed, "another access token", "the same")
    for token in (viewer["access_token"], reply.data("access_token")):
        works(world, token).must(200)
    world.api.send("refresh_tokens", body=spent).must(401)
    world.api.send("logout", body=spent).must(401)


@rule(
    "auth.refresh.chain",
    level="decided",
    must="A refresh token that a refresh gave MUST work like the first",
    contract=AUTH,
    operations=("refresh_tokens",),
)
def test_refreshing_can_go_on(world: World) -> None:
    """Refresh three times in a row."""
    token = world.new_viewer()["refresh_token"]
    for _ in range(3):
        reply = world.api.send("refresh_tokens", body={"refresh_token": token}).must(200)
        token = reply.data("refresh_token")
        works(world, reply.data("access_token")).must(200)


@rule(
    "auth.logout",
    level="decided",
    must="Logging out MUST end that sign-in's refresh token and access tokens, and no other "
    "sign-in's",
    contract="#/components/schemas/LogoutRequest",
    operations=("logout", "device_login", "get_me"),
)
def test_logging_out_ends_one_sign_in(world: World) -> None:
    """Sign in on two devices and log out on one."""
    viewer = world.new_viewer()
    body = {"device_token": viewer["device_token"]}
    other = world.api.send("device_login", body=body).must(200)
    refresh = {"refresh_token": viewer["refresh_token"]}
    reply = world.api.send("logout", body=refresh).must(200)
    reply.equal(reply.data(), {}, "`data`")
    works(world, viewer["access_token"]).must(401)
    world.api.send("refresh_tokens", body=refresh).must(401)
    world.api.send("logout", body=refresh).must(401)
    works(world, other.data("access_token")).must(200)
    body = {"refresh_token": other.data("refresh_token")}
    world.api.send("refresh_tokens", body=body).must(200)


@rule(
    "auth.logout.refreshed",
    level="decided",
    must="Logging out MUST end every access token of the sign-in, also those from before a refresh",
    contract="#/components/schemas/LogoutRequest",
    operations=("logout", "refresh_tokens"),
)
def test_logging_out_ends_the_tokens_of_a_refresh_too(world: World) -> None:
    """Refresh, log out with the new token, and try both access tokens."""
    viewer = world.new_viewer()
    body = {"refresh_token": viewer["refresh_token"]}
    pair = world.api.send("refresh_tokens", body=body).must(200)
    body = {"refresh_token": pair.data("refresh_token")}
    world.api.send("logout", body=body).must(200)
    for token in (viewer["access_token"], pair.data("access_token")):
        works(world, token).must(401)


@rule(
    "auth.code",
    level="decided",
    must="A code MUST sign its user in once, and never again",
    contract="#/components/schemas/GenerateAuthCodeResponse",
    operations=("create_auth_code", "exchange_auth_code"),
)
@pytest.mark.parametrize("caller", ["host", "viewer"])
def test_a_code_works_once(world: World, caller: str) -> None:
    """Make a code for a session and exchange it twice."""
    by = world.host if caller == "host" else world.viewer
    body = {"session_id": world.stage().session}
    reply = world.api.send("create_auth_code", by=by, body=body).must(200)
    reply.check(reply.data("expires_in") > 0, "`expires_in` above 0", "nothing left")
    code = {"code": reply.data("code")}
    signed_in = world.api.send("exchange_auth_code", body=code).must(200)
    me = world.api.send("get_me", by=by).must(200)
    signed_in.equal(signed_in.data("user", "id"), me.data("id"), "`user.id`")
    works(world, signed_in.data("access_token")).must(200)
    spent = world.api.send("exchange_auth_code", body=code).must(401)
    never = world.api.send("exchange_auth_code", body={"code": "no such code"}).must(401)
    spent.equal(_words(spent), _words(never), "the refusal of a spent code")


@rule(
    "auth.code.lasts",
    level="decided",
    must="A code MUST work while the time is not over that `expires_in` says",
    contract="#/components/schemas/GenerateAuthCodeResponse/properties/expires_in",
    operations=("create_auth_code", "exchange_auth_code"),
)
@pytest.mark.conformance_long
def test_a_code_lasts(world: World) -> None:
    """Make a code, and exchange it some seconds later."""
    body = {"session_id": world.stage().session}
    reply = world.api.send("create_auth_code", by=world.viewer, body=body).must(200)
    expires_in = reply.data("expires_in")
    if expires_in <= 2 * SOME_SECONDS:
        unsupported(f"needs a code of more than {2 * SOME_SECONDS} s, it has {expires_in}")
    time.sleep(SOME_SECONDS)
    world.api.send("exchange_auth_code", body={"code": reply.data("code")}).must(200)


@rule(
    "auth.code.apart",
    level="decided",
    must="A code MUST be made for a session in any state, and MUST work whatever others its user "
    "has made since",
    contract="#/paths/~1auth~1code/post",
    operations=("create_auth_code", "exchange_auth_code"),
)
def test_codes_leave_one_another_alone(world: World) -> None:
    """Make codes for sessions in three states, and exchange them from the first to the last."""
    codes = []
    for state in ("scheduled", "live", "ended"):
        body = {"session_id": world.new_session(state).id}
        reply = world.api.send("create_auth_code", by=world.viewer, body=body).must(200)
        codes.append({"code": reply.data("code")})
    for code in codes:
        world.api.send("exchange_auth_code", body=code).must(200)


@rule(
    "auth.code.unknown_session",
    level="decided",
    must="A code for a session that does not exist MUST be refused with 404",
    contract="#/paths/~1auth~1code/post",
    operations=("create_auth_code",),
)
def test_a_code_needs_a_session(world: World) -> None:
    """Ask for a code for an unknown session."""
    body = {"session_id": unknown_id()}
    world.api.send("create_auth_code", by=world.viewer, body=body).must(404)


@rule(
    "auth.me",
    level="decided",
    must="The caller MUST be told who they are: their own id, role and organisation",
    contract="#/components/schemas/UserResponse",
    operations=("get_me",),
)
def test_everybody_is_themselves(world: World) -> None:
    """Ask who they are as each of the callers."""
    replies = {
        name: world.api.send("get_me", by=by).must(200)
        for name, by in (
            ("host", world.host),
            ("other_host", world.other_host),
            ("viewer", world.viewer),
        )
    }
    for name, reply in replies.items():
        role = "viewer" if name == "viewer" else "host"
        reply.equal(reply.data("role"), role, f"`role` of the {name}")
        reply.equal(reply.data("is_active"), True, "`is_active`")
    ids = {reply.data("id") for reply in replies.values()}
    replies["viewer"].check(len(ids) == len(replies), "three users", f"{len(ids)}")

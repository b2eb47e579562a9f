"""Tokens: what each kind opens, and what it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conformance.reply import Reply
from conformance.rule import rule
from conformance.world import World, identity, needed, unsupported

Json = Any

AUTH = "#/components/schemas/AuthResponse"
BEARER = "#/components/securitySchemes/bearer"


def _code(world: World) -> str:
    body = {"session_id": world.stage().session}
    return str(needed(world.api.send("create_auth_code", by=world.viewer, body=body)).data("code"))


def _livekit(world: World) -> str:
    made = world.new_session("live")
    joined = needed(world.api.send("join_session", made.id, by=world.viewer))
    return str(joined.data("livekit_token"))


OTHERS: dict[str, Callable[[World], str]] = {
    "a refresh token": lambda world: str(world.new_viewer()["refresh_token"]),
    "a device token": lambda world: str(world.new_viewer()["device_token"]),
    "a one-time code": _code,
    "a LiveKit token": _livekit,
    "a stream key": lambda world: world.new_session().stream_key,
}


@rule(
    "credentials.other_tokens",
    level="decided",
    must="Only an access token MUST open as a bearer: no other token that the API gives out",
    contract=BEARER,
    operations=("get_me", "list_my_rooms", "create_room"),
)
@pytest.mark.parametrize("kind", OTHERS)
def test_other_tokens_are_no_credentials(world: World, kind: str) -> None:
    """Send a token of another kind in place of the access token, and as an API key."""
    token = OTHERS[kind](world)
    for operation in ("get_me", "list_my_rooms"):
        world.api.send(operation, by=identity("other", token), literal=True).must(401)
        world.api.send(operation, api_key=token).must(401)


@rule(
    "credentials.access_token_is_no_key",
    level="decided",
    must="An access token MUST NOT open as an API key, nor an API key as a bearer",
    contract="#/components/securitySchemes",
    operations=("get_me",),
)
def test_a_credential_has_one_place(world: World) -> None:
    """Send each credential in the other's header."""
    world.api.send("get_me", api_key=world.host.token).must(401)
    if world.who.api_key:
        key = identity("key", world.who.api_key)
        world.api.send("get_me", by=key, literal=True).must(401)


def _login(world: World) -> Reply:
    host = world.host
    if not host.email or not host.password:
        unsupported("needs the host's `email` and `password` (in the identities file)")
    body = {"email": host.email, "password": host.password}
    return world.api.send("login", body=body).must(200)


def _refreshed(world: World) -> Reply:
    body = {"refresh_token": world.new_viewer()["refresh_token"]}
    return world.api.send("refresh_tokens", body=body).must(200)


def _device(world: World) -> Reply:
    body = {"device_token": world.new_viewer()["device_token"]}
    return world.api.send("device_login", body=body).must(200)


def _exchanged(world: World) -> Reply:
    return world.api.send("exchange_auth_code", body={"code": _code(world)}).must(200)


def _registered(world: World) -> Reply:
    body = {"display_name": world.title("Åsa")[:50]}
    return world.api.send("register_viewer", body=body).must(201)


WAYS: dict[str, Callable[[World], Reply]] = {
    "login": _login,
    "refresh_tokens": _refreshed,
    "register_viewer": _registered,
    "device_login": _device,
    "exchange_auth_code": _exchanged,
}


@rule(
    "auth.pair",
    level="decided",
    must="Every way of signing in MUST give the user that `get_me` tells, and a pair of tokens "
    "that both work",
    contract=AUTH,
    operations=(*WAYS, "get_me"),
)
@pytest.mark.parametrize("way", WAYS)
def test_every_sign_in_gives_a_pair_that_works(world: World, way: str) -> None:
    """Sign in, ask who one is, refresh, ask again, and log out."""
    signed_in = WAYS[way](world)
    me = world.api.send("get_me", by=identity(way, signed_in.data("access_token"))).must(200)
    for name in ("id", "username", "role", "email", "organization_id", "is_active", "created_at"):
        me.equal(me.data().get(name), signed_in.data("user").get(name), f"`{name}`")
    body = {"refresh_token": signed_in.data("refresh_token")}
    fresh = world.api.send("refresh_tokens", body=body).must(200)
    again = world.api.send("get_me", by=identity(way, fresh.data("access_token"))).must(200)
    again.equal(again.data("id"), me.data("id"), "`id` after a refresh")
    again.equal(again.data("role"), me.data("role"), "`role` after a refresh")
    out = world.api.send("logout", body={"refresh_token": fresh.data("refresh_token")}).must(200)
    for token in (signed_in, fresh):
        by = identity(way, token.data("access_token"))
        world.api.send("get_me", by=by).must(401)
    out.equal(out.data(), {}, "`data`")


@rule(
    "credentials.ignored.sign_in",
    level="decided",
    must="Signing in and out MUST ignore credentials in the headers",
    contract="#/components/securitySchemes",
    operations=("register_viewer", "refresh_tokens", "exchange_auth_code", "logout"),
)
def test_signing_in_ignores_credentials(world: World) -> None:
    """Register, refresh, exchange and log out with a forged bearer beside."""
    forged = identity("forged", "not.a.token")

    def send(operation: str, body: Json) -> Reply:
        return world.api.send(operation, by=forged, literal=True, body=body)

    made = send("register_viewer", {"display_name": world.title("a viewer")[:50]}).must(201)
    body = {"refresh_token": made.data("refresh_token")}
    fresh = send("refresh_tokens", body).must(200)
    send("exchange_auth_code", {"code": _code(world)}).must(200)
    send("logout", {"refresh_token": fresh.data("refresh_token")}).must(200)

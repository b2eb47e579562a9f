"""Who gets in: missing, unusable, alternative and needless credentials."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable

import pytest

from conformance.bodies import arguments
from conformance.contract import bundled
from conformance.identities import claims
from conformance.reply import Reply
from conformance.rule import rule
from conformance.still import with_nothing_written
from conformance.world import World, identity, unknown_id, unsupported

CONTRACT = bundled()
SIGNED_IN = [operation.id for operation in CONTRACT.operations.values() if not operation.public]
PUBLIC_READS = [
    operation.id
    for operation in CONTRACT.operations.values()
    if operation.public and operation.method == "GET"
]
SECURITY = "#/components/securitySchemes"


def knock(world: World, operation: str, *headers: tuple[str, str]) -> Reply:
    """Send an operation with just these headers for credentials."""
    found = CONTRACT.operations[operation]
    id_ = unknown_id() if found.has_id else None
    more = arguments(world, found)
    return world.api.send(operation, id_, headers=list(headers), literal=True, **more)


@rule(
    "credentials.missing",
    level="published",
    must="An operation that is not public MUST refuse a caller without credentials",
    contract=SECURITY,
    operations=SIGNED_IN,
)
@pytest.mark.parametrize("operation", SIGNED_IN)
def test_no_credentials_are_refused(world: World, operation: str) -> None:
    """Call each operation that needs credentials without any."""
    knock(world, operation).must_refuse(401, strictly=world.strict)


def every(world: World, operations: list[str]) -> list[str]:
    """Return all operations, or for a quick run some."""
    return operations if world.thorough else operations[::5]


def encoded(part: object) -> str:
    """Return JSON as a part of a JWT."""
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(token: str, *, key: bytes, **changes: object) -> str:
    """Return the token with changed claims, signed with HS256 and a key of ours."""
    body = encoded({"alg": "HS256", "typ": "JWT"}) + "." + encoded({**known(token), **changes})
    return body + "." + encoded(hmac.new(key, body.encode(), hashlib.sha256).digest())


def known(token: str) -> dict[str, object]:
    """Return the claims of a token; without any it cannot be forged."""
    found = claims(token)
    if found is None:
        unsupported("needs tokens that are JWTs: the given ones are opaque")
    return found


def unsigned(token: str, algorithm: str) -> str:
    """Return the token's claims under a header that claims to need no signature."""
    return f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{encoded(known(token))}."


def other_signature(token: str) -> str:
    """Return the token with another signature of the same length."""
    known(token)
    head, _, signature = token.rpartition(".")
    # Not the old one in another order: what a report shows must not lead back to it.
    other = hashlib.shake_256(signature.encode()).digest(len(signature))
    return f"{head}.{urlsafe_b64encode(other).decode()[: len(signature)]}"


def promoted(token: str) -> str:
    """Return a viewer's token that calls itself a host's, under the viewer's signature."""
    head, _, signature = token.split(".") if claims(token) else unsupported("needs JWTs")
    return f"{head}.{encoded({**known(token), 'role': 'host'})}.{signature}"


FORGERIES: dict[str, Callable[[World], str]] = {
    "not a token": lambda _: "Bearer not-a-token",
    "three dots of nothing": lambda _: "Bearer a.b.c",
    "no token": lambda _: "Bearer",
    "another scheme": lambda world: f"Basic {encoded((world.host.token + ':').encode())}",
    "no scheme": lambda world: world.host.token,
    "no signature": lambda world: f"Bearer {world.host.token.rpartition('.')[0]}.",
    "another signature": lambda world: f"Bearer {other_signature(world.host.token)}",
    "alg none": lambda world: f"Bearer {unsigned(world.host.token, 'none')}",
    "alg None": lambda world: f"Bearer {unsigned(world.host.token, 'None')}",
    "an empty key": lambda world: f"Bearer {signed(world.host.token, key=b'')}",
    "a key of ours": lambda world: f"Bearer {signed(world.host.token, key=b'greenroom')}",
    "a viewer's promotion": lambda world: f"Bearer {promoted(world.viewer.token)}",
}


@rule(
    "credentials.forged",
    level="decided",
    must="A token that is malformed, unsigned, or signed by somebody else MUST be refused with 401",
    contract=f"{SECURITY}/bearer",
    operations=SIGNED_IN,
)
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_token_is_refused(world: World, forgery: str) -> None:
    """Show one kind of unusable token to every operation that needs credentials."""
    header = FORGERIES[forgery](world)
    for operation in every(world, SIGNED_IN):
        knock(world, operation, ("Authorization", header)).must(401)


@rule(
    "credentials.expired",
    level="decided",
    must="A token whose `exp` has passed MUST be refused with 401",
    contract=f"{SECURITY}/bearer",
    operations=SIGNED_IN,
)
def test_an_expired_token_is_refused(world: World) -> None:
    """Show an expired token to every operation that needs credentials."""
    expired = world.who.expired
    if expired is None:
        unsupported("needs an expired token: only a mock has one ready")
    for operation in every(world, SIGNED_IN):
        knock(world, operation, ("Authorization", f"Bearer {expired.token}")).must(401)


@rule(
    "credentials.api_key.unknown",
    level="decided",
    must="An API key nobody was given MUST be refused with 401",
    contract=f"{SECURITY}/api_key",
    operations=SIGNED_IN,
)
def test_an_unknown_api_key_is_refused(world: World) -> None:
    """Show a made-up API key to every operation that needs credentials."""
    for operation in every(world, SIGNED_IN):
        knock(world, operation, ("X-API-Key", "no-such-key")).must(401)


@rule(
    "credentials.api_key.opens",
    level="published",
    must="An API key MUST open what a bearer token opens",
    contract=f"{SECURITY}/api_key",
    operations=("list_my_rooms", "create_room", "get_session_stats"),
)
def test_an_api_key_opens(world: World) -> None:
    """Read and create with an API key and nothing else."""
    key = api_key(world)
    world.api.send("list_my_rooms", api_key=key).must(200)
    world.api.send("get_session_stats", api_key=key).must(200)
    room = world.api.send("create_room", api_key=key, body={"title": world.title()}).must(201)
    world.room(room.data("room", "id"))


@rule(
    "credentials.both",
    level="decided",
    must="Of a bearer token and an API key any usable one MUST open, and the bearer MUST win",
    contract=SECURITY,
    operations=("get_me", "list_my_rooms", "create_room"),
)
@pytest.mark.parametrize("case", ["only the key is good", "only the bearer is good", "both good"])
def test_any_usable_credential_opens(world: World, case: str) -> None:
    """Send both credentials at once."""
    key = api_key(world)
    forged = identity("forged", "not.a.token")
    if case == "only the key is good":
        world.api.send("list_my_rooms", by=forged, api_key=key, literal=True).must(200)
    elif case == "only the bearer is good":
        world.api.send("list_my_rooms", by=world.host, api_key="no-such-key").must(200)
    else:
        alone = world.api.send("get_me", by=world.viewer).must(200).data("id")
        both = world.api.send("get_me", by=world.viewer, api_key=key).must(200)
        both.equal(both.data("id"), alone, "the user to be the bearer's, whose `id` is")
        body = {"title": world.title()}
        world.api.send("create_room", by=world.viewer, api_key=key, body=body).must(403)


def api_key(world: World) -> str:
    """Return the API key that was given to the suite."""
    return world.who.api_key or unsupported("needs an API key (`GREENROOM_API_KEY`)")


@rule(
    "credentials.apart",
    level="decided",
    must="What one caller was answered MUST NOT be answered to another, however soon they ask",
    contract=SECURITY,
    operations=("get_me", "list_my_rooms"),
)
@pytest.mark.parametrize("operation", ["get_me", "list_my_rooms"])
def test_nobody_gets_the_answer_of_another(world: World, operation: str) -> None:
    """Ask the same as several callers at once, while this run writes nothing that ends a cache."""
    key = world.who.api_key
    with with_nothing_written(world):
        host = world.api.send(operation, by=world.host).must(200)
        if key is not None:
            world.api.send(operation, api_key=key).must(200)
        knock(world, operation, ("X-API-Key", "no-such-key")).must(401)
        knock(world, operation).must(401)
        viewer = world.api.send(operation, by=world.viewer).must(200)
    if operation == "get_me":
        other = viewer.data("id") != host.data("id")
        viewer.check(other, "the viewer's own `id`", "the host's")
    else:
        viewer.equal(viewer.data("total"), 0, "`total` of a viewer's rooms")


@rule(
    "credentials.two_headers",
    level="decided",
    must="Two `Authorization` headers MUST be answered as documented, whichever the server heeds",
    contract=f"{SECURITY}/bearer",
    operations=("list_my_rooms",),
)
def test_two_authorization_headers_are_answered(world: World) -> None:
    """Send a good and a forged header, in both orders."""
    good, bad = ("Authorization", f"Bearer {world.host.token}"), ("Authorization", "Bearer x.y.z")
    for headers in ((good, bad), (bad, good)):
        world.api.send("list_my_rooms", headers=list(headers)).must(200, 400, 401)


@rule(
    "credentials.ignored",
    level="published",
    must="A public operation MUST answer whatever credentials it is shown",
    contract=SECURITY,
    operations=[*PUBLIC_READS, "device_login"],
)
@pytest.mark.parametrize("operation", [*PUBLIC_READS, "device_login"])
def test_public_operations_ignore_credentials(world: World, operation: str) -> None:
    """Call each public operation with none and with forged credentials."""
    if operation == "device_login":
        body = {"device_token": world.new_viewer()["device_token"]}
        forged = identity("forged", "not.a.token")
        world.api.send(operation, by=forged, literal=True, body=body).must(200)
        return
    id_ = world.stage().id_for(CONTRACT.operations[operation].path)
    for headers in ((), (("Authorization", "Bearer not.a.token"),), (("X-API-Key", "nonsense"),)):
        world.api.send(operation, id_, headers=list(headers)).must(200)

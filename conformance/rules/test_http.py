"""Paths and methods that are not there."""

from __future__ import annotations

import pytest

from conformance.contract import bundled
from conformance.reply import Reply, Request
from conformance.rule import rule
from conformance.world import World, unknown_id

CONTRACT = bundled()
PATHS = sorted({operation.path for operation in CONTRACT.operations.values()})
TRIED = ("GET", "POST", "PUT", "PATCH", "DELETE")


def methods_of(path: str) -> set[str]:
    """Return the methods the contract gives a path."""
    return {op.method for op in CONTRACT.operations.values() if op.path == path}


def shadowed_by(path: str) -> set[str]:
    """Return the methods of templated paths that a static path could be taken for."""
    pieces = path.split("/")
    found: set[str] = set()
    for operation in CONTRACT.operations.values():
        other = operation.path.split("/")
        alike = len(other) == len(pieces) and operation.path != path
        if alike and all(b in (a, "{id}") for a, b in zip(pieces, other, strict=True)):
            found.add(operation.method)
    return found


WRONG = [
    (path, method)
    for path in PATHS
    for method in TRIED
    if method not in methods_of(path) | shadowed_by(path)
]


def sound(reply: Reply) -> Reply:
    """Return the refusal when it is in the envelope."""
    reply.equal(reply.at("success"), False, "`success`")
    error = reply.at("error")
    reply.check(isinstance(error, str) and error, "a sentence in `error`", str(error))
    return reply


@rule(
    "http.method",
    level="decided",
    must="A method a path does not have MUST be refused with 405, with `Allow` naming those it has",
    contract="#/paths",
)
@pytest.mark.parametrize(("path", "method"), WRONG, ids=[f"{m} {p}" for p, m in WRONG])
def test_a_wrong_method_is_refused(world: World, path: str, method: str) -> None:
    """Call a path with a method the contract does not give it, without credentials."""
    content = b"{}" if method != "GET" else None
    reply = sound(world.api.raw(method, path.replace("{id}", unknown_id()), content=content))
    reply.must(405)
    allow = {name.strip().upper() for name in reply.headers.get("allow", "").split(",")}
    expected = methods_of(path)
    received = ", ".join(sorted(allow)) or "no `Allow`"
    reply.check(expected <= allow, f"`Allow: {', '.join(sorted(expected))}`", received)


UNKNOWN = (
    "/no-such-path",
    "/room",
    "/rooms/my/sessions/x",
    "/sessions/{id}/no_such_action",
    "/sessions/{id}/go_live/now",
    "/rooms/{id}/session",
    "/auth",
    "/auth/viewer",
    "/Rooms",
)


@rule(
    "http.path",
    level="decided",
    must="A path the contract does not have MUST be answered with 404, in the envelope",
    contract="#/paths",
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", UNKNOWN)
def test_an_unknown_path_is_not_found(world: World, path: str, method: str) -> None:
    """Call paths nobody knows, without credentials and with."""
    for by in (None, world.host):
        reply = world.api.raw(method, path.replace("{id}", unknown_id()), by=by)
        sound(reply.must(404))


@rule(
    "http.slash",
    level="decided",
    must="A path with a slash at its end or doubled MUST be answered with 404",
    contract="#/paths",
)
@pytest.mark.parametrize("path", PATHS)
def test_slashes_matter(world: World, path: str) -> None:
    """Add a slash to each path of the contract."""
    real = path.replace("{id}", unknown_id())
    method = min(methods_of(path))
    for spelling in (f"{real}/", real.replace("/", "//", 1) if path.count("/") > 1 else f"/{real}"):
        sound(world.api.raw(method, spelling, by=world.host).must(404))


@rule(
    "http.odd_path",
    level="decided",
    must="A path nobody can mean MUST be refused with a 4xx",
    contract="#/paths",
)
@pytest.mark.parametrize(
    "path",
    [
        "/rooms/%00",
        "/rooms/%ff%fe",
        "/rooms/..%2f..%2fetc%2fpasswd",
        "/sessions/%2e%2e/stats%00",
        "/rooms/" + "a" * 3000,
        "/rooms/%",
        "/sessions/%zz",
        "/presets/'%20OR%201=1--",
    ],
    ids=["null", "latin", "dots", "dots and null", "long", "percent", "no hex", "quote"],
)
def test_odd_paths_are_refused(world: World, path: str) -> None:
    """Call paths with null bytes, broken escapes, dots and quotes."""
    sent = [("Authorization", f"Bearer {world.host.token}")]
    request = Request(None, "GET", world.api.base_url + path, tuple(sent), None)
    # Not watched: what stands before a server may refuse such bytes in its own words.
    reply = world.api.exchange(request)
    reply.check(400 <= reply.status < 500, "a 4xx status", reply.summary())

"""Faults of HTTP: paths, methods, headers and the form of refusals."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from starlette.types import Scope

from mock_server.env import Env
from mock_server.faults.fault import Fault
from mock_server.faults.rewrite import Reply, Request, answers, refusal, requests

_fault = partial(Fault, family="http")
_NOT_FOUND = 404
_NOT_ALLOWED = 405


def _plain(_: Request, reply: Reply) -> Reply:
    if reply.status != _NOT_FOUND or reply.operation is not None:
        return reply
    return replace(reply.with_header(b"content-type", b"text/plain"), body=b"Not Found")


def _plain_method(_: Request, reply: Reply) -> Reply:
    if reply.status != _NOT_ALLOWED:
        return reply
    return reply.with_json({"detail": "Method Not Allowed"})


def _one_allowed(_: Request, reply: Reply) -> Reply:
    allow = reply.header(b"allow")
    if reply.status != _NOT_ALLOWED or allow is None:
        return reply
    methods = [name.strip() for name in allow.decode().split(",")]
    first = next(name for name in methods if name not in ("HEAD", "OPTIONS"))
    return reply.with_header(b"allow", first.encode())


def _no_such_method(_: Request, reply: Reply) -> Reply:
    if reply.status != _NOT_ALLOWED:
        return reply
    return refusal(reply.with_header(b"allow", None), _NOT_FOUND, "no operation has this path")


def _as_html(_: Request, reply: Reply) -> Reply:
    return reply if reply.succeeded else reply.with_header(b"content-type", b"text/html")


def _slash_forgiven(_: Env, scope: Scope) -> Scope:
    path = scope["path"].rstrip("/")
    return {**scope, "path": path, "raw_path": path.encode()}


def _decoded_twice(request: Request, reply: Reply) -> Reply:
    """Crash where a path that was decoded has a percent sign left, which begins no escape."""
    stray = "%" in request.scope["path"]
    return refusal(reply, 500, "internal server error") if stray else reply


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="unknown-path-in-plain-text",
        breaks="A 404 for an unknown path is in the envelope",
        wrap=answers(_plain),
    ),
    _fault(
        name="wrong-method-without-envelope",
        breaks="A 405 is in the envelope",
        wrap=answers(_plain_method),
    ),
    _fault(
        name="wrong-method-is-404",
        breaks="A method the path does not have is refused with 405",
        wrap=answers(_no_such_method),
    ),
    _fault(
        name="allow-incomplete",
        breaks="Allow names at least the path's operations",
        wrap=answers(_one_allowed),
    ),
    _fault(
        name="refusals-said-to-be-html",
        breaks="Refusals are JSON",
        wrap=answers(_as_html),
    ),
    _fault(
        name="trailing-slash-forgiven",
        breaks="A path with a trailing slash is unknown",
        wrap=requests(_slash_forgiven),
    ),
    _fault(
        name="stray-percent-is-500",
        breaks="A path with a broken escape is refused as one that nothing has",
        wrap=answers(_decoded_twice),
    ),
)

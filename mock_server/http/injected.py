"""What the contract pass knows of injected faults; the rest is imported when one is met."""

from __future__ import annotations

from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope

from mock_server.env import Env
from mock_server.http.request import Request

# In a scope: the request is in an application that has the world's deliberate mistakes already.
FAULTY = "greenroom.faulty"
WISH_MARK = b"__"


class Faulty(Exception):
    """Say that another application answers: the one with the world's deliberate mistakes.

    What was read of the request is in `heard`.
    """

    def __init__(self, world: str, names: tuple[str, ...]) -> None:
        super().__init__(world, names)
        self.world = world
        self.names = names
        self.heard: list[Message] = []


class FaultyApps(Protocol):
    """Hold applications with deliberate mistakes."""

    def concerns(self, path: str) -> bool:
        """Tell whether a path, of an operation or not, is one that mistakes may be about."""

    def find(self, true: ASGIApp, behind: ASGIApp, found: Faulty) -> ASGIApp:
        """Return the application with the world's mistakes: around `true` where they allow it, else
        in its place; what is no operation goes on to `behind`.
        """


def faulty_scope(scope: Scope, path: str, found: Faulty) -> Scope:
    """Return a request's scope for an application with its world's mistakes."""
    headers = [pair for pair in scope["headers"] if pair[0] != b"x-mock-world"]
    headers.append((b"x-mock-world", found.world.encode()))
    return {**scope, "path": path, "headers": headers, FAULTY: True}


def listening(receive: Receive, heard: list[Message]) -> Receive:
    """Return a `receive` that notes down what it gives."""

    async def listen() -> Message:
        message = await receive()
        heard.append(message)
        return message

    return listen


def repeating(heard: list[Message], receive: Receive) -> Receive:
    """Return a `receive` that gives what was heard once more, and then the rest."""
    again = iter(heard)

    async def repeat() -> Message:
        for message in again:
            return message
        return await receive()

    return repeat


def may_meet(request: Request, env: Env) -> bool:
    """Tell whether a request may meet anything: false for nearly all, and that is all they pay."""
    query: bytes = request.scope["query_string"]
    return bool(env.world.faults or request.headers.prefer or (query and WISH_MARK in query))

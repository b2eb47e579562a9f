"""Where a request meets what was injected: before its operation, and once more on its way back."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope

from mock_server.env import Env
from mock_server.http.answer import Answer, Wire
from mock_server.http.errors import Headers, Refusal
from mock_server.http.request import Request
from mock_server.http.wire import aborter
from mock_server.injection.answers import ContractAnswers
from mock_server.injection.meet import Met, Question, contract_faults, meet
from mock_server.injection.wishes import UnmetWish

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


def meet_first(answers: ContractAnswers, request: Request, env: Env, now: datetime) -> Met | None:
    """Return what a request meets, None where that is only its operation.

    Raises Faulty, Refusal 400 for a wish that can't be met, Refusal 501 where the connection
    would have to be closed and can't be.
    """
    operation, scope = request.operation, request.scope
    if operation.id not in answers.offers:
        return None
    if FAULTY not in scope and (names := contract_faults(answers, env, now)):
        raise Faulty(env.name, names)
    prefer = request.headers.prefer
    question = Question(operation.id, request.parameter, scope["query_string"], prefer)
    try:
        met = meet(answers, question, env, now)
    except UnmetWish as error:
        raise Refusal(400, str(error)) from None
    if met is not None and (met.dropped or met.lost or met.truncate is not None):
        aborter(scope)
    return met


def answer_instead(met: Met, operation: str) -> Answer | None:
    """Return the answer that stands in the operation's place, None where the operation is asked."""
    if met.dropped:
        reason = f"{operation} (not performed, the connection dropped by `{met.by}`)"
        return Answer(0, b"", operation=operation, reason=reason, wire=Wire(met.delay, lost=True))
    if met.answer is None:
        return None
    made = met.answer
    applied: Headers = ()
    if met.preferred:
        applied = ((b"preference-applied", met.by.removeprefix("Prefer: ").encode()),)
    return Answer(
        made.status,
        made.body,
        headers=(*made.headers, *applied, *_marks(met)),
        operation=operation,
        reason=f"{made.reason or operation} (answered by `{met.by}`)",
        wire=Wire(met.delay) if met.delay else None,
    )


def on_the_way(met: Met, answer: Answer) -> Answer:
    """Return an operation's answer as it leaves."""
    said = answer.reason or answer.operation or ""
    return answer._replace(
        headers=(*answer.headers, *_marks(met)),
        reason=f"{said} ({_became(met)} by `{met.by}`)",
        wire=Wire(met.delay, lost=met.lost, truncate=met.truncate),
    )


def _became(met: Met) -> str:
    if met.lost:
        return "lost"
    if met.truncate is not None:
        return "cut off"
    return f"delayed {met.delay * 1000:.0f} ms"


def _marks(met: Met) -> Headers:
    return ((b"x-mock-fault", met.by.encode("latin-1", "replace")),)

"""Where a request meets what was injected: before its operation, and once more on its way back.

Imported by the first request that may meet something.
"""

from __future__ import annotations

from datetime import datetime

from mock_server.env import Env
from mock_server.http.answer import Answer, Wire
from mock_server.http.errors import Headers, Refusal
from mock_server.http.injected import FAULTY, Faulty
from mock_server.http.request import Request
from mock_server.http.wire import aborter
from mock_server.injection.answers import ContractAnswers
from mock_server.injection.meet import Met, Question, contract_faults, meet
from mock_server.injection.wishes import UnmetWish


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

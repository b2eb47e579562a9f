"""Carrying a request out in one transaction: at once, or in a thread. The choice is made here.

Memory and SQLite answer at once, on the event loop, which makes a check and its change one step.
A store that waits on a network is asked in a thread, for all that is needed in one transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Protocol, cast

from starlette.types import Message, Receive

from mock_server.domain.entities import User
from mock_server.env import Call, Env
from mock_server.events.telling import told
from mock_server.http.answer import Answer
from mock_server.http.body import ClientGone
from mock_server.http.injected import WISH_MARK, Faulty, listening, may_meet
from mock_server.http.operation import Operation
from mock_server.http.origin import OriginReader
from mock_server.http.request import (
    NO_BODY,
    Asked,
    Request,
    check_values,
    checked_answer,
    read_parameters,
    read_request,
    require_role,
)
from mock_server.http.security import Authenticator
from mock_server.http.transactions import THE_WORLD, as_read
from mock_server.injection.answers import ContractAnswers
from mock_server.storage.protocol import AT_ONCE, Needs, Store, Transaction
from mock_server.worlds import Worlds

# Puts an error into an answer, as of a time.
Refuse = Callable[[Request, Exception, datetime], Answer]


class Perform(Protocol):
    """Carry out a request and return its answer; raises ClientGone."""

    async def __call__(self, request: Request, receive: Receive) -> Answer:
        """Return the answer, a refusal included."""


class AtOnce:
    """Carry requests out on the event loop."""

    def __init__(
        self,
        worlds: Worlds,
        answers: ContractAnswers,
        authenticator: Authenticator,
        origin: OriginReader,
        refuse: Refuse,
    ) -> None:
        self._worlds = worlds
        self._answers = answers
        self._authenticator = authenticator
        self._origin = origin
        self._refuse = refuse

    async def __call__(self, request: Request, receive: Receive) -> Answer:
        """Return the answer, a refusal included."""
        now = None
        try:
            env = self._worlds.find(request.world)
            now = _moment(request.operation, env)
            # All that a request pays which meets nothing; as `may_meet`, without the call.
            query = request.scope["query_string"]
            if env.world.faults or request.headers.prefer or (query and WISH_MARK in query):
                return await self._meet(request, receive, env, now)
            if request.operation.kept:
                return self._answer_again(request, env, now)
            return await self._ask(request, receive, env, now)
        except (ClientGone, Faulty):
            raise
        except Exception as error:  # noqa: BLE001 - a bug of the mock must get an answer too
            return self._refuse(request, error, now or self._worlds.find().clock())

    async def _meet(self, request: Request, receive: Receive, env: Env, now: datetime) -> Answer:
        from mock_server.http import meeting  # noqa: PLC0415 - for nearly none is there one

        met = meeting.meet_first(self._answers, request, env, now)
        if met is None:
            return await self._ask(request, receive, env, now)
        instead = meeting.answer_instead(met, request.operation.id)
        if instead is not None:
            return instead
        try:
            answer = await self._ask(request, receive, env, now)
        except ClientGone:
            raise
        except Exception as error:  # noqa: BLE001 - a refusal may be late or lost too
            answer = self._refuse(request, error, now)
        return meeting.on_the_way(met, answer)

    async def _ask(self, request: Request, receive: Receive, env: Env, now: datetime) -> Answer:
        if request.operation.kept:
            return self._answer_again(request, env, now)
        caller = None if request.operation.public else self._identify(request, env, now)
        asked = await read_request(request, receive)
        return self._answer(request, env, now, caller, asked)

    def _answer_again(self, request: Request, env: Env, now: datetime) -> Answer:
        operation, scope, headers = request.operation, request.scope, request.headers
        addresses = self._origin.addresses(scope, headers.host, env.name)
        question = (
            operation.id,
            request.parameter,
            scope["query_string"],
            headers.authorization,
            headers.api_keys,
            addresses.base_url,
        )
        known: Answer | None = env.kept.find(question, now)
        if known is not None:
            return known
        caller = None if operation.public else self._identify(request, env, now)
        asked = (*read_parameters(request), NO_BODY)
        answer = self._answer(request, env, now, caller, asked)
        env.kept.keep(question, answer, answer.body)
        return answer

    def _identify(self, request: Request, env: Env, now: datetime) -> User:
        headers = request.headers
        with env.store.read() as tx:
            return self._authenticator.identify(headers.authorization, headers.api_keys, tx, now)

    def _answer(
        self, request: Request, env: Env, now: datetime, caller: User | None, asked: Asked
    ) -> Answer:
        operation = request.operation
        check_values(operation, asked, now)
        require_role(operation, caller)
        addresses = self._origin.addresses(request.scope, request.headers.host, env.name)
        if operation.alone:
            call = Call(env, NO_TRANSACTION, operation.id, now, addresses, caller, *asked)
            return _answered(operation, call)
        with env.store.write() if operation.writes else env.store.read() as tx:
            call = Call(env, tx, operation.id, now, addresses, caller, *asked)
            return _answered(operation, call)


class _Meets(Exception):
    """Say that there is something to meet before the operation is asked."""

    def __init__(self, env: Env, now: datetime) -> None:
        super().__init__(env.name)
        self.env = env
        self.now = now


class InThread:
    """Carry requests out in threads, a handful at a time."""

    def __init__(
        self,
        worlds: Worlds,
        answers: ContractAnswers,
        authenticator: Authenticator,
        origin: OriginReader,
        refuse: Refuse,
    ) -> None:
        self._worlds = worlds
        self._answers = answers
        self._authenticator = authenticator
        self._origin = origin
        self._refuse = refuse
        self._threads = ThreadPoolExecutor(AT_ONCE)

    async def __call__(self, request: Request, receive: Receive) -> Answer:
        """Return the answer, a refusal included."""
        asked: Asked | Exception
        heard: list[Message] = []
        try:
            asked = await read_request(request, listening(receive, heard))
        except ClientGone:
            raise
        except Exception as error:  # noqa: BLE001 - credentials are refused before it is
            asked = error
        work = partial(self._work, request, asked)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except Faulty as faulty:
            faulty.heard = heard
            raise

    def _work(self, request: Request, asked: Asked | Exception) -> Answer:
        try:
            return self._ask(request, asked, first=True)
        except Faulty:
            raise
        except _Meets as found:
            return self._meet(request, asked, found.env, found.now)
        except Exception as error:  # noqa: BLE001 - a bug of the mock must get an answer too
            return self._refuse(request, error, self._worlds.known().clock())

    def _meet(self, request: Request, asked: Asked | Exception, env: Env, now: datetime) -> Answer:
        from mock_server.http import meeting  # noqa: PLC0415 - for nearly none is there one

        try:
            met = meeting.meet_first(self._answers, request, env, now)
        except Faulty:
            raise
        except Exception as error:  # noqa: BLE001 - a bug of the mock must get an answer too
            return self._refuse(request, error, now)
        if met is None:
            return self._ask(request, asked, first=False)
        instead = meeting.answer_instead(met, request.operation.id)
        if instead is not None:
            return instead
        return meeting.on_the_way(met, self._ask(request, asked, first=False))

    def _ask(self, request: Request, asked: Asked | Exception, *, first: bool) -> Answer:
        """Ask the operation; raises _Meets when it is asked `first` and something stands before."""
        if isinstance(asked, Exception):
            return self._refused(request, asked, first=first)
        if request.operation.alone:
            return self._without_transaction(request, asked)
        return self._in_transaction(request, asked, first=first)

    def _refused(self, request: Request, reason: Exception, *, first: bool) -> Answer:
        # What was asked is known to be wrong: it remains to see by whom, and at what time.
        env = self._worlds.find(request.world)
        now = _moment(request.operation, env)
        if first and may_meet(request, env):
            raise _Meets(env, now)
        try:
            if not request.operation.public:
                headers = request.headers
                with env.store.read() as tx:
                    given = headers.authorization, headers.api_keys
                    self._authenticator.identify(*given, tx, now)
        except Exception as error:  # noqa: BLE001 - this reason comes first
            reason = error
        return self._refuse(request, reason, now)

    def _without_transaction(self, request: Request, asked: Asked) -> Answer:
        env = self._worlds.find(request.world)
        now = _moment(request.operation, env)
        addresses = self._origin.addresses(request.scope, request.headers.host, env.name)
        call = Call(env, NO_TRANSACTION, request.operation.id, now, addresses, None, *asked)
        try:
            return _answered(request.operation, call)
        except Exception as error:  # noqa: BLE001 - a bug of the mock must get an answer too
            return self._refuse(request, error, now)

    def _in_transaction(self, request: Request, asked: Asked, *, first: bool) -> Answer:
        operation, headers = request.operation, request.headers
        env = self._worlds.known(request.world)
        now = None
        try:
            with self._transaction(env.store, request, asked) as tx:
                env = as_read(self._worlds, env, tx)
                now = _moment(operation, env)
                if first and may_meet(request, env):
                    # Nothing has been done in this transaction, and nothing is.
                    raise _Meets(env, now)  # noqa: TRY301
                caller = None
                if not operation.public:
                    given = headers.authorization, headers.api_keys
                    caller = self._authenticator.identify(*given, tx, now)
                check_values(operation, asked, now)
                require_role(operation, caller)
                addresses = self._origin.addresses(request.scope, headers.host, env.name)
                call = Call(env, tx, operation.id, now, addresses, caller, *asked)
                return _answered(operation, call)
        except _Meets:
            raise
        except Exception as error:  # noqa: BLE001 - a bug of the mock must get an answer too
            return self._refuse(request, error, now or env.clock())

    def _transaction(
        self, store: Store, request: Request, asked: Asked
    ) -> AbstractContextManager[Transaction]:
        operation, headers = request.operation, request.headers
        credentials: tuple[tuple[type[Any], str], ...] = ()
        if not operation.public:
            credentials = self._authenticator.needed(headers.authorization, headers.api_keys)
            if not credentials:
                # Nobody will be let in: ask for nothing more.
                return store.read(Needs(entities=(THE_WORLD,)))
        needs = Needs()
        if operation.needs is not None:
            parameter, _, body = asked
            caller_id = next((each for kind, each in credentials if kind is User), "")
            needs = operation.needs(parameter, body, caller_id)
        elif operation.writes:
            return store.write()
        needs = replace(needs, entities=(THE_WORLD, *credentials, *needs.entities))
        return store.write(needs) if operation.writes else store.read(needs)


# What an operation that stands alone is given: it asks its own transactions of the worlds.
NO_TRANSACTION = cast("Transaction", None)


def _moment(operation: Operation, env: Env) -> datetime:
    now = env.clock()
    # Readings happen on whole seconds: `kept.KeptAnswers` says why.
    return now if operation.writes else now.replace(microsecond=0)


def _answered(operation: Operation, call: Call) -> Answer:
    telling = operation.writes and not operation.alone
    data = told(operation.handler, call) if telling else operation.handler(call)
    if operation.streams:
        return Answer(operation.success, b"", operation=operation.id, stream=data)
    body = checked_answer(operation, data, call.now)
    return Answer(operation.success, body, operation=operation.id)

"""One request: what is asked, checked against its operation in the contract's order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from starlette.types import Receive, Scope

from mock_server.domain.entities import User
from mock_server.domain.errors import Forbidden, Unprocessable
from mock_server.http.body import parse_body, read_body
from mock_server.http.errors import ContractBreach, Refusal
from mock_server.http.headers import RequestHeaders
from mock_server.http.operation import BodyPlan, Operation
from mock_server.http.parameters import read_headers, read_query
from mock_server.http.validation import findings
from mock_server.journal import BODY

NO_BODY: Mapping[str, Any] = {}
# What a request asks for when it is found good: the path's parameter or nothing, query, body.
Asked = tuple[str, Mapping[str, Any], Mapping[str, Any]]


class Request(NamedTuple):
    """Hold a request for an operation in a world, before anything of it is checked."""

    operation: Operation
    parameter: str
    scope: Scope
    headers: RequestHeaders
    world: str


async def read_request(request: Request, receive: Receive) -> Asked:
    """Read parameters, then the body; raises Refusal, Unprocessable, ClientGone."""
    operation = request.operation
    parameter, query = read_parameters(request)
    body = NO_BODY
    if operation.body is not None:
        request.scope[BODY] = raw = await read_body(receive)
        body = check_body(operation, operation.body, raw, request.headers.content_type)
    return parameter, query, body


def read_parameters(request: Request) -> tuple[str, Mapping[str, Any]]:
    """Read the parameters of path, query and headers; raises Refusal 400."""
    operation, parameter = request.operation, request.parameter
    if operation.parameter is not None:
        parameter = operation.parameter(parameter)
    query = read_query(operation.query, request.scope["query_string"])
    if operation.headers:
        query |= read_headers(operation.headers, request.scope["headers"])
    return parameter, query


def check_body(
    operation: Operation, plan: BodyPlan, raw: bytes, content_type: bytes | None
) -> Mapping[str, Any]:
    """Return a body that is as the contract wants it; raises Refusal, Unprocessable."""
    if not raw:
        if plan.required:
            raise Refusal(400, f"`{operation.id}`: the body is missing, must be a JSON object")
        return NO_BODY
    body = parse_body(raw, content_type)
    if not plan.validator.is_valid(body):
        found = findings(plan.validator, body)
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise Unprocessable(f"`{operation.id}`: {found[0]}{more}", detail="; ".join(found))
    checked: Mapping[str, Any] = body
    return checked


def check_values(operation: Operation, asked: Asked, now: datetime) -> None:
    """Check values that a schema can't, such as a time in the past; raises Unprocessable."""
    if operation.check_values is not None:
        operation.check_values(asked[2], now)


def require_role(operation: Operation, caller: User | None) -> None:
    """Refuse a caller whose role the contract does not let in; raises Forbidden."""
    if caller is not None and operation.roles and caller.role not in operation.roles:
        wanted = " or ".join(f"`{role}`" for role in sorted(operation.roles))
        raise Forbidden(f"`{operation.id}`: caller's role is `{caller.role}`, must be {wanted}")


def checked_answer(operation: Operation, data: Any, now: datetime) -> bytes:
    """Return what a handler gave as bytes in the envelope; raises ContractBreach."""
    payload = {"success": True, "data": data, "timestamp": int(now.timestamp())}
    if not operation.answer.is_valid(payload):
        found = "; ".join(findings(operation.answer, payload))
        raise ContractBreach(f"`{operation.id}`: the answer breaks the contract: {found}")
    try:
        return orjson.dumps(payload)
    except TypeError:
        # A page number may be any integer; orjson writes those of 64 bits.
        return json.dumps(payload).encode()

"""What every answer is checked for, whoever sent the request: status, headers and shape."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema_rs

from conformance.contract import Contract, Operation
from conformance.reply import Reply, shown
from conformance.rule import Rule, declare

Json = Any


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that one answer breaks, found while another rule was tried."""

    rule: Rule
    expected: str
    received: str
    reply: Reply


NO_CRASH = declare(
    Rule(
        "response.no_crash",
        "published",
        "No request, however wrong, MUST be answered with a 5xx status",
        "#/components/responses",
    )
)
STATUS = declare(
    Rule(
        "response.status",
        "published",
        "An answer's status MUST be one the contract documents for the operation",
        "#/paths",
    )
)
CONTENT_TYPE = declare(
    Rule(
        "response.content_type",
        "published",
        "An answer MUST be `application/json` in UTF-8",
        "#/paths",
    )
)
ENVELOPE = declare(
    Rule(
        "response.envelope",
        "published",
        "An answer MUST be `{success: true, data, timestamp}` or, refusing, "
        "`{success: false, error, timestamp}`",
        "#/components/schemas/ErrorResponse",
    )
)
SCHEMA = declare(
    Rule(
        "response.schema",
        "published",
        "An answer's `data` MUST keep the schema the contract gives for that status",
        "#/paths",
    )
)
CHALLENGE = declare(
    Rule(
        "response.challenge",
        "decided",
        "A 401 MUST carry `WWW-Authenticate`",
        "#/components/responses/Unauthenticated",
    )
)
RETRY_AFTER = declare(
    Rule(
        "response.retry_after",
        "decided",
        "A 429 or 503 MUST carry `Retry-After`",
        "#/components/responses/TooManyRequests",
    )
)

NO_INTERNALS = declare(
    Rule(
        "response.no_internals",
        "decided",
        "A refusal MUST NOT tell of the server's insides: no trace, no statement, no path",
        "#/components/schemas/ErrorResponse",
    )
)
INTERNALS = re.compile(
    r"Traceback \(most recent|\bFile \"[^\"]+\", line \d+|\bat [\w.$<>]+\([\w.]+:\d+\)"
    r"|site-packages|node_modules|SQLSTATE|psycopg|sqlite3\.|org\.springframework|goroutine \d+ \["
    r"|\bSELECT .+ FROM\b|\bINSERT INTO\b|(?:/usr/|/home/|/var/|/app/)\S+\.\w+"
)

CLIENT_ERRORS, UNAUTHORIZED, TOO_MANY = 400, 401, 429
SERVER_ERRORS, BUSY = 500, 503
JUDGED_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def violations(contract: Contract, reply: Reply) -> Iterator[Violation]:
    """Yield what is wrong with an answer's status, headers and shape.

    The contract says nothing of HEAD, OPTIONS and stranger methods, so neither does this.
    """
    if reply.request.method.upper() not in JUDGED_METHODS:
        return
    operation = contract.operations.get(reply.request.operation or "")
    if reply.status == BUSY and "503" in (operation.statuses if operation else ()):
        yield from _headers(reply)
        return
    if reply.status >= SERVER_ERRORS:
        yield Violation(NO_CRASH, "no 5xx", reply.summary(), reply)
        return
    if operation is not None and not _documents(operation, reply.status):
        documented = ", ".join(operation.statuses)
        yield Violation(STATUS, f"one of {documented}", reply.summary(), reply)
    yield from _headers(reply)
    yield from _content_type(reply)
    yield from _body(contract, operation, reply)


def _documents(operation: Operation, status: int) -> bool:
    family = f"{status // 100}XX"
    return bool({str(status), family, "default"} & set(operation.statuses))


def _headers(reply: Reply) -> Iterator[Violation]:
    if reply.status == UNAUTHORIZED and not reply.headers.get("www-authenticate"):
        yield Violation(CHALLENGE, "the header `WWW-Authenticate`", "none", reply)
    if reply.status in (TOO_MANY, BUSY) and not reply.headers.get("retry-after"):
        yield Violation(RETRY_AFTER, "the header `Retry-After`", "none", reply)


def _content_type(reply: Reply) -> Iterator[Violation]:
    received = reply.headers.get("content-type", "")
    if not re.fullmatch(r'application/json(\s*;\s*charset="?utf-8"?)?\s*', received, re.IGNORECASE):
        expected = "`Content-Type: application/json`"
        yield Violation(CONTENT_TYPE, expected, f"`{received or 'none'}`", reply)


def _body(contract: Contract, operation: Operation | None, reply: Reply) -> Iterator[Violation]:
    if reply.json is None:
        yield Violation(
            ENVELOPE, "a JSON object", shown(reply.content[:80].decode("latin-1")), reply
        )
        return
    known = operation is not None and _documents(operation, reply.status)
    validator = _validator(
        _Key(contract), operation.id if operation and known else "", reply.status
    )
    for error in validator.iter_errors(reply.json):
        place = [str(part) for part in error.instance_path]
        found = SCHEMA if place[:1] == ["data"] else ENVELOPE
        where = ".".join(place) or "the body"
        yield Violation(found, f"a body that keeps the schema, at `{where}`", error.message, reply)
        return
    if reply.status >= CLIENT_ERRORS:
        yield from _words(reply)


def _words(reply: Reply) -> Iterator[Violation]:
    if not str(reply.json.get("error", "")).strip():
        yield Violation(ENVELOPE, "a sentence in `error`", "none", reply)
    told = INTERNALS.search(f"{reply.json.get('error')} {reply.json.get('message', '')}")
    if told:
        yield Violation(NO_INTERNALS, "words for people", shown(told.group()), reply)


@dataclass(frozen=True, slots=True)
class _Key:
    """Makes a contract, of which there are few, a key of a cache."""

    contract: Contract

    def __hash__(self) -> int:
        return id(self.contract)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.contract is other.contract


@cache
def _validator(key: _Key, operation: str, status: int) -> Any:
    contract = key.contract
    response = contract.response(operation, status) if operation else None
    if operation and response is None:
        found = contract.operations[operation]
        item = contract.document["paths"][found.path][found.method.lower()]
        response = contract.resolve(item["responses"][f"{status // 100}XX"])
    content = (response or {}).get("content", {})
    schema = content.get("application/json", {}).get("schema") or _envelope(contract, status)
    return _shared(key, json.dumps(schema, sort_keys=True))


@cache
def _shared(key: _Key, schema: str) -> Any:
    """Compile a schema once for all answers that have it, as all refusals of a status have."""
    return compiled(key.contract, json.loads(schema))


def _envelope(contract: Contract, status: int) -> Json:
    if status >= CLIENT_ERRORS and "ErrorResponse" in contract.document["components"]["schemas"]:
        return {"$ref": "#/components/schemas/ErrorResponse"}
    return {"type": "object", "required": ["success"]}


def compiled(contract: Contract, schema: Json) -> Any:
    """Compile a schema of the contract, formats included, to a `jsonschema_rs` validator."""
    whole = {"allOf": [schema], "components": contract.document["components"]}
    return jsonschema_rs.Draft4Validator(
        whole, validate_formats=True, formats={"uuid": is_uuid, "int64": _anything}
    )


def _anything(_: object) -> bool:
    return True


def is_uuid(value: object) -> bool:
    """Tell whether a value is a uuid in its usual spelling, any version, either case."""
    if not isinstance(value, str) or len(value) != 36:  # noqa: PLR2004 - with its four hyphens
        return False
    try:
        uuid.UUID(value)
    except ValueError:
        return False
    return True

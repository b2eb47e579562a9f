"""One operation of the contract, compiled: everything a request needs, looked up beforehand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jsonschema_rs

from mock_server.env import Call
from mock_server.http.parameters import (
    QueryParameter,
    TextParameter,
    header_parameters,
    path_reader,
    query_parameters,
)
from mock_server.http.validation import SchemaSet
from mock_server.storage.protocol import Needs

Handler = Callable[[Call], Any]
ValueCheck = Callable[[Mapping[str, Any], datetime], None]
# Of the path's id, the body and the caller's id; each is empty where there is none.
NeedsOf = Callable[[str, Mapping[str, Any], str], Needs]
_JSON = "application/json"
_EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class BodyPlan:
    """Describe a request body."""

    required: bool
    validator: jsonschema_rs.Draft4Validator


@dataclass(frozen=True, slots=True)
class Operation:
    """Hold the compiled contract of one operation and its handler."""

    id: str
    public: bool
    roles: frozenset[str]
    # Reads the path's parameter, None where the path has none.
    parameter: Callable[[str], str] | None
    query: tuple[QueryParameter, ...]
    headers: tuple[TextParameter, ...]
    body: BodyPlan | None
    writes: bool
    # Its answers are a function of the store's state and the second: they may be given again.
    kept: bool
    # Its handler returns a stream of bytes, which has no schema to keep.
    streams: bool
    # It begins its own transactions, in other worlds too.
    alone: bool
    handler: Handler
    check_values: ValueCheck | None
    needs: NeedsOf | None
    success: int
    answer: jsonschema_rs.Draft202012Validator


def compile_operation(
    document: Mapping[str, Any],
    schemas: SchemaSet,
    path: str,
    method: str,
    handler: Handler,
    *,
    value_checks: Mapping[str, ValueCheck],
    needs: Mapping[str, NeedsOf],
    keeps: Collection[str],
    alone: Collection[str],
) -> Operation:
    """Compile the operation of a path and a method (lower case) of the document."""
    written = document["paths"][path][method]
    parameters = _resolve_all(document, path, written)
    success = min(int(status) for status in written["responses"] if status.startswith("2"))
    answer = resolve(document, written["responses"][str(success)])
    security = written.get("security", document.get("security", []))
    reads = method == "get"
    media_type = _EVENT_STREAM if _EVENT_STREAM in answer["content"] else _JSON
    return Operation(
        id=written["operationId"],
        public=not security,
        roles=frozenset(written.get("x-roles", ())),
        parameter=path_reader(parameters),
        query=query_parameters(parameters),
        headers=header_parameters(parameters),
        body=_body_plan(document, schemas, written),
        writes=not reads,
        kept=reads and written["operationId"] in keeps,
        streams=media_type == _EVENT_STREAM,
        alone=written["operationId"] in alone,
        handler=handler,
        check_values=value_checks.get(written["operationId"]),
        needs=needs.get(written["operationId"]),
        success=success,
        answer=schemas.compile_answer(answer["content"][media_type]["schema"]),
    )


def resolve(document: Mapping[str, Any], value: Any) -> Any:
    """Follow local references of the document until there is a value."""
    while isinstance(value, Mapping) and "$ref" in value:
        target: Any = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        value = target
    return value


def _resolve_all(document: Mapping[str, Any], path: str, written: Mapping[str, Any]) -> list[Any]:
    shared = document["paths"][path].get("parameters", [])
    return [resolve(document, item) for item in (*shared, *written.get("parameters", []))]


def _body_plan(
    document: Mapping[str, Any], schemas: SchemaSet, written: Mapping[str, Any]
) -> BodyPlan | None:
    if "requestBody" not in written:
        return None
    body = resolve(document, written["requestBody"])
    return BodyPlan(
        required=body.get("required", False),
        validator=schemas.compile_request(body["content"][_JSON]["schema"]),
    )

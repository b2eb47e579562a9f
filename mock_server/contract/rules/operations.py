"""Rules on what an operation must say: in words, and about every status it can answer."""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.contract.document import (
    EVENT_STREAM,
    JSON,
    Document,
    Finding,
    Operation,
    at,
    bodies,
    follow,
    operations,
    parameters,
    request_schema,
    responses,
)

_CREDENTIALS = {"password", "refresh_token", "device_token", "code"}
_BUSY = ("429", "503")
_BODY = ("413", "415", "422")
_ROLE_SCHEMA, _ROLE_FIELD = "UserResponse", "role"
_ENVELOPES = {True: ["success", "data", "timestamp"], False: ["success", "error", "timestamp"]}


def words(document: Document) -> Iterator[Finding]:
    """Demand a summary, a description and a described tag of every operation."""
    tags = {tag["name"] for tag in document.get("tags", []) if tag.get("description")}
    for operation in operations(document):
        for field in ("summary", "description"):
            if not str(operation.body.get(field, "")).strip():
                yield Finding(
                    operation.pointer, f"`{operation.name}` has no {field}, must have one"
                )
        for tag in operation.body.get("tags", []) or [None]:
            if tag not in tags:
                yield Finding(
                    at(operation.pointer, "tags"),
                    f"`{operation.name}` has the tag `{tag}`, must have one the document describes",
                )


def one_success(document: Document) -> Iterator[Finding]:
    """Demand exactly one 2xx status of every operation."""
    for operation in operations(document):
        found = [s for s in operation.body.get("responses", {}) if s.startswith("2")]
        if len(found) != 1:
            yield Finding(
                at(operation.pointer, "responses"),
                f"`{operation.name}` documents {len(found)} 2xx statuses, must document one",
            )


def refusals(document: Document) -> Iterator[Finding]:
    """Demand the 4xx statuses that follow from what an operation takes, and no others.

    401 where credentials are asked for or sent in the body; 400 where a parameter or body can be
    malformed; 413, 415 and 422 where there is a body; 404 where an id is looked up; 403 where a
    role is asked for and never on a public operation; 409 is the operation's own affair.
    """
    for operation in operations(document):
        must, may = _refusals_of(document, operation)
        found = {s for s in operation.body.get("responses", {}) if s.startswith("4")} - set(_BUSY)
        for status in sorted(must - found):
            yield Finding(
                at(operation.pointer, "responses"),
                f"`{operation.name}` does not document {status}, must",
            )
        for status in sorted(found - must - may):
            yield Finding(
                at(operation.pointer, "responses", status),
                f"`{operation.name}` documents {status}, must not: nothing in it leads there",
            )


def _refusals_of(document: Document, operation: Operation) -> tuple[set[str], set[str]]:
    taken = [node for node, _ in parameters(document, operation)]
    schema = request_schema(document, operation)
    fields = set((schema or {}).get("properties", {}))
    looks_up = any(node.get("in") == "path" for node in taken)
    if not looks_up and "{" not in operation.path and operation.method == "post":
        looks_up = "session_id" in fields
    public = is_public(document, operation)
    must = {
        "400": bool(taken) or schema is not None,
        "401": not public or bool(fields & _CREDENTIALS),
        "403": "x-roles" in operation.body,
        "404": looks_up,
        **dict.fromkeys(_BODY, schema is not None),
    }
    may = {"409"} if public else {"403", "409"}
    return {status for status, holds in must.items() if holds}, may


def is_public(document: Document, operation: Operation) -> bool:
    """Tell whether an operation asks for no credentials."""
    return not operation.body.get("security", document.get("security", []))


def busy(document: Document) -> Iterator[Finding]:
    """Demand 429 and 503 of every operation."""
    for operation in operations(document):
        for status in _BUSY:
            if status not in operation.body.get("responses", {}):
                yield Finding(
                    at(operation.pointer, "responses"),
                    f"`{operation.name}` does not document {status}, must",
                )


def headers(document: Document) -> Iterator[Finding]:
    """Demand a required `WWW-Authenticate` with 401, and `Retry-After` with 429 and 503."""
    wanted = {"401": "WWW-Authenticate", "429": "Retry-After", "503": "Retry-After"}
    for operation in operations(document):
        for status, node, pointer in responses(document, operation):
            header = wanted.get(status)
            if header is None:
                continue
            found = node.get("headers", {}).get(header, {})
            if not follow(document, found, pointer)[0].get("required"):
                yield Finding(pointer, f"{status} has no required header `{header}`, must have it")


def envelopes(document: Document) -> Iterator[Finding]:
    """Demand JSON answers in a closed envelope whose fields are required, `message` apart.

    A stream of events has none: its refusals have.
    """
    for operation in operations(document):
        for status, node, pointer in responses(document, operation):
            if status.startswith("2") and list(node.get("content", {})) == [EVENT_STREAM]:
                continue
            if list(node.get("content", {})) != [JSON]:
                yield Finding(pointer, f"is not `{JSON}` alone, must be")
    for media in bodies(document):
        if media.status is None or media.type != JSON:
            continue
        schema, pointer = follow(
            document, media.body.get("schema", {}), at(media.pointer, "schema")
        )
        success = media.status.startswith("2")
        flag = schema.get("properties", {}).get("success", {}).get("enum")
        if flag != [success]:
            yield Finding(pointer, f"`success` is not always {success}, must be for {media.status}")
        if schema.get("additionalProperties") is not False:
            yield Finding(pointer, "the envelope is open, must have `additionalProperties: false`")
        if schema.get("required") != _ENVELOPES[success]:
            yield Finding(pointer, f"must require {', '.join(_ENVELOPES[success])}")


def roles(document: Document) -> Iterator[Finding]:
    """Demand that `x-roles` names roles users have, on operations that are not public."""
    schema = document["components"].get("schemas", {}).get(_ROLE_SCHEMA, {})
    known = schema.get("properties", {}).get(_ROLE_FIELD, {}).get("enum", [])
    for operation in operations(document):
        pointer = at(operation.pointer, "x-roles")
        for role in operation.body.get("x-roles", []):
            if role not in known:
                yield Finding(pointer, f"`{role}` is no role, must be one of {', '.join(known)}")
        if "x-roles" in operation.body and is_public(document, operation):
            yield Finding(pointer, f"`{operation.name}` is public, must ask for no role")


def security(document: Document) -> Iterator[Finding]:
    """Demand security schemes that exist, each as an alternative of its own."""
    schemes = document["components"].get("securitySchemes", {})
    places = [(document, "#"), *((o.body, o.pointer) for o in operations(document))]
    for node, pointer in places:
        for index, alternative in enumerate(node.get("security", [])):
            place = at(pointer, "security", index)
            if len(alternative) != 1:
                yield Finding(place, f"names {len(alternative)} schemes at once, must name one")
            for name in alternative:
                if name not in schemes:
                    yield Finding(place, f"`{name}` is no security scheme, must be one")

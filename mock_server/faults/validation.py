"""Faults of validation: what is let in, what is kept out, and what a refusal's status is."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_server.env import Call, Env
from mock_server.faults.editing import bound, schema, without
from mock_server.faults.fault import Document, Fault
from mock_server.faults.handling import around, with_body
from mock_server.faults.rewrite import (
    Change,
    Json,
    Reply,
    Request,
    answers,
    is_of_api,
    refusal,
    refusals,
    requests,
)

_fault = partial(Fault, family="validation")
_SMALL_BODY = 64 * 1024


def _null_description(document: Document) -> None:
    for name in ("CreateRoomRequest", "UpdateRoomRequest"):
        field = schema(document, name)["properties"]["description"]
        del field["type"]
        field["anyOf"] = [{"type": "string"}, {"enum": [None]}]


def _title_free(document: Document) -> None:
    schema(document, "CreateRoomRequest").pop("required")


def _closed_rooms(document: Document) -> None:
    for name in ("CreateRoomRequest", "UpdateRoomRequest"):
        schema(document, name)["additionalProperties"] = False


def _as_400(_: Request, reply: Reply) -> Reply:
    return refusal(reply, 400, reply.json["error"]) if reply.status == 422 else reply  # noqa: PLR2004


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def _crashed(request: Request, reply: Reply) -> Reply:
    broken = reply.status == 400 and request.body and not _is_json(request.body)  # noqa: PLR2004
    return refusal(reply, 500, "internal server error") if broken else reply


def _repeats_a_field(body: bytes) -> bool:
    repeated: list[bool] = []

    def noted(pairs: list[tuple[str, Any]]) -> None:
        repeated.append(len(dict(pairs)) < len(pairs))

    json.loads(body, object_pairs_hook=noted)
    return any(repeated)


def _crashed_on_repetition(request: Request, reply: Reply) -> Reply:
    """Crash where the mock has taken a body, or refused it for what it says."""
    read = request.body and (reply.succeeded or reply.status == 422)  # noqa: PLR2004
    broken = read and _is_json(request.body) and _repeats_a_field(request.body)
    return refusal(reply, 500, "internal server error") if broken else reply


def _missing_is_422(request: Request, reply: Reply) -> Reply:
    missing = reply.status == 400 and not request.body and request.method in ("POST", "PATCH")  # noqa: PLR2004
    return refusal(reply, 422, reply.json["error"]) if missing else reply


def _small(request: Request, reply: Reply) -> Reply:
    large = len(request.body) > _SMALL_BODY and reply.operation is not None
    return refusal(reply, 413, "the body is larger than 65,536 bytes") if large else reply


def _malformed_is_unknown(request: Request, reply: Reply) -> Reply:
    malformed = reply.status == 400 and request.id and not _looks_like_uuid(request.id)  # noqa: PLR2004
    return refusal(reply, 404, "nothing has this id") if malformed else reply


def _looks_like_uuid(text: str) -> bool:
    return [len(part) for part in text.split("-")] == [8, 4, 4, 4, 12]


def _first_field_only(envelope: Json) -> Json:
    if "message" not in envelope:
        return envelope
    return {**envelope, "message": envelope["message"].split("; ")[0]}


def _exact_ids(request: Request, reply: Reply) -> Reply:
    other = reply.succeeded and request.id != request.id.lower()
    return refusal(reply, 404, "nothing has this id") if other else reply


def _known_parameters(request: Request, reply: Reply) -> Reply:
    pairs = request.scope["query_string"].decode("latin-1").split("&")
    strange = {pair.partition("=")[0] for pair in pairs} - {"", "page", "limit"}
    if not reply.succeeded or not strange:
        return reply
    return refusal(reply, 400, f"`{min(strange)}` is no parameter of this operation")


def _said_to_be_json(_: Env, scope: Scope) -> Scope:
    kept = [pair for pair in scope["headers"] if pair[0] != b"content-type"]
    return {**scope, "headers": [*kept, (b"content-type", b"application/json")]}


def _arrays_as_objects(app: ASGIApp, _: Env) -> ASGIApp:
    async def changed(scope: Scope, receive: Receive, send: Send) -> None:
        if not is_of_api(scope) or scope["method"] != "PATCH":
            await app(scope, receive, send)
            return

        async def objects_only() -> Message:
            message = await receive()
            body = message.get("body", b"")
            return {**message, "body": b"{}"} if body.lstrip()[:1] == b"[" else message

        await app(scope, objects_only, send)

    return changed


def _given_a_title(call: Call) -> dict[str, Any]:
    return {"title": "Untitled room", **call.body}


def _type_without(text: bytes) -> Change:
    def change(request: Request, reply: Reply) -> Reply:
        sent = request.header(b"content-type") or b""
        if not reply.succeeded or text not in sent:
            return reply
        return refusal(reply, 415, "Content-Type must be application/json")

    return change


def _bodies_unwanted(request: Request, reply: Reply) -> Reply:
    sent = request.header(b"content-length") or b"0"
    if reply.operation != "end_session" or not reply.succeeded or sent == b"0":
        return reply
    return refusal(reply, 400, "`end_session` takes no body")


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="session-title-of-256",
        breaks="The title of a session has at most 255 characters",
        contract=bound("CreateSessionRequest", "title", maxLength=256),
    ),
    _fault(
        name="preset-without-a-name",
        breaks="The name of a preset has at least 1 character",
        contract=bound("CreatePresetRequest", "name", minLength=0),
    ),
    _fault(
        name="preset-limit-of-101",
        breaks="The join limit of a new preset is at most 100",
        contract=bound("CreatePresetRequest", "max_join_limit", maximum=101),
    ),
    _fault(
        name="room-renamed-to-2-characters",
        breaks="A changed title of a room has at least 3 characters",
        contract=bound("UpdateRoomRequest", "title", minLength=2),
    ),
    _fault(
        name="charset-refused",
        breaks="A charset may follow the media type of a body",
        wrap=answers(_type_without(b";")),
    ),
    _fault(
        name="space-before-charset-refused",
        breaks="A charset may follow the media type of a body after a space (RFC 9110, 5.6.6)",
        wrap=answers(_type_without(b" ;")),
    ),
    _fault(
        name="needless-body-refused",
        breaks="A body on an operation that takes none is ignored",
        wrap=answers(_bodies_unwanted),
    ),
    _fault(
        name="room-title-of-256",
        breaks="The title of a room has at most 255 characters",
        contract=bound("CreateRoomRequest", "title", maxLength=256),
    ),
    _fault(
        name="room-title-of-2",
        breaks="The title of a room has at least 3 characters",
        contract=bound("CreateRoomRequest", "title", minLength=2),
    ),
    _fault(
        name="room-title-of-255-refused",
        breaks="The title of a room may have 255 characters",
        contract=bound("CreateRoomRequest", "title", maxLength=254),
    ),
    _fault(
        name="viewer-name-of-51",
        breaks="The display name of a viewer has at most 50 characters",
        contract=bound("ViewerRegisterRequest", "display_name", maxLength=51),
    ),
    _fault(
        name="settings-limit-of-10001",
        breaks="The join limit of a session is at most 10,000",
        contract=bound("UpdateSessionSettingsRequest", "max_join_limit", maximum=10_001),
    ),
    _fault(
        name="settings-limit-of-0-refused",
        breaks="A join limit of 0 closes the door",
        contract=bound("UpdateSessionSettingsRequest", "max_join_limit", minimum=1),
    ),
    _fault(
        name="preset-limit-of-6-on-change",
        breaks="A change gives a preset a join limit of at most 5",
        contract=bound("UpdatePresetRequest", "max_join_limit", maximum=6),
    ),
    _fault(
        name="preset-of-any-colour",
        breaks="The colour of a preset is a number sign and six hexadecimal digits",
        contract=without("CreatePresetRequest", "primary_color", "pattern"),
    ),
    _fault(
        name="title-not-required",
        breaks="A room needs a title",
        contract=_title_free,
        handlers=around(("create_room",), with_body(_given_a_title)),
    ),
    _fault(
        name="null-accepted",
        breaks="Null in a request body is refused with 422",
        contract=_null_description,
    ),
    _fault(
        name="array-body-accepted",
        breaks="A JSON body that is not an object is refused with 422",
        wrap=_arrays_as_objects,
    ),
    _fault(
        name="unknown-fields-refused",
        breaks="Unknown body fields are ignored",
        contract=_closed_rooms,
    ),
    _fault(
        name="unknown-parameters-refused",
        breaks="Unknown query parameters are ignored",
        wrap=answers(_known_parameters),
    ),
    _fault(
        name="invalid-body-is-400",
        breaks="A JSON body that breaks its schema is refused with 422",
        wrap=answers(_as_400),
    ),
    _fault(
        name="bad-json-is-500",
        breaks="A body that is not JSON is refused with 400",
        wrap=answers(_crashed),
    ),
    _fault(
        name="missing-body-is-422",
        breaks="A missing body is refused with 400",
        wrap=answers(_missing_is_422),
    ),
    _fault(
        name="any-content-type-accepted",
        breaks="A body that is not application/json is refused with 415",
        wrap=requests(_said_to_be_json),
    ),
    _fault(
        name="body-limit-of-64-kib",
        breaks="A body may have up to 1 MiB",
        wrap=answers(_small),
    ),
    _fault(
        name="malformed-id-is-404",
        breaks="An id that is not a uuid is refused with 400",
        wrap=answers(_malformed_is_unknown),
    ),
    _fault(
        name="message-names-one-field",
        breaks="The message about a body names each wrong field",
        wrap=refusals(_first_field_only),
    ),
    _fault(
        name="ids-in-lower-case-only",
        breaks="A uuid is known in either case",
        wrap=answers(_exact_ids),
    ),
    _fault(
        name="repeated-field-is-500",
        breaks="A body that names a field twice is answered, whichever is heeded",
        wrap=answers(_crashed_on_repetition),
    ),
)
